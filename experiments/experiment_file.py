"""An experiment as a TOML file (contracts §3): read, checked, every refusal naming its place."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, Literal, NoReturn
from zoneinfo import ZoneInfo

from engagement.core.row_files import FileRefused
from experiments.metrics.definition import DAY_S, Covariate, Measure, MetricDefinition
from experiments.metrics.roles import why_not
from experiments.readouts.rule import Plan

Role = Literal["primary", "secondary", "guardrail", "diagnostic"]
ROLES: tuple[Role, ...] = ("primary", "secondary", "guardrail", "diagnostic")
METRIC_KEYS = {
    "key", "kind", "role", "event", "day", "width_days", "direction", "window_days", "unit", "cap", "winsorise",
    "counted", "covariate", "margin", "margin_absolute", "numerator", "denominator", "filter", "quantile", "threshold",
    "without_bursts",
}  # fmt: skip
EXPERIMENT_KEYS = {"key", "name", "kind", "control", "shares", "starts", "ends", "sealed_until", "subgroups"}
PLAN_KEYS = {"customers", "minimum_effect", "power", "alpha", "looks"}


@dataclass(frozen=True, slots=True)
class PlannedMetric:
    role: Role
    definition: MetricDefinition


@dataclass(frozen=True, slots=True)
class ExperimentFile:
    key: str
    name: str
    kind: Literal["ab", "bandit"]
    control: str
    shares: dict[str, float]  # control first, then as written
    starts: datetime
    ends: datetime
    sealed_until: datetime | None
    subgroups: tuple[str, ...]
    plan: Plan | None
    metrics: tuple[PlannedMetric, ...]


def read_experiment(path: Path, *, zone: ZoneInfo) -> ExperimentFile:
    """The file's experiment; dates without a time are midnight in `zone`. Raises `FileRefused`."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        raise FileRefused(f"{path.name}: the file is no UTF-8 text.") from None
    except tomllib.TOMLDecodeError as error:
        raise FileRefused(f"{path.name}: this is no TOML: {error}.") from None
    return _Reader(path.name, zone).experiment(document)


