"""A metric as data: what is counted or summed for a customer, in which window, and which way is good."""

from dataclasses import asdict, dataclass
from typing import Any, Literal

Kind = Literal["proportion", "mean"]


@dataclass(frozen=True, slots=True)
class Covariate:
    """The same customers' total of an event in [start of exposure day − days_before·24 h, that start), UTC."""

    event: str
    days_before: int = 28


@dataclass(frozen=True, slots=True)
class MetricDefinition:
    """What a metric compiles from; the JSON of an experiment's metric row.

    `window_s`: the outcome counts in [exposed_at + from_s, exposed_at + window_s) and the customer counts once that
    has passed; None is a running total, for monitoring only. `cap`: amounts above it count as it. `threshold`: events
    from which a proportion counts the customer as one who did.
    """

    key: str
    kind: Kind
    event: str
    direction: Literal["up", "down"] = "up"
    window_s: int | None = None
    from_s: int = 0
    unit: str = ""
    cap: float | None = None
    threshold: int = 1
    covariate: Covariate | None = None

    def __post_init__(self) -> None:
        if self.kind not in ("proportion", "mean"):
            raise ValueError(f"metric {self.key}: kind {self.kind!r} is not proportion or mean")
        if self.window_s is not None and self.window_s <= 0:
            raise ValueError(f"metric {self.key}: a window must be longer than nothing")
        if self.from_s < 0 or (self.window_s is not None and self.from_s >= self.window_s):
            raise ValueError(f"metric {self.key}: a window opens after the exposure and before it closes")

    @property
    def events(self) -> frozenset[str]:
        """Every event the metric reads: the feeds it is as fresh as."""
        return frozenset({self.event, self.covariate.event} if self.covariate else {self.event})

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "MetricDefinition":
        covariate = data.get("covariate")
        return cls(**{**data, "covariate": Covariate(**covariate) if covariate else None})
