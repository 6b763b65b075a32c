"""An import over a plan: what it says again must be what the plan says."""

import pytest

from engagement.core.errors import Conflict
from experiments.services.plan_agreement import refuse_disagreement
from tests.experiments.builders import planned

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("primary", [None, "bought"])
@pytest.mark.parametrize("shares", [None, {"mail": 0.5, "none": 0.5}, {"none": 0.5 + 1e-9, "mail": 0.5 - 1e-9}])
def test_nothing_said_or_the_same_said_agrees(primary, shares):
    refuse_disagreement(planned(), primary, shares)


def test_another_primary_metric_is_refused():
    with pytest.raises(Conflict) as refusal:
        refuse_disagreement(planned(), "spend", None)

    sentence = "The primary metric of “planned” is “bought” by its plan, and the import names “spend”."
    assert (str(refusal.value), refusal.value.field) == (sentence, "primary")


@pytest.mark.parametrize(
    ("shares", "given"),
    [
        ({"none": 0.9, "mail": 0.1}, "none=0.9, mail=0.1"),
        ({"none": 1.0}, "none=1"),
        ({"none": 0.5, "mail": 0.3, "push": 0.2}, "none=0.5, mail=0.3, push=0.2"),
    ],
)
def test_other_shares_are_refused(shares, given):
    with pytest.raises(Conflict) as refusal:
        refuse_disagreement(planned(), None, shares)

    sentence = f"The shares of “planned” are none=0.5, mail=0.5 by its plan, and the import gives {given}."
    assert (str(refusal.value), refusal.value.field) == (sentence, "shares")
