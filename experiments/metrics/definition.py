"""A metric as data: what is counted or summed for a customer, in which window, and which way is good."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Self

Kind = Literal["proportion", "mean", "ratio", "retention", "quantile"]
KINDS: tuple[Kind, ...] = ("proportion", "mean", "ratio", "retention", "quantile")
SHARES = frozenset({"proportion", "retention"})  # kinds whose customers either did or did not
DAY_S = 86_400
DEFAULT_WINSORISE = 0.999
BURST = 3  # events of one name and customer in one second


@dataclass(frozen=True, slots=True)
class Measure:
    """What is added up for one customer: events of one name, counted, or their values summed.

    `bands`: (low, high, points) each, both ends included; an event's value counts as the points of its band, outside of
    all as nothing. So a survey's answer becomes a promoter or a detractor. `without_bursts`: events of one customer of
    which `BURST` or more fell into one second are left out: a machine opened every link, not a person.
    """

    event: str
    value: bool = True
    filter: tuple[tuple[str, str], ...] = ()
    bands: tuple[tuple[float, float, float], ...] = ()
    without_bursts: bool = False


@dataclass(frozen=True, slots=True)
class Covariate:
    """The same customers' total of an event in [start of exposure day − days_before·24 h, that start), UTC."""

    event: str
    days_before: int = 28


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """What a metric compiles from; the JSON of an experiment's metric row.

    Window: events count in [exposed_at + from_s, exposed_at + window_s), and the customer counts once that has
    passed; `window_s` None is a running total, for monitoring only. `from_s` is 0 but for retention.
    `cap`: amounts above it count as it (and below −cap as −cap); `winsorise`: the quantile of the period before that
    the cap is taken from, once. `threshold`: events from which a proportion counts the customer as one who did.
    `counted`: a mean adds up how often, not how much. `without_bursts`: see `Measure`.
    `filter`: only events whose properties have these values. `numerator`, `denominator`: the two sides of a ratio.
    `margin` (relative) or `margin_absolute`: how much worse a guardrail may become.
    """

    key: str
    kind: Kind
    event: str = ""
    direction: Literal["up", "down"] = "up"
    window_s: int | None = None
    from_s: int = 0
    unit: str = ""
    cap: float | None = None
    winsorise: float | None = None
    threshold: int = 1
    quantile: float | None = None
    filter: Mapping[str, str] = field(default_factory=dict)
    covariate: Covariate | None = None
    numerator: Measure | None = None
    denominator: Measure | None = None
    margin: float | None = None
    margin_absolute: float | None = None
    counted: bool = False
    without_bursts: bool = False

    def __post_init__(self) -> None:
        for complaint in _complaints(self):
            raise ValueError(f"metric {self.key}: {complaint}")

    @property
    def measures(self) -> tuple[Measure, ...]:
        """What is added up per customer: one measure, or numerator and denominator."""
        if self.numerator and self.denominator:
            return (self.numerator, self.denominator)
        pairs = tuple(sorted(self.filter.items()))
        return (Measure(self.event, self.sums_values, pairs, without_bursts=self.without_bursts),)

    @property
    def before(self) -> Measure | None:
        """What is added up from before the exposure: amounts for amounts, else how often."""
        if self.covariate is None:
            return None
        return Measure(self.covariate.event, self.sums_values, self.measures[0].filter)

    @property
    def sums_values(self) -> bool:
        """Whether values are added up, not events counted."""
        return self.kind in ("mean", "quantile") and not self.counted

    @property
    def is_share(self) -> bool:
        """Whether a customer's outcome is 0 or 1."""
        return self.kind in SHARES

    @property
    def events(self) -> frozenset[str]:
        """Every event the metric reads: the feeds it is as fresh as."""
        names = {measure.event for measure in self.measures}
        return frozenset(names | {self.covariate.event}) if self.covariate else frozenset(names)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        parts: dict[str, Callable[[Mapping[str, Any]], Covariate | Measure]] = {
            "covariate": _covariate,
            "numerator": _measure,
            "denominator": _measure,
        }
        built = {name: build(data[name]) for name, build in parts.items() if data.get(name)}
        return cls(**{**data, **dict.fromkeys(parts), **built})


def _covariate(part: Mapping[str, Any]) -> Covariate:
    return Covariate(part["event"], part["days_before"])


def _measure(part: Mapping[str, Any]) -> Measure:
    pairs = tuple((str(name), str(value)) for name, value in part.get("filter", ()))
    bands = tuple((float(low), float(high), float(points)) for low, high, points in part.get("bands", ()))
    return Measure(part["event"], part["value"], pairs, bands, bool(part.get("without_bursts", False)))


def _complaints(definition: MetricDefinition) -> list[str]:
    """What contradicts itself in the definition, each as the end of a sentence."""
    sides = definition.numerator is not None and definition.denominator is not None
    needs_event = definition.kind != "ratio"
    rules = [
        (definition.kind not in KINDS, f"kind {definition.kind!r} is none of {', '.join(KINDS)}"),
        (definition.direction not in ("up", "down"), f"direction {definition.direction!r} is neither up nor down"),
        (needs_event and not definition.event, "no event is named"),
        (not needs_event and not sides, "a ratio needs a numerator and a denominator"),
        (definition.from_s < 0 or _is_empty(definition), "a window opens after the exposure and before it closes"),
        (definition.kind == "retention" and definition.window_s is None, "retention needs its day"),
        (definition.threshold < 1, "the threshold must be at least 1"),
        (definition.cap is not None and not definition.cap > 0, "the cap must lie above 0"),
        (definition.cap is not None and definition.winsorise is not None, "cap and winsorise exclude each other"),
        (
            definition.winsorise is not None and not 0.5 < definition.winsorise < 1,
            "winsorise must lie between 0.5 and 1",
        ),
        (definition.kind == "quantile" and not _is_inside(definition.quantile), "quantile must lie between 0 and 1"),
        (definition.covariate is not None and definition.covariate.days_before < 1, "days_before must be at least 1"),
        (definition.counted and definition.kind not in ("mean", "quantile"), "only a mean or a quantile is counted"),
        (definition.window_s is None and _is_judged(definition), "bands and bursts need a window"),
    ]
    return [complaint for is_broken, complaint in rules if is_broken]


def _is_judged(definition: MetricDefinition) -> bool:
    """Whether single events are judged before they are added up."""
    sides = [side for side in (definition.numerator, definition.denominator) if side is not None]
    return definition.without_bursts or any(side.bands or side.without_bursts for side in sides)


def _is_empty(definition: MetricDefinition) -> bool:
    return definition.window_s is not None and definition.window_s <= definition.from_s


def _is_inside(share: float | None) -> bool:
    return share is not None and 0 < share < 1
