"""Where an experiment stands, in one line, and what comes next and who has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from engagement.accounts.models import Member
from experiments import queries, rules
from experiments.choices import DecisionKind
from experiments.lifecycle import PLANNED, State
from experiments.models import Decision, Experiment
from experiments.reports.quarterly.period import quarter_of
from experiments.reports.results import MetricResult
from experiments.reports.sentences import one_of

NAMED_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class StateLine:
    """Three sentences in a row; the middle one is what matters."""

    first: str
    main: str = ""
    last: str = ""


def state_line(experiment: Experiment, results: Sequence[MetricResult]) -> StateLine:
    primary = next((metric for metric in results if metric.is_primary), None)
    verdict = f"{primary.verdict_sentence}." if primary else ""
    if hasattr(experiment, "decision"):
        return StateLine(_("Decided."), f"{decision_label(experiment.decision)}.", verdict)
    if experiment.state == State.ENDED:
        return StateLine(_("Ended."), verdict or _("Its results are not analysed yet."), _("The decision is open."))
    if experiment.state in PLANNED:
        return StateLine(_("Planned, not started."))
    ends = last_day(experiment.ends) if experiment.ends else ""
    first = f"{experiment.get_state_display()}."
    return StateLine(first, verdict, _("It ends on %(day)s.") % {"day": ends} if ends else "")


def last_day(ends: datetime) -> str:
    """The day on which an experiment ends, as the viewer's calendar has it: `ends` itself no longer belongs to it."""
    return date_format(localtime(ends - timedelta(microseconds=1)), "j F")


def decision_label(decision: Decision) -> str:
    """Such as “Ship Mens E-Mail”."""
    if decision.kind == DecisionKind.SHIP and decision.variant:
        return _("Ship %(name)s") % {"name": decision.variant}
    return str(decision.get_kind_display())


def report_url(decision: Decision) -> str:
    """The report of the quarter that the decision belongs to."""
    return reverse("report", args=[quarter_of(decision.decided_at)])


@dataclass(frozen=True, slots=True)
class NextStep:
    what: str
    who: str
    url: str = ""
    button: str = ""


def next_step(experiment: Experiment, member: Member, *, has_readout: bool) -> NextStep:
    """What has to happen now, who may do it, and where; without a button for those who may not."""
    results = reverse("experiment", args=[experiment.key, "results"])
    if experiment.state == State.DECIDED:
        who, retro = _("Any member, with the pod."), reverse("experiment", args=[experiment.key, "retro"])
        what = _("Write down what was learned")
        return NextStep(what, who, retro, _("Open the retro")) if member.may_write else NextStep(what, who)
    if hasattr(experiment, "decision"):
        what, who = _("Read it in the quarter’s report"), _("Nobody has to do anything.")
        return NextStep(what, who, report_url(experiment.decision), _("Open the report"))
    if experiment.state == State.ENDED and has_readout:
        return _deciding(experiment, member, results)
    if experiment.state == State.ENDED:
        return NextStep(_("Wait for the analysis"), _("The worker has it."))
    if has_readout and experiment.ends:
        day = {"day": last_day(experiment.ends)}
        return NextStep(_("Wait until it ends on %(day)s") % day, _("Nobody has to do anything until then."))
    who = _("Any member; whoever does it may not record the decision.")
    if experiment.state in PLANNED:
        return _launching(experiment, member, who)
    if not member.may_write:
        return NextStep(_("Bring in its results"), who)
    return NextStep(_("Bring in its results"), who, f"{results}#upload", _("Upload results"))


def _launching(experiment: Experiment, member: Member, who: str) -> NextStep:
    """What ran elsewhere comes in on the page Results instead."""
    what = _("Go through the checklist, or bring in results from elsewhere")
    if not member.may_write:
        return NextStep(what, who)
    return NextStep(what, who, reverse("experiment", args=[experiment.key, "checklist"]), _("Open the checklist"))


def _deciding(experiment: Experiment, member: Member, results: str) -> NextStep:
    what = _("Record the decision")
    if rules.may_decide(member, experiment):
        return NextStep(what, _anybody_else(experiment), f"{results}#decision", _("Go to the decision"))
    return NextStep(what, who_may_decide(experiment))


def _anybody_else(experiment: Experiment) -> str:
    planner, launcher = experiment.strategy_owner, experiment.launch_owner
    if planner and launcher and planner != launcher:
        words = {"planner": planner, "launcher": launcher}
        return _("Anybody here but %(planner)s, who planned it, and %(launcher)s, who launched it.") % words
    if launcher:
        return _("Anybody here but %(name)s, who launched it.") % {"name": launcher}
    return _("Anybody here but %(name)s, who planned it.") % {"name": planner} if planner else _("Any member.")


def who_may_decide(experiment: Experiment) -> str:
    """Names those who may; told to those who may not."""
    names = [member.name for member in queries.members_who_may_decide(experiment)]
    if not names:
        return _("Nobody here may yet: invite a second member.")
    shown = names if len(names) <= NAMED_AT_MOST + 1 else [*names[:NAMED_AT_MOST], _("another member")]
    return _("%(names)s has it.") % {"names": one_of(shown)}
