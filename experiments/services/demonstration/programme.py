"""The publisher's experiments, from plan to decision."""

from collections.abc import Mapping

from backlog.models import Idea
from engagement.accounts.models import Member
from engagement.accounts.queries import workspace
from engagement.core.jobs import Progress
from experiments.demonstration.calendar import Calendar, When
from experiments.demonstration.programme import EXPERIMENTS, SURPRISES, Conclusion, ExperimentText, MetricText
from experiments.models import Experiment, Readout
from experiments.reports.effects import primary_effect
from experiments.services import analysis, decisions, plans, runs

Members = Mapping[str, Member]


def plan_and_launch(members: Members, ideas: Mapping[str, Idea], *, calendar: Calendar) -> dict[str, Experiment]:
    """All experiments by slug, each as far as it is before anybody has looked at its results."""
    texts = sorted(EXPERIMENTS, key=lambda text: calendar.moment(text.planned))
    experiments = {text.slug: _plan(text, members, ideas[text.idea], calendar) for text in texts}
    for text in texts:
        if text.launched_by:
            experiments[text.slug] = _run(text, experiments[text.slug], members[text.launched_by], calendar)
    return experiments


def analyse_and_decide(
    experiments: Mapping[str, Experiment], members: Members, *, calendar: Calendar, progress: Progress
) -> None:
    """A readout for each experiment that was launched, and its decision where there is one."""
    for text in (text for text in EXPERIMENTS if text.launched_by):
        as_of = calendar.moment(text.read_on) if text.read_on else None
        readout = analysis.analyse(experiment=experiments[text.slug], as_of=as_of, progress=progress)
        if text.conclusion is not None:
            _decide(text.conclusion, experiments[text.slug], readout, members, calendar)


def _plan(text: ExperimentText, members: Members, idea: Idea, calendar: Calendar) -> Experiment:
    return plans.create(
        key=key_of(text.slug, text.channel, text.starts, idea, calendar),
        name=text.name,
        idea=idea,
        actor=members[text.planned_by],
        variants=[
            plans.VariantPlan(variant.key, variant.name, share, text.channel, variant.subject, variant.body)
            for variant, share in zip(text.variants, text.shares, strict=True)
        ],
        metrics=[_metric(metric, is_primary=place == 0) for place, metric in enumerate(text.metrics)],
        starts=calendar.moment(text.starts),
        ends=calendar.moment(text.ends),
        subgroups=text.subgroups,
        hypothesis={slot: getattr(text, slot) for slot in plans.SLOTS},
        is_simulated=bool(text.launched_by),  # a draft may still get results of its own
        at=calendar.moment(text.planned),
    )


def key_of(slug: str, channel: str, starts: When, idea: Idea, calendar: Calendar) -> str:
    """The experiment's key, composed as the workspace composes any."""
    return plans.composed_key(workspace(), slug, idea.pod, {channel}, calendar.moment(starts))


def _metric(text: MetricText, *, is_primary: bool) -> plans.MetricPlan:
    return plans.MetricPlan(
        key=text.key, kind=text.kind, role="primary" if is_primary else "secondary", direction=text.direction,
        event=text.event, window_days=text.window_days, after_days=text.after_days, unit=text.unit,
    )  # fmt: skip


def _run(text: ExperimentText, experiment: Experiment, owner: Member, calendar: Calendar) -> Experiment:
    experiment = runs.start(experiment=experiment, actor=owner, at=calendar.moment(text.starts))
    if text.ended is None:
        return experiment
    return runs.end(experiment=experiment, actor=owner, at=calendar.moment(text.ended))


def _decide(
    conclusion: Conclusion, experiment: Experiment, readout: Readout, members: Members, calendar: Calendar
) -> None:
    """What the pod had concluded if the readout says what they wrote about; else what one says to a surprise."""
    found = primary_effect(readout.document, variant=conclusion.variant or None)
    verdict = found.verdict if found else "not enough data yet"
    is_expected = verdict == conclusion.verdict
    words = conclusion if is_expected else SURPRISES[verdict]
    variant = experiment.variants.get(key=conclusion.variant) if is_expected and conclusion.variant else None
    decisions.decide(
        experiment=experiment, kind=words.kind, variant=variant, reason=words.reason, learning=words.learning,
        actor=members[conclusion.by], at=calendar.moment(conclusion.when),
    )  # fmt: skip
