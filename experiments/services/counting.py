"""From the store to sums a day: what was counted stays, what came after is read.

A day is counted once its feeds are complete to its end, and is then kept (`CountedDays`). The next analysis reads the
customers whose sums changed since and the exposures it has not seen (`exposed_kept`). What arrives for a counted day is
late: it is counted as such and changes no number until a full count is asked for.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

import ibis
import pyarrow as pa
from django.db import transaction
from django.utils.translation import gettext as _
from ibis.expr.types import Table

from engagement.core.clock import now
from engagement.core.errors import Conflict
from engagement.customers.queries import ages, merged_since, merges_made, resolved, state_rule, survivors
from engagement.customers.states import activity_at_exposure
from engagement.warehouse.engines import Warehouse
from experiments import stats
from experiments.choices import ExperimentKind
from experiments.metrics import compile as queries
from experiments.metrics.clock import microseconds
from experiments.metrics.compile import with_covariates
from experiments.metrics.curves import Curve, closed_days, curve, retained_days
from experiments.metrics.definition import MetricDefinition
from experiments.metrics.exposed import (
    STATE,
    batches_met,
    customers_by_variant,
    exposures_inside,
    first_exposures,
    labelled,
    met_again,
    together,
)
from experiments.metrics.order_statistics import order_statistics, ranks_needed
from experiments.metrics.spans import Span, entered_by, feeds, mattering, needed
from experiments.metrics.summarise import (
    Array,
    DayCell,
    ExperimentSums,
    Late,
    MetricSums,
    Repeated,
    by_batch,
    cells,
    per_variant,
    told,
    total,
)
from experiments.models import CountedDays, Counting, Experiment, Metric
from experiments.readouts.bandit import KINDS, Batches, UnweighedData, bandit_data
from experiments.readouts.metric_data import MetricData, QuantileData, metric_data
from experiments.readouts.rule import PLANNED_CUSTOMERS
from experiments.services import batches, exposed_kept, exposed_traits
from experiments.services.exposed_kept import ExposedFile

LOOKED_AT = timedelta(days=7)  # for repeated events: what goes wrong today is seen in the last days


@dataclass(frozen=True)
class Counted:
    """One experiment's numbers: sums and data per metric key, the cells they were made of, what came too late.

    `batches`: of a bandit. `kept` is what the next analysis may build on; None where nothing may be kept (a stated
    as-of).
    """

    sums: ExperimentSums
    datas: Mapping[str, MetricData]
    cells: Mapping[str, list[DayCell]]
    late: Late
    repeated: Repeated | None
    curve: Curve | None = None
    batches: Batches | None = None
    kept: "Kept | None" = None


@dataclass(frozen=True)
class Kept:
    counting: Counting
    days: Sequence[CountedDays] = field(default_factory=list)


def count(
    warehouse: Warehouse,
    experiment: Experiment,
    metrics: Sequence[Metric],
    *,
    as_of: Mapping[str, datetime],
    may_keep: bool,
    is_full: bool = False,
) -> Counted:
    """The numbers of `metrics` as of the time each key names.

    may_keep: these times are what the feeds are complete to, so the days before them may be kept (`keep`).
    is_full:  nothing kept before is used.
    """
    return _Count(warehouse, experiment, metrics, as_of, is_full=is_full).counted(may_keep=may_keep)


def learned(
    warehouse: Warehouse, experiment: Experiment, metric: Metric, *, as_of: Mapping[str, datetime]
) -> tuple[MetricDefinition, MetricSums]:
    """What one metric's customers come to per variant, control first, and the metric with its cap: no more than new
    shares of a bandit follow. Of what is late, repeated or drawn as a curve they know nothing."""
    counting = _Count(warehouse, experiment, [metric], as_of, is_full=False)
    return counting.definitions[0], counting.total_of(metric.key)


def keep(counted: Counted) -> None:
    """Stores what the next analysis builds on; in the caller's transaction, beside its readout."""
    if counted.kept is None:
        return
    experiment = counted.kept.counting.experiment
    before = Counting.objects.filter(experiment=experiment).first()
    files = {file.name for file in map(ExposedFile.of, (before, counted.kept.counting)) if file}
    transaction.on_commit(lambda: exposed_kept.tidy(experiment, kept=files))
    Counting.objects.filter(experiment=experiment).delete()
    CountedDays.objects.filter(experiment=experiment).delete()
    counted.kept.counting.save(force_insert=True)
    CountedDays.objects.bulk_create(counted.kept.days)


