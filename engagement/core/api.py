"""What every API view shares: newest-first cursor pages and errors as problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any

from django.http import Http404
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.response import Response
from rest_framework.views import exception_handler

from engagement.core.errors import DomainError


class Newest(CursorPagination):
    ordering = "-pk"
    page_size_query_param = "page_size"
    max_page_size = 200


def problem_details(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to a refused API call as `application/problem+json`."""
    if isinstance(error, DomainError):
        return _problem(error.status, str(error), {"errors": {error.field: [str(error)]}} if error.field else {})
    response = exception_handler(error, context)
    if response is None:
        return None
    extra = {"errors": response.data} if isinstance(error, ValidationError) else {}
    headers = {name: value for name, value in response.items() if name in ("WWW-Authenticate", "Retry-After", "Allow")}
    return _problem(response.status_code, _sentence(error), extra, headers)


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "The request holds values that cannot be used; `errors` names them."
    if isinstance(error, Http404):
        return "There is nothing at this address that you may see."
    return str(error.detail) if isinstance(error, APIException) else str(error)


def _problem(code: int, detail: str, extra: dict[str, Any], headers: dict[str, str] | None = None) -> Response:
    title = HTTPStatus(code).phrase
    body = {"type": "about:blank", "title": title, "status": code, "detail": detail, **extra}
    return Response(body, status=code, headers=headers, content_type="application/problem+json")
