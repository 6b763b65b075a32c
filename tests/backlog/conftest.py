"""Signing in."""

from collections.abc import Callable

import pytest
from django.test import Client

from engagement.accounts.models import Member


@pytest.fixture
def client_of() -> Callable[[Member], Client]:
    """A client that has signed in as the member."""

    def client_of(member: Member) -> Client:
        client = Client()
        client.force_login(member)
        return client

    return client_of