class _Count:
    """One pass over the store."""

    def __init__(
        self,
        warehouse: Warehouse,
        experiment: Experiment,
        metrics: Sequence[Metric],
        as_of: Mapping[str, datetime],
        *,
        is_full: bool,
    ) -> None:
        self.warehouse, self.experiment, self.as_of = warehouse, experiment, as_of
        self.variants = [variant.key for variant in experiment.variants.all()]
        self.is_bandit = experiment.kind == ExperimentKind.BANDIT
        self.subgroups = [f"group_{place}" for place in range(len(experiment.subgroups))]
        self.groups = [*self.subgroups, "batch"] if self.is_bandit else self.subgroups  # the batch last: `by_batch`
        self.merges = merges_made()  # before they are read: one that comes in between makes the file void
        self.merged = survivors()
        self.exposures = resolved(warehouse.table("exposures"), self.merged)
        self.events = resolved(warehouse.table("events"), self.merged)
        self.before = None if is_full else Counting.objects.filter(experiment=experiment).first()
        self.until = max(as_of.values())
        self.covariates = queries.covariate_columns([metric.definition for metric in metrics])
        self.columns = ["customer", "variant", "exposed_us", "is_contaminated"]
        self.columns += ["batch", "propensity"] if self.is_bandit else []
        self.mark = exposed_kept.mark(experiment, self.variants, self.covariates, self.columns)
        self.file = self._usable_file()
        self.met_until = self.file.until if self.file else None
        self.first = self._first()
        self.outcomes: Table | None = None  # of all exposed customers, where one query has made them
        self.batches = self._batches() if self.is_bandit else None
        _refuse_other_currencies(warehouse, self.events, metrics)
        for metric in metrics:
            self._freeze_cap(metric)
        self.definitions = [metric.definition for metric in metrics]
        self.stored = {} if self.before is None else self._stored()

    def counted(self, *, may_keep: bool) -> Counted:
        found = self._cells()
        sums = self._sums(found)
        datas = {d.key: self._data(d, sums, found.get(d.key, ())) for d in self.definitions}
        late, came_back = self._late(), self._curve()
        kept = self._kept(found, late, came_back) if may_keep else None
        return Counted(sums, datas, found, late, self._repeated(), came_back, self.batches, kept)

    def total_of(self, key: str) -> MetricSums:
        return total(self._cells()[key], self.variants)

    def _curve(self) -> Curve | None:
        """Of the first retention metric. Every day moves every point of it, by what closed that day alone."""
        definition = self._curved
        if definition is None:
            return None
        as_of, known = self.as_of[definition.key], self._curve_before(definition)
        after = datetime.fromisoformat(known["as_of"]) if known else None
        closed = self._rows(closed_days(self.first, as_of=as_of))
        retained = self._rows(retained_days(self.first, self.events, definition, as_of=as_of, after=after))
        before = known["retained"] if known else None
        return curve(definition, self.variants, closed=closed, retained=retained, before=before)

    @property
    def _curved(self) -> MetricDefinition | None:
        return next((d for d in self.definitions if d.kind == "retention"), None)

    def _curve_before(self, definition: MetricDefinition) -> dict[str, Any] | None:
        """What was kept of the curve, where it is of this very definition and not of a later time."""
        known = self.before.curve if self.before else None
        if known is None or known["definition"] != self._mark(definition):
            return None
        return known if datetime.fromisoformat(known["as_of"]) <= self.as_of[definition.key] else None

    def _repeated(self) -> Repeated | None:
        """Among the live events of the last days those that differ from another by their message id alone."""
        live = [feed.event for feed in ages(feeds(self.definitions))]
        if not live:
            return None
        since, last = max(self.as_of.values()) - LOOKED_AT, max(self.as_of.values())
        at = self.events.occurred_at
        recent = self.events.filter(at >= since, at < last, self.events.event.isin(live))
        recent = recent.semi_join(self.first, "customer")
        every = self.warehouse.number(recent.count())
        once = recent.select("customer", "event", "occurred_at", "value").distinct()
        return Repeated(every - self.warehouse.number(once.count()), every)

    def _first(self) -> Table:
        """Whoever was met by now, with their subgroups; from the file with the covariates too."""
        known = self.warehouse.saved(self.file.path) if self.file else None
        if known is None or self.file is None:
            self.file = self.met_until = None
            return self._described(self._met(self._inside(self.exposures)))
        fresh = self._unseen(self.file)
        if fresh is None:
            return self._described(known)
        self.file = None
        met = self.warehouse.kept(met_again(known, self._met(fresh)))
        added = with_covariates(met, self.events, self.covariates, until=self.until)
        return self._described(self.warehouse.kept(together(known.anti_join(met, "customer"), added)))

    def _met(self, inside: Table) -> Table:
        return self.warehouse.kept(first_exposures(inside, self.variants, with_batches=self.is_bandit))

    def _inside(self, exposures: Table, until: datetime | None = None) -> Table:
        """Those of this experiment and its time."""
        experiment = self.experiment
        if experiment.starts is None or experiment.ends is None:
            sentence = _("“%(key)s” has no dates; exposures count between its start and its end.")
            raise Conflict(sentence % {"key": experiment.key})
        return exposures_inside(
            exposures, experiment=str(experiment.uid), starts=experiment.starts, ends=experiment.ends,
            until=until or self.until,
        )  # fmt: skip

    def _usable_file(self) -> ExposedFile | None:
        """The file of the last analysis, where all that it depends on is as it was."""
        file = ExposedFile.of(self.before)
        if file is None or (file.mark, file.merges) != (self.mark, self.merges) or file.until > self.until:
            return None
        seen = self.warehouse.number(self._inside(self.exposures, file.until).count())
        arrived = self._arrived(file)
        seen -= self.warehouse.number(arrived.count()) if arrived is not None else 0
        return file if seen == file.rows else None

    def _arrived(self, file: ExposedFile) -> Table | None:
        """Exposures of the file's time that came after it was made; None where none came at all."""
        seen = self.before.seen_exposures if self.before else None
        if seen is None or not self.warehouse.has_newer("exposures", seen):
            return None
        own = self._inside(resolved(self.warehouse.arrived("exposures", seen), self.merged), file.until)
        return own.filter(own.received_at > seen)

    def _unseen(self, file: ExposedFile) -> Table | None:
        """The exposures that are not in the file; None where there are none."""
        inside, unseen = self._inside(self.exposures), self._arrived(file)
        if self.experiment.ends is None or file.until < min(self.until, self.experiment.ends):
            later = inside.filter(inside.exposed_at >= file.until)
            unseen = later if unseen is None else together(later, unseen)
        return unseen if unseen is not None and self.warehouse.number(unseen.count()) else None

    def _described(self, first: Table) -> Table:
        """With the plan's subgroups."""
        if not self.subgroups:
            return first
        customers = self.warehouse.backend.to_pyarrow(first.select("customer"))["customer"].to_pylist()
        labels = exposed_traits.frozen(self.experiment, customers, self.subgroups, states=self._states(first))
        return self.warehouse.kept(labelled(first, ibis.memtable(labels), self.subgroups))

    def _batches(self) -> Batches:
        """Of a bandit: who came in with which shares."""
        rows = told(self.warehouse.rows(batches_met(self.first)), self.variants)
        ends, last = self.experiment.ends, max(self.as_of.values())
        return Batches(batches.met(self.experiment, self.variants, rows), is_open=ends is None or last < ends)

    def _states(self, first: Table) -> dict[int, str]:
        """Each customer's state at exposure, where the plan asks for it."""
        if STATE not in self.experiment.subgroups:
            return {}
        found = activity_at_exposure(self.events, first, state_rule())
        return {row["customer"]: row["state"] for row in self.warehouse.rows(found.select("customer", "state"))}

    def _rows(self, query: Table) -> list[dict[str, Any]]:
        return told(self.warehouse.rows(query), self.variants)

    def _stored(self) -> dict[str, CountedDays]:
        """The metrics' counted days that these definitions may be added to."""
        rows = {row.metric_key: row for row in CountedDays.objects.filter(experiment=self.experiment)}
        marks = {d.key: self._mark(d) for d in self.definitions}
        return {key: row for key, row in rows.items() if marks.get(key) == row.definition and row.cells}

    def _mark(self, definition: MetricDefinition) -> str:
        experiment = self.experiment
        made_of = [definition.as_json(), str(experiment.uid), experiment.starts, experiment.ends, experiment.subgroups]
        made_of += ["by batch"] if self.is_bandit else []
        return hashlib.sha256(json.dumps(made_of, default=str, sort_keys=True).encode()).hexdigest()

    def _spans(self) -> dict[str, Span]:
        """Per metric what is not counted yet. A time before the last counting cuts what was kept at its midnight."""
        spans = {}
        for definition in self.definitions:
            as_of, row = self.as_of[definition.key], self.stored.get(definition.key)
            spans[definition.key] = Span(as_of, min(row.through, _midnight(as_of)) if row else None)
        return spans

    def _cells(self) -> dict[str, list[DayCell]]:
        spans, definitions = self._spans(), self.definitions
        summed = [d for d in definitions if d.kind != "quantile"]
        found: dict[str, list[DayCell]] = {d.key: self._cells_before(d.key, spans[d.key].after) for d in summed}
        has_them = set(self.covariates.values()) <= set(self.first.columns)
        events = mattering(self.events, summed, spans, with_covariates=not has_them) if summed else self.events
        # Kept: so small a table tells the engine which side of the join to build on.
        customers = self.warehouse.kept(needed(self.first, events, summed, spans))
        made = queries.per_customer(customers, events, summed, spans=spans, covariates=self.covariates)
        outcomes = self.warehouse.kept(made)
        if any(spans[d.key].after is None for d in summed):  # then `needed` has left nobody out
            self.outcomes = outcomes
        for query in queries.day_sums(outcomes, events, summed, spans=spans, groups=self.groups):
            rows = self._rows(query)
            for number, definition in enumerate(summed):
                found[definition.key] += cells(rows, number, groups=self.groups)
        return found

    def _cells_before(self, key: str, after: datetime | None) -> list[DayCell]:
        if after is None:
            return []
        kept = (DayCell.from_json(parts) for parts in self.stored[key].cells)
        return [cell for cell in kept if cell.day < after.date()]

    def _sums(self, found: Mapping[str, list[DayCell]]) -> ExperimentSums:
        exposed = self._rows(customers_by_variant(self.first))
        return ExperimentSums(
            tuple(self.variants),
            per_variant(exposed, self.variants, "customers"),
            per_variant(exposed, self.variants, "contaminated"),
            {key: total(parts, self.variants) for key, parts in found.items()},
        )

    def _data(self, definition: MetricDefinition, sums: ExperimentSums, found: Sequence[DayCell]) -> MetricData:
        if definition.quantile is None:
            own = sums.metrics[definition.key]
            return self._weighed(definition, own, found) if self.batches else metric_data(definition, own)
        plain = self._quantile(definition)
        return UnweighedData(definition, plain.sums, plain) if self.batches else plain

    def _weighed(self, definition: MetricDefinition, sums: MetricSums, found: Sequence[DayCell]) -> MetricData:
        """A bandit's metric; what propensities cannot weigh is told and not compared."""
        if definition.kind not in KINDS or self.batches is None:
            return UnweighedData(definition, sums, metric_data(definition, sums))
        return bandit_data(
            definition,
            everybody=sums,
            of_batches=lambda numbers: by_batch(found, self.variants, numbers),
            batches=self.batches,
            as_of=self.as_of[definition.key],
            planned_decisions=planned_decisions(self.experiment),
        )

    def _quantile(self, definition: MetricDefinition) -> QuantileData:
        assert definition.quantile is not None  # noqa: S101  asked for those only
        span = Span(self.as_of[definition.key])
        events = mattering(self.events, [definition], {definition.key: span})
        outcomes = queries.per_customer(
            self.first, events, [definition], spans={definition.key: span}, covariates=self.covariates
        )
        outcomes = self.warehouse.kept(queries.closed(outcomes, definition, span))
        counts = outcomes.group_by("variant").aggregate(n=outcomes.count())
        n: Array = per_variant(self._rows(counts), self.variants, "n")
        ranks = ranks_needed(n, definition.quantile)
        rows = self._rows(queries.ranked_values(outcomes, ranks=ranks))
        values = {(row["variant"], row["rank"]): row["value"] for row in rows}
        own = total([], self.variants)
        own.n[:] = n
        return QuantileData(definition, own, *order_statistics(n, definition.quantile, self.variants, values))

    def _late(self) -> Late:
        """What arrived since the last counting for days that it had counted."""
        before, stored = self.before, [(d, self.stored[d.key]) for d in self.definitions if d.key in self.stored]
        if before is None or not stored:
            return Late(0, 0)
        late = before.late + self._late_events(before, stored) + self._late_exposures(before, stored)
        late += self._late_merges(before, stored)
        if late == 0:
            return Late(0, 0)
        names = sorted(feeds(self.definitions))
        relevant = self.events.filter(self.events.event.isin(names)).semi_join(self.first, "customer")
        return Late(late, self.warehouse.number(relevant.count()))

    def _late_events(self, before: Counting, stored: Sequence[tuple[MetricDefinition, CountedDays]]) -> int:
        if before.seen_events is None or not self.warehouse.has_newer("events", before.seen_events):
            return 0
        names = sorted(feeds([definition for definition, _row in stored]))
        events = resolved(self.warehouse.arrived("events", before.seen_events), self.merged)
        fresh = events.filter(events.event.isin(names), events.received_at > before.seen_events)
        if not self.warehouse.number(fresh.count()):
            return 0
        joined = self.first.inner_join(fresh, "customer")
        reasons = [queries.belongs_to_counted(joined, definition, row.through) for definition, row in stored]
        if self.met_until is not None:  # what the covariates of the file add up to stays
            known = joined.exposed_us < microseconds(self.met_until)
            reasons += [total.holds(joined) & known for total in self.covariates]
        return self.warehouse.number(joined.filter(reduce(or_, reasons)).count())

    def _late_exposures(self, before: Counting, stored: Sequence[tuple[MetricDefinition, CountedDays]]) -> int:
        if before.seen_exposures is None or not self.warehouse.has_newer("exposures", before.seen_exposures):
            return 0
        arrived = resolved(self.warehouse.arrived("exposures", before.seen_exposures), self.merged)
        own = arrived.filter(
            arrived.experiment == str(self.experiment.uid), arrived.received_at > before.seen_exposures
        )
        if not self.warehouse.number(own.count()):
            return 0
        fresh = own.select("customer", "exposed_us").distinct()
        late = self.first.semi_join(fresh, ["customer", "exposed_us"])
        reasons = [entered_by(late, definition, row.through) for definition, row in stored]
        return self.warehouse.number(late.filter(reduce(or_, reasons)).count())

    def _late_merges(self, before: Counting, stored: Sequence[tuple[MetricDefinition, CountedDays]]) -> int:
        survivors = sorted(merged_since(before.counted_at))
        if not survivors:
            return 0
        named = ibis.memtable(pa.table({"customer": pa.array(survivors, pa.int64())}))
        touched = self.first.semi_join(named, "customer")
        reasons = [entered_by(touched, definition, row.through) for definition, row in stored]
        return self.warehouse.number(touched.filter(reduce(or_, reasons)).count())

    def _kept(self, found: Mapping[str, list[DayCell]], late: Late, came_back: Curve | None) -> Kept:
        """What the next analysis builds on. A metric that nobody counts for yet keeps nothing: nothing can be late."""
        days = []
        for definition in self.definitions:
            if definition.key not in found:
                continue
            row, through = self.stored.get(definition.key), _midnight(self.as_of[definition.key])
            whole = [cell.as_json() for cell in found[definition.key] if cell.day < through.date()]
            if row is not None and row.through > through:  # a feed that has gone stale is less complete than it was
                through, whole = row.through, row.cells
            if whole:
                row = CountedDays(experiment=self.experiment, metric_key=definition.key, through=through, cells=whole)
                row.definition = self._mark(definition)
                days.append(row)
        counting = Counting(
            experiment=self.experiment,
            counted_at=now(),
            seen_events=self.warehouse.newest("events"),
            seen_exposures=self.warehouse.newest("exposures"),
            late=late.count,
            curve=self._curve_kept(came_back),
            exposed=self._exposed_kept().as_json(),
        )
        return Kept(counting, days)

    def _exposed_kept(self) -> ExposedFile:
        """The file of whom every feed is complete for; the one that was read, where it holds them already."""
        if self.file is not None:
            return self.file
        until = min(self.as_of.values())
        made = ExposedFile(
            name=exposed_kept.new_name(self.experiment), mark=self.mark, until=until, merges=self.merges,
            rows=self.warehouse.number(self._inside(self.exposures, until).count()),
        )  # fmt: skip
        found = self.first if self.outcomes is None else self.outcomes
        if not set(self.covariates.values()) <= set(found.columns):
            found = with_covariates(found, self.events, self.covariates, until=until)
        known = exposed_kept.columns(found, self.columns, self.covariates, before_us=microseconds(until))
        self.warehouse.save(known, made.path)
        return made

    def _curve_kept(self, came_back: Curve | None) -> dict[str, Any] | None:
        """The curve as a later analysis goes on from it; one of an earlier time than what is kept leaves that alone."""
        definition = self._curved
        if came_back is None or definition is None:
            return None
        known: dict[str, Any] | None = self.before.curve if self.before else None
        as_of = self.as_of[definition.key]
        if known and known["definition"] == self._mark(definition) and datetime.fromisoformat(known["as_of"]) > as_of:
            return known
        told = {"definition": self._mark(definition), "as_of": as_of.isoformat()}
        return {**told, "retained": {variant: list(days) for variant, days in came_back.retained.items()}}

    def _freeze_cap(self, metric: Metric) -> None:
        """Takes the cap of a winsorised metric from the time before the start: once, over all customers, then kept.

        Without any amount before the start there is nothing to take it from: the metric is not capped, and says so.
        """
        definition, starts = metric.definition, self.experiment.starts
        if definition.winsorise is None or metric.cap_taken_at is not None or starts is None:
            return
        query = queries.totals_before(self.events, definition, starts=starts)
        totals = self.warehouse.backend.to_pyarrow(query)["value"].to_numpy()
        cap = stats.quantile_cap(totals, definition.winsorise).upper if len(totals) else 0.0
        metric.frozen_cap = cap if cap > 0 else None  # where most is refunded there is nothing to cut
        metric.cap_taken_at = now()
        metric.save(update_fields=["frozen_cap", "cap_taken_at"])


def planned_decisions(experiment: Experiment) -> float:
    """Customers of all variants together at the planned end."""
    return float((experiment.plan or {}).get("customers") or PLANNED_CUSTOMERS)


def days(starts: datetime, as_of: datetime) -> list[date]:
    """The UTC days from the start to the last whole one before `as_of`."""
    first, last = starts.astimezone(tz=as_of.tzinfo).date(), _midnight(as_of).date()
    return [first + timedelta(days=place) for place in range((last - first).days)]


def _midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def _refuse_other_currencies(warehouse: Warehouse, events: Table, metrics: Sequence[Metric]) -> None:
    units = {metric.definition.event: metric.definition.unit for metric in metrics if metric.definition.unit}
    if not units:
        return
    found = events.filter(events.event.isin(sorted(units)), events.currency.notnull())
    for pair in warehouse.rows(found.select("event", "currency").distinct()):
        if pair["currency"] != units[pair["event"]]:
            sentence = _("The event “%(event)s” has amounts in %(found)s; its metric counts %(unit)s only.")
            values = {"event": pair["event"], "found": pair["currency"], "unit": units[pair["event"]]}
            raise Conflict(sentence % values)
