"""What every page shows of the house."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from engagement.accounts import queries


def workspace(request: HttpRequest) -> dict[str, Any]:
    return {"workspace": getattr(request, "workspace", None) or SimpleLazyObject(queries.workspace)}
