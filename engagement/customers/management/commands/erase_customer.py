"""Erases a customer."""

from typing import Any

from django.core.management.base import CommandParser

from engagement.core.command import Refusable
from engagement.core.errors import NotFound
from engagement.customers.models import Customer
from engagement.customers.services import erasure


class Command(Refusable):
    help = "Erases a customer: the database now, the properties of their events in the store too."
    epilog = "example:\n  python manage.py erase_customer reader-4711\n"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("customer_id", metavar="ID", help="the organisation's own id of the customer")

    def answer(self, **options: Any) -> str:
        found = Customer.objects.filter(external_id=options["customer_id"]).first()
        if found is None:
            raise NotFound(f"There is no customer “{options['customer_id']}”.")
        erasure.erase(customer=found, actor=None)
        erasure.strip()
        return "Erased. Files that held the properties of their events are deleted when they are seven days old."
