"""What there is to see of experiments."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Case, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, When
from django.utils.translation import gettext as _

from engagement.accounts.models import AuditEntry, Member
from engagement.accounts.queries import audit_trail, writing_members
from engagement.core.errors import NotFound
from experiments.choices import MetricRole
from experiments.lifecycle import PLANNED, State
from experiments.models import (
    AskAnswer,
    Decision,
    Experiment,
    Metric,
    MetricLevel,
    Readout,
    RegisteredMetric,
    ReportLink,
    ReportRevision,
    ReportText,
    ResultsUpload,
    Variant,
)

LEARNED_FROM = 200
SEARCHED = ("name", "key", "pod__name", "because", "we_believe", "audience", "will_move")


def experiments() -> QuerySet[Experiment]:
    return Experiment.objects.select_related(
        "pod",
        "idea",
        "audience_version__audience",
        "decision__variant",
        "decision__decided_by",
        "launch_owner",
        "analysis_owner",
        "strategy_owner",
        "default_message__variant__experiment",
    )


def found_experiments(*, state: str = "", text: str = "") -> QuerySet[Experiment]:
    """Newest first; `text` is looked for in name, key, pod and hypothesis. Empty filters filter nothing."""
    found = experiments()
    if state:
        found = found.filter(state=state)
    for word in text.split():
        found = found.filter(_holds(word, *SEARCHED))
    return found


def _holds(word: str, *columns: str) -> Q:
    holds = Q()
    for column in columns:
        holds |= Q(**{f"{column}__icontains": word})
    return holds


def experiments_with_parts() -> QuerySet[Experiment]:
    """With variants, messages and metrics, in a number of queries that does not grow with them."""
    return experiments().prefetch_related("variants__message", "metrics")


def experiment(key: str, *, among: QuerySet[Experiment] | None = None) -> Experiment:
    """The experiment of that key; refuses in one sentence where there is none."""
    found = (experiments() if among is None else among).filter(key=key).first()
    if found is None:
        raise NotFound(_("There is no experiment “%(key)s”.") % {"key": key})
    return found


def with_results() -> QuerySet[Experiment]:
    """Those that can be analysed: imported ones, and those that were analysed before."""
    return experiments().filter(
        Q(results_import__isnull=False) | Exists(Readout.objects.filter(experiment=OuterRef("pk")))
    )


def made_from(idea_id: int) -> QuerySet[Experiment]:
    return experiments().filter(idea=idea_id)


def under_way() -> QuerySet[Experiment]:
    """Launched and not decided: those that wait for their decision first, then the ones that end next."""
    waits_first = Case(When(state=State.ENDED, then=0), default=1)
    live = experiments().filter(state__in=(State.RUNNING, State.PAUSED, State.ENDED))
    return live.order_by(waits_first, "ends", "pk")


def launched() -> QuerySet[Experiment]:
    """Those that left planning, running or over."""
    return Experiment.objects.exclude(state__in=PLANNED)


def variant(of: Experiment, key: str) -> Variant:
    """The variant of that key, with its message; refuses in one sentence where there is none."""
    found = of.variants.select_related("message", "experiment").filter(key=key).first()
    if found is None:
        raise NotFound(_("“%(experiment)s” has no variant “%(key)s”.") % {"experiment": of.key, "key": key})
    return found


def over_between(start: datetime, end: datetime) -> QuerySet[Experiment]:
    """Those whose last moment lay in [start, end) and that are over."""
    over = Experiment.objects.filter(state__in=(State.ENDED, State.DECIDED, State.CLOSED))
    return over.filter(ends__gte=start, ends__lt=end)


def newest_readout(key: str) -> Readout:
    readout = Readout.objects.filter(experiment=experiment(key)).first()
    if readout is None:
        raise NotFound(_("“%(key)s” has no readout yet: its results have not been imported.") % {"key": key})
    return readout


def newest_readouts(of: Iterable[Experiment]) -> dict[int, Readout]:
    """Per experiment (by primary key) its newest readout, in one query; experiments without any are missing."""
    newest = Readout.objects.filter(experiment=OuterRef("experiment")).values("pk")[:1]
    found = Readout.objects.annotate(newest=Subquery(newest)).filter(pk=F("newest"))
    return {readout.experiment_id: readout for readout in found.filter(experiment__in=[one.pk for one in of])}


def shown_readouts(of: Iterable[Experiment]) -> dict[int, Readout]:
    """Per experiment (by primary key) the readout that is shown for it: the one decided on, else the newest."""
    listed = list(of)
    found = newest_readouts(listed)
    decided = [one.decision.readout_id for one in listed if hasattr(one, "decision")]
    return found | {readout.experiment_id: readout for readout in Readout.objects.filter(pk__in=decided)}


def documents(of: Iterable[Experiment]) -> dict[int, dict[str, Any]]:
    return {key: readout.document for key, readout in shown_readouts(of).items()}


def newest_decisions() -> QuerySet[Decision]:
    """Those to learn from, each with its readout: older ones than the newest two hundred tell of other times."""
    found = Decision.objects.select_related("experiment__idea", "readout", "variant")
    return found.order_by("-decided_at", "-pk")[:LEARNED_FROM]


def members_who_may_decide(experiment: Experiment) -> QuerySet[Member]:
    owners = [pk for pk in (experiment.launch_owner_id, experiment.strategy_owner_id) if pk]
    return writing_members().exclude(pk__in=owners)


def history(experiment: Experiment) -> QuerySet[AuditEntry]:
    return audit_trail(target_type="experiment", target_id=str(experiment.pk))


def results_upload(upload_id: UUID, *, member: Member) -> ResultsUpload:
    """A file is seen by whoever uploaded it and nobody else: it may hold customers' ids."""
    found = ResultsUpload.objects.filter(pk=upload_id, uploaded_by=member).select_related("job").first()
    if found is None or not found.path.exists():
        raise NotFound(_("This upload is gone: it was read, or nobody came back for it within two days."))
    return found


