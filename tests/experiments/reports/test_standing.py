"""Where an experiment stands: the day on which it ends is the viewer's."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from experiments import queries
from experiments.lifecycle import State
from experiments.models import Experiment
from experiments.reports.standing import next_step, state_line
from experiments.services import decisions, retros
from tests.experiments.builders import imported, planned
from tests.factories import MemberFactory


def running(zone: ZoneInfo) -> Experiment:
    """Running, with the last of November as its last day in that zone."""
    ends = datetime.combine(date(2026, 12, 1), datetime.min.time(), zone).astimezone(ZoneInfo("UTC"))
    return Experiment(key="running", name="Running", state=State.RUNNING, ends=ends)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["Europe/Berlin", "Asia/Tokyo", "America/New_York"])
def test_it_ends_on_its_last_day_in_the_viewers_zone(name):
    zone = ZoneInfo(name)
    experiment, reader = running(zone), MemberFactory()

    with timezone.override(zone):
        line = state_line(experiment, [])
        step = next_step(experiment, reader, has_readout=True)

    assert line.last == "It ends on 30 November."
    assert step.what == "Wait until it ends on 30 November"


@pytest.mark.django_db
def test_each_state_leads_to_the_page_where_it_goes_on(tmp_path):
    member, decider = MemberFactory(), MemberFactory()
    draft, ended = planned(), imported(tmp_path)
    steps = [next_step(draft, member, has_readout=False), next_step(ended, member, has_readout=True)]
    words = {"kind": "iterate", "variant": None, "reason": "Too early.", "learning": "Ask later."}
    decisions.decide(experiment=ended, actor=decider, **words)
    steps.append(next_step(queries.experiment("mails"), member, has_readout=True))
    retros.close(experiment=queries.experiment("mails"), why="Chance.", learning="Ask later.", actor=member)
    steps.append(next_step(queries.experiment("mails"), member, has_readout=True))

    assert [step.url.rsplit("/", 2)[1] + step.url.rsplit("/", 2)[2] for step in steps][:3] == [
        "checklist", "results#decision", "retro",
    ]  # fmt: skip
    assert steps[3].url.startswith("/reports/")
