"""What a bandit does, for people: its shares batch by batch, who is probably best, what each variant comes to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.template.defaultfilters import date as date_format
from django.utils.dateparse import parse_datetime
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from engagement.core.figures import Group, Interval, Part, chances, forest, stacks
from engagement.core.templatetags.estimates import written_estimate
from engagement.core.templatetags.formats import number, percent
from experiments.metrics.definition import SHARES
from experiments.models import BatchShares, Variant
from experiments.reports.sentences import listed
from experiments.reports.wording import metric_name

BATCH_HEADER = ("batch", "from", "customers", "variant", "share")
ESTIMATE_HEADER = ("metric", "variant", "customers", "plain mean", "estimate", "low", "high")
FEWEST_STEPS = 2  # of a line


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch; `shares` in %, in the order of the variants, `named` the same with their names."""

    number: int
    at: datetime
    customers: int
    shares: Sequence[float]
    named: Sequence[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Estimated:
    """One variant on the primary metric, in % or in the metric's unit; None where a status rules it out."""

    name: str
    place: int
    customers: int
    plain: float | None
    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """One reallocation: old and new shares in %, and how many customers it knew."""

    number: int
    at: datetime
    before: str
    after: str
    customers: int
    as_of: datetime
    floor: str


@dataclass(frozen=True, slots=True)
class Line:
    """One variant in one reallocation: what was known of it, its share before, given, and computed again."""

    name: str
    customers: int
    mean: str
    chance: str
    before: float
    given: float
    again: float


@dataclass(frozen=True, slots=True)
class Adapting:
    title: str
    floor: str
    shares_figure: dict[str, Any]
    batches: Sequence[BatchRow]
    chances_title: str
    chances_figure: dict[str, Any] | None
    best: Sequence[tuple[str, str]]
    stopping: str
    metric: str
    unit: str
    estimates_title: str
    estimates_figure: dict[str, Any]
    estimates: Sequence[Estimated]
    drifting: str
    steps: Sequence[Step]


def adapting(
    document: Mapping[str, Any], variants: Sequence[Variant], recorded: Sequence[BatchShares]
) -> Adapting | None:
    """None of an A/B test, while sealed, and before anybody came in. `recorded`: the reallocations, oldest first."""
    told = document["bandit"]
    if not told:
        return None
    by_key = {variant.key: variant for variant in variants}
    rows, best = batches(document, variants), told["probability_best"]
    likeliest = max(best, key=lambda key: best[key])
    found, part = estimates(document, variants), _primary(document)
    unit = "%" if part["kind"] in SHARES else part["unit"]
    last = rows[-1].shares[by_key[likeliest].position]
    values = {"name": by_key[likeliest].name, "share": f"{last:.0f}", "chance": _chance(best[likeliest])}
    return Adapting(
        title=_("%(name)s gets %(share)s%% of new customers and is best with a probability of %(chance)s") % values,
        floor=f"{100 * told['floor']:g}",
        shares_figure=stacks(
            [
                Part(
                    [row.shares[v.position] for row in rows], f"{v.name} {rows[-1].shares[v.position]:.0f}%", v.position
                )
                for v in variants
            ],
            steps=[
                _("batch %(number)s") % {"number": row.number} if not i else str(row.number)
                for i, row in enumerate(rows)
            ],
            floor=100 * told["floor"],
        ),
        batches=rows,
        chances_title=_("The probability of being best, as each reallocation saw it"),
        chances_figure=_chances_figure(recorded, variants),
        best=[(by_key[key].name, _chance(best[key])) for key in by_key],
        stopping=_stopping(told["stopping"], by_key),
        metric=metric_name(part["key"]),
        unit=unit,
        estimates_title=_estimates_title(part, by_key),
        estimates_figure=_estimates_figure(found, unit),
        estimates=found,
        drifting=listed([by_key[key].name for key, drifts in told["estimates"][0]["drift"].items() if drifts]),
        steps=[step(row) for row in reversed(recorded)],
    )


def batches(document: Mapping[str, Any], variants: Sequence[Variant]) -> list[BatchRow]:
    """Shares in %, in the order of the variants."""
    found = []
    for row in (document["bandit"] or {"batches": []})["batches"]:
        shares = [100 * row["shares"][variant.key] for variant in variants]
        named = [(variant.name, share) for variant, share in zip(variants, shares, strict=True)]
        found.append(BatchRow(row["batch"], _moment(row["at"]), row["customers"], shares, named))
    return found


def batch_rows(document: Mapping[str, Any], variants: Sequence[Variant]) -> Iterator[tuple[Any, ...]]:
    """Rows under `BATCH_HEADER`; shares in %."""
    for row in batches(document, variants):
        for variant in variants:
            yield row.number, row.at.isoformat(), row.customers, variant.name, row.shares[variant.position]


def estimates(document: Mapping[str, Any], variants: Sequence[Variant]) -> list[Estimated]:
    """Each variant on the primary metric: the plain mean, and what it comes to by its propensities."""
    if not document["bandit"]:
        return []
    part = _primary(document)
    scale = 100.0 if part["kind"] in SHARES else 1.0
    told = next(one for one in document["bandit"]["estimates"] if one["metric"] == part["key"])
    rows = zip(variants, told["aipw"]["variants"], part["variants"], strict=True)
    return [
        Estimated(
            variant.name,
            variant.position,
            weighed["n"],
            *(None if value is None else scale * value for value in (plain["mean"], *_ends(weighed))),
        )
        for variant, weighed, plain in rows
    ]


def estimate_rows(document: Mapping[str, Any], variants: Sequence[Variant]) -> Iterator[tuple[Any, ...]]:
    """Rows under `ESTIMATE_HEADER`; shares in %."""
    for row in estimates(document, variants):
        metric = _primary(document)["key"]
        yield metric, row.name, row.customers, row.plain, row.value, row.low, row.high


def step(row: BatchShares) -> Step:
    """One reallocation as a line of the table."""
    before, after = (" / ".join(f"{100 * share:.0f}" for share in shares) for shares in (row.before, row.shares))
    floor = f"{100 * min(row.floor, 0.5 / len(row.shares)):g}"
    return Step(row.number, row.at, before, after, int(sum(row.used["n"])), _moment(row.used["as_of"]), floor)


def replayed_lines(row: BatchShares, again: Sequence[float], variants: Sequence[Variant]) -> list[Line]:
    """One reallocation, variant by variant."""
    is_share = row.used["metric"]["kind"] in SHARES
    return [
        Line(
            variant.name,
            int(row.used["n"][place]),
            _mean(row.used["y1"][place], row.used["n"][place], is_share=is_share),
            _chance(row.chances[place]),
            row.before[place],
            row.shares[place],
            again[place],
        )
        for place, variant in enumerate(variants)
    ]


def _mean(total: float, customers: float, *, is_share: bool) -> str:
    if not customers:
        return "–"
    return percent(total / customers) if is_share else number(total / customers)


def _ends(weighed: Mapping[str, Any]) -> tuple[float | None, float | None, float | None]:
    return weighed["estimate"], weighed["low"], weighed["high"]


def _primary(document: Mapping[str, Any]) -> Mapping[str, Any]:
    return next(part for part in document["metrics"] if part["role"] == "primary")


def _moment(text: str) -> datetime:
    found = parse_datetime(text)
    if found is None:
        raise ValueError(f"no time: {text}")
    return found


def _chance(probability: float) -> str:
    if probability > 0.999:
        return _("more than 99.9%")
    return _("less than 0.1%") if probability < 0.001 else f"{100 * probability:.1f}%"


def _chances_figure(recorded: Sequence[BatchShares], variants: Sequence[Variant]) -> dict[str, Any] | None:
    known = [row for row in recorded if row.chances]
    if len(known) < FEWEST_STEPS:
        return None
    parts = [
        Part(
            [100 * row.chances[variant.position] for row in known],
            f"{variant.name} {100 * known[-1].chances[variant.position]:.1f}%",
            variant.position,
        )
        for variant in variants
    ]
    return chances(parts, steps=[date_format(localtime(row.at), "j M") for row in known])


def _stopping(told: Mapping[str, Any], by_key: Mapping[str, Variant]) -> str:
    """What the stopping rules say: the best is known, or what is left to win is small, or neither."""
    leader, left = by_key[told["leader"]].name, told["value_remaining"]
    if told["best_found"]:
        return _("The data single out %(name)s as the best.") % {"name": by_key[told["best_found"]].name}
    if left is None or left > 1:
        return _("The data single out no variant yet.")
    share = {"name": leader, "left": f"{100 * left:.1f}"}
    return (
        _("The data single out no variant yet; some other may be better than %(name)s by %(left)s%% at most.") % share
    )


def _estimates_title(part: Mapping[str, Any], by_key: Mapping[str, Variant]) -> str:
    """By the decision, or while there is none by the range that holds at every look: never by one look's interval."""
    control = next(variant for variant in by_key.values() if variant.is_control)
    apart = [
        by_key[row["variant"]].name for row in part["comparisons"] if _excludes_zero(row["decision"] or row["sequence"])
    ]
    values = {"names": listed(apart), "control": control.name}
    if not apart:
        return _("No variant can be told from %(control)s yet") % values
    return _("%(names)s can be told from %(control)s") % values


def _excludes_zero(limits: Mapping[str, Any]) -> bool:
    low, high = limits["low"], limits["high"]
    return low is not None and high is not None and low * high > 0


def _estimates_figure(found: Sequence[Estimated], unit: str) -> dict[str, Any]:
    rows = []
    for row in found:
        words = written_estimate(row.value, row.low, row.high, unit, level=True)
        rows.append(
            Interval(
                row.name,
                row.value,
                row.low,
                row.high,
                variant=row.place,
                value_words=words.value if words else _("no estimate yet"),
                interval_words=words.interval if words else "",
                verdict=f"{row.customers:,}",
            )
        )
    return forest([Group("", rows)], unit=unit, zero=None, columns=(_("Estimate and interval"), _("Customers")))
