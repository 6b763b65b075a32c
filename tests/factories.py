"""Rows for tests, without surprises: each has the plainest values that are valid."""

from typing import Any

import factory

from engagement.accounts.choices import Discipline, Role
from engagement.accounts.models import Member, Pod

PASSWORD = "a-long-enough-secret"


class MemberFactory(factory.django.DjangoModelFactory[Member]):
    """A member of no pod; `administrator` and `reader` are their roles. Signs in with `PASSWORD`."""

    class Meta:
        model = Member
        skip_postgeneration_save = True

    class Params:
        administrator = factory.Trait(role=Role.ADMINISTRATOR)
        reader = factory.Trait(role=Role.READER)

    name = factory.Sequence(lambda number: f"Member {number}")
    email = factory.Sequence(lambda number: f"member{number}@example.org")
    role = Role.MEMBER
    discipline = Discipline.DESIGN

    @classmethod
    def _create(cls, model_class: type[Member], *args: Any, **kwargs: Any) -> Member:
        return model_class.objects.create_user(*args, password=PASSWORD, **kwargs)


class PodFactory(factory.django.DjangoModelFactory[Pod]):
    """A pod; `members=[…]` puts people into it."""

    class Meta:
        model = Pod
        skip_postgeneration_save = True

    name = factory.Sequence(lambda number: f"Pod {number}")
    slug = factory.Sequence(lambda number: f"pod-{number}")

    @factory.post_generation
    def members(self, create: bool, extracted: list[Member] | None) -> None:
        if create and extracted:
            self.members.set(extracted)