@dataclass(frozen=True)
class _Reader:
    name: str
    zone: ZoneInfo

    def refuse(self, place: str, sentence: str) -> NoReturn:
        raise FileRefused(f"{self.name}, {place}: {sentence}")

    def experiment(self, document: Mapping[str, Any]) -> ExperimentFile:
        self._known("the file", document, {"experiment", "plan", "metrics"})
        head = self._table("experiment", document.get("experiment"))
        self._known("[experiment]", head, EXPERIMENT_KEYS)
        key = self._get("[experiment]", head, "key", str)
        starts, ends = (self._moment("[experiment]", head, name) for name in ("starts", "ends"))
        if starts is None or ends is None or starts >= ends:
            self.refuse("[experiment]", "starts and ends must be dates or times, ends after starts.")
        metrics = tuple(self._metric(number, table) for number, table in enumerate(self._metrics(document), start=1))
        self._check_roles(metrics)
        return ExperimentFile(
            key=key,
            name=self._get("[experiment]", head, "name", str, key),
            kind=self._choice("[experiment]", head, "kind", ("ab", "bandit"), "ab"),
            control=self._get("[experiment]", head, "control", str),
            shares=self._shares(head),
            starts=starts,
            ends=ends,
            sealed_until=self._moment("[experiment]", head, "sealed_until"),
            subgroups=tuple(self._get("[experiment]", head, "subgroups", list, [])),
            plan=self._plan(document.get("plan")),
            metrics=metrics,
        )

    def _shares(self, head: Mapping[str, Any]) -> dict[str, float]:
        control = self._get("[experiment]", head, "control", str)
        shares = self._table("experiment.shares", head.get("shares"))
        if control not in shares:
            self.refuse("[experiment]", f"the control “{control}” has no share.")
        if not all(isinstance(share, int | float) for share in shares.values()):
            self.refuse("[experiment]", "each share must be a number.")
        return {key: float(shares[key]) for key in sorted(shares, key=lambda key: key != control)}

    def _plan(self, table: Any) -> Plan | None:
        if table is None:
            return None
        place = "[plan]"
        self._known(place, self._table("plan", table), PLAN_KEYS)
        plan = Plan(
            customers=self._get(place, table, "customers", int, None),
            minimum_effect=self._number(place, table, "minimum_effect", None),
            power=self._number(place, table, "power", 0.8) or 0.0,
            alpha=self._number(place, table, "alpha", 0.05) or 0.0,
            looks=self._get(place, table, "looks", int, 1),
        )
        rules = [
            (plan.customers is None or plan.customers > 0, "customers must be above 0"),
            (plan.minimum_effect is None or plan.minimum_effect > 0, "minimum_effect must be above 0"),
            (0 < plan.power < 1, "power must lie between 0 and 1"),
            (0 < plan.alpha <= 0.5, "alpha must lie above 0 and at most 0.5"),
            (1 <= plan.looks <= 100, "looks must be 1 to 100"),
            (plan.looks == 1 or plan.customers is not None, "several looks need the planned customers"),
        ]
        for holds, rule in rules:
            if not holds:
                self.refuse(place, f"{rule}.")
        return plan

    def _metrics(self, document: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        metrics = document.get("metrics")
        if not isinstance(metrics, list) or not metrics:
            self.refuse("[[metrics]]", "there must be at least one metric.")
        return metrics

    def _metric(self, number: int, table: Mapping[str, Any]) -> PlannedMetric:
        place = f"[[metrics]] {number}"
        key = self._get(place, table, "key", str)
        place = f"[[metrics]] “{key}”"
        self._known(place, table, METRIC_KEYS)
        role = self._choice(place, table, "role", ROLES, "secondary")
        from_s, window_s = self._window(place, table)
        covariate = table.get("covariate")
        try:
            definition = MetricDefinition(
                key=key,
                kind=self._get(place, table, "kind", str),
                event=self._get(place, table, "event", str, ""),
                direction=self._get(place, table, "direction", str, "up"),
                window_s=window_s,
                from_s=from_s,
                unit=self._get(place, table, "unit", str, ""),
                cap=self._number(place, table, "cap", None),
                winsorise=self._number(place, table, "winsorise", None),
                threshold=self._get(place, table, "threshold", int, 1),
                quantile=self._number(place, table, "quantile", None),
                filter={str(name): str(value) for name, value in table.get("filter", {}).items()},
                covariate=Covariate(covariate["event"], covariate.get("days_before", 28)) if covariate else None,
                numerator=self._side(place, table, "numerator"),
                denominator=self._side(place, table, "denominator"),
                margin=self._number(place, table, "margin", None),
                margin_absolute=self._number(place, table, "margin_absolute", None),
                counted=self._get(place, table, "counted", bool, False),
                without_bursts=self._get(place, table, "without_bursts", bool, False),
            )
        except (ValueError, KeyError) as error:
            self.refuse(place, f"{error}.")
        self._check_role(place, role, definition)
        return PlannedMetric(role, definition)

    def _window(self, place: str, table: Mapping[str, Any]) -> tuple[int, int | None]:
        if table.get("kind") == "retention":
            day = self._get(place, table, "day", int)
            return day * DAY_S, (day + self._get(place, table, "width_days", int, 1)) * DAY_S
        days = self._get(place, table, "window_days", int, None)
        return 0, None if days is None else days * DAY_S

    def _side(self, place: str, table: Mapping[str, Any], name: str) -> Measure | None:
        if name not in table:
            return None
        side = self._table(name, table[name])
        pairs = tuple(sorted((str(key), str(value)) for key, value in table.get("filter", {}).items()))
        bands = self._get(place, side, "bands", list, [])
        try:
            points = tuple((float(low), float(high), float(worth)) for low, high, worth in bands)
        except (TypeError, ValueError):
            self.refuse(place, "“bands” is a list of [low, high, points].")
        value = self._get(place, side, "value", bool, False)
        bursts = self._get(place, side, "without_bursts", bool, False)
        return Measure(self._get(place, side, "event", str), value, pairs, points, bursts)

    def _check_role(self, place: str, role: Role, definition: MetricDefinition) -> None:
        if reason := why_not(role, definition):
            self.refuse(place, reason)
        if role == "primary" and definition.window_s is None:
            self.refuse(place, "the primary metric needs a window; a running total serves monitoring only.")
        has_margin = definition.margin is not None or definition.margin_absolute is not None
        if role == "guardrail" and not has_margin:
            self.refuse(place, "a guardrail needs margin or margin_absolute: how much worse it may become.")
        if any(margin is not None and margin <= 0 for margin in (definition.margin, definition.margin_absolute)):
            self.refuse(place, "the margin must lie above 0.")

    def _check_roles(self, metrics: tuple[PlannedMetric, ...]) -> None:
        keys = [metric.definition.key for metric in metrics]
        if len(set(keys)) < len(keys):
            self.refuse("[[metrics]]", "two metrics have the same key.")
        if sum(metric.role == "primary" for metric in metrics) != 1:
            self.refuse("[[metrics]]", "exactly one metric must be primary: the one that decides.")

    def _table(self, place: str, value: Any) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self.refuse(f"[{place}]", "this table is missing.")
        return value

    def _known(self, place: str, table: Mapping[str, Any], known: set[str]) -> None:
        unknown = sorted(set(table) - known)
        if unknown:
            self.refuse(place, f"“{unknown[0]}” is unknown; known are {', '.join(sorted(known))}.")

    def _get(self, place: str, table: Mapping[str, Any], key: str, kind: type, *default: Any) -> Any:
        if key not in table:
            if default:
                return default[0]
            self.refuse(place, f"“{key}” is missing.")
        value = table[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.refuse(place, f"“{key}” is {value!r}; it must be {_KIND_WORDS[kind]}.")
        return value

    def _number(self, place: str, table: Mapping[str, Any], key: str, default: float | None) -> float | None:
        value = table.get(key, default)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            self.refuse(place, f"“{key}” is {value!r}; it must be a number.")
        return None if value is None else float(value)

    def _choice(self, place: str, table: Mapping[str, Any], key: str, known: tuple[Any, ...], default: str) -> Any:
        value = table.get(key, default)
        if value not in known:
            self.refuse(place, f"“{key}” is {value!r}; it must be one of {', '.join(known)}.")
        return value

    def _moment(self, place: str, table: Mapping[str, Any], key: str) -> datetime | None:
        value = table.get(key)
        if value is None:
            return None
        if isinstance(value, datetime):
            return value if value.tzinfo else value.replace(tzinfo=self.zone)
        if not isinstance(value, date):
            self.refuse(place, f"“{key}” is {value!r}; it must be a date or a time.")
        return datetime.combine(value, time.min, self.zone)


_KIND_WORDS = {str: "text", int: "a whole number", bool: "true or false", list: "a list"}