def revisions(quarter: str) -> QuerySet[ReportRevision]:
    """Of a quarter's report, newest first."""
    return ReportRevision.objects.filter(quarter=quarter).select_related("released_by", "written_by")


def revision(quarter: str, number: int) -> ReportRevision:
    found = revisions(quarter).filter(number=number).first()
    if found is None:
        values = {"number": number, "quarter": quarter}
        raise NotFound(_("There is no revision %(number)d of the report of %(quarter)s.") % values)
    return found


def released_quarters() -> dict[str, int]:
    """The quarters with a released report, and their newest revision's number."""
    found = ReportRevision.objects.values("quarter").annotate(newest=Max("number"))
    return {row["quarter"]: row["newest"] for row in found.order_by("quarter")}


def report_text(quarter: str) -> ReportText | None:
    return ReportText.objects.filter(quarter=quarter).select_related("edited_by").first()


def answers_by_ask(revision: ReportRevision) -> dict[int, list[AskAnswer]]:
    """Of the revision's asks, the newest answer of each reader, in the order they came."""
    asks = [ask["id"] for ask in revision.document["asks"]]
    found: dict[int, dict[str, AskAnswer]] = {}
    for answer in AskAnswer.objects.filter(ask__in=asks):
        found.setdefault(answer.ask_id, {})[answer.name] = answer
    return {ask: list(by_name.values()) for ask, by_name in found.items()}


def report_links(quarter: str) -> QuerySet[ReportLink]:
    """With how often each was opened and when last."""
    found = ReportLink.objects.filter(quarter=quarter).select_related("made_by")
    return found.annotate(times=Count("openings"), last=Max("openings__at"))


def registered_metrics() -> list[RegisteredMetric]:
    """Those in use, by name, each with its owner and what it serves."""
    return list(RegisteredMetric.objects.filter(retired_at=None).select_related("owner", "serves"))


def registered_metric(key: str) -> RegisteredMetric:
    found = RegisteredMetric.objects.filter(key=key).select_related("owner", "serves").first()
    if found is None:
        raise NotFound(_("There is no metric “%(key)s”.") % {"key": key})
    return found


def newest_levels(of: Iterable[RegisteredMetric]) -> dict[int, MetricLevel]:
    """Per metric (by primary key) where it stood last, in one query."""
    newest = MetricLevel.objects.filter(metric=OuterRef("metric")).values("pk")[:1]
    found = MetricLevel.objects.annotate(newest=Subquery(newest)).filter(pk=F("newest"))
    return {level.metric_id: level for level in found.filter(metric__in=[one.pk for one in of])}


def newest_levels_by_key(keys: Iterable[str]) -> dict[str, MetricLevel]:
    """Of the registered metrics in use by these keys where each stood last, in one query, with its metric."""
    newest = MetricLevel.objects.filter(metric=OuterRef("metric")).values("pk")[:1]
    found = MetricLevel.objects.annotate(newest=Subquery(newest)).filter(pk=F("newest"), metric__key__in=list(keys))
    return {one.metric.key: one for one in found.filter(metric__retired_at=None).select_related("metric")}


def levels_before(keys: Iterable[str], moment: datetime) -> dict[str, float]:
    """Per key of a registered metric where it stood last before that moment; those never measured are missing."""
    last = MetricLevel.objects.filter(metric=OuterRef("metric"), as_of__lt=moment).values("pk")[:1]
    found = MetricLevel.objects.annotate(last=Subquery(last)).filter(pk=F("last"), metric__key__in=list(keys))
    return dict(found.order_by("pk").values_list("metric__key", "mean"))


def newest_level(key: str) -> MetricLevel | None:
    """Where the registered metric of this key stood last; None if nobody measured it."""
    return MetricLevel.objects.filter(metric__key=key).first()


def primary_metric(experiment: Experiment) -> Metric | None:
    return next((metric for metric in experiment.metrics.all() if metric.role == MetricRole.PRIMARY), None)


def experiments_measuring(key: str) -> list[Experiment]:
    """The experiments with a metric of that key, newest first, at most twenty."""
    return list(experiments().filter(metrics__key=key).distinct()[:20])
