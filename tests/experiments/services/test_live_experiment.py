"""An experiment that runs elsewhere: a plan from TOML, exposures and events from files, readouts at several times.

Every number is compared with plain Python and SciPy on the very rows of the files.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from engagement.core.errors import Conflict, InvalidInput
from engagement.core.jobs import Progress
from engagement.customers.models import Customer, Feed
from engagement.customers.services.customer_imports import import_customers
from engagement.customers.services.event_imports import import_events
from engagement.warehouse import store
from experiments.models import Experiment, Readout
from experiments.services.analysis import analyse
from experiments.services.exposure_imports import import_exposures
from experiments.services.loading import load

pytestmark = pytest.mark.django_db

START, END = datetime(2026, 7, 6, tzinfo=UTC), datetime(2026, 7, 20, tzinfo=UTC)
LATER = datetime(2026, 8, 18, tzinfo=UTC)
CUSTOMERS = 1200
TOML = """
[experiment]
key = "welcome"
name = "Shorter welcome series"
control = "today"
shares = {{ today = 0.5, short = 0.5 }}
starts = 2026-07-06
ends = 2026-07-20
{extra}
[[metrics]]
key = "retained_7"
kind = "retention"
role = "primary"
event = "session"
day = 7
[[metrics]]
key = "revenue"
kind = "mean"
event = "purchase"
window_days = 14
unit = "EUR"
cap = 60.0
covariate = {{ event = "purchase", days_before = 28 }}
[[metrics]]
key = "complained"
kind = "proportion"
role = "guardrail"
event = "complaint"
window_days = 14
direction = "down"
margin_absolute = 0.05
[[metrics]]
key = "order_value"
kind = "ratio"
numerator = {{ event = "purchase", value = true }}
denominator = {{ event = "purchase", value = false }}
window_days = 14
[[metrics]]
key = "spend_p90"
kind = "quantile"
quantile = 0.9
event = "purchase"
window_days = 14
[[metrics]]
key = "app_sessions"
kind = "mean"
role = "diagnostic"
event = "visit"
window_days = 7
filter = {{ app = "ios" }}
"""


class Rows:
    """The rows of the files, kept to compute every figure a second way."""

    def __init__(self, folder: Path, seed: int = 4) -> None:
        rng = np.random.default_rng(seed)
        self.variant: dict[str, str] = {}
        self.exposed: dict[str, datetime] = {}
        self.events: dict[tuple[str, str], list[tuple[datetime, float | None, str]]] = defaultdict(list)
        for number in range(CUSTOMERS):
            name = f"c{number}"
            self.variant[name] = "short" if rng.random() < 0.5 else "today"
            self.exposed[name] = START + timedelta(seconds=int(rng.integers(0, 14 * 86_400)))
            self._live(name, rng)
        self.exposures = folder / "exposures.csv"
        self.exposures.write_text(
            "experiment,customer_id,variant,exposed_at\n"
            + "".join(f"welcome,{c},{self.variant[c]},{at.isoformat()}\n" for c, at in self.exposed.items())
        )
        self.events_file = folder / "events.csv"
        lines = [
            f"{c},{event},{at.isoformat()},{value or ''},{'EUR' if event == 'purchase' else ''},{app}\n"
            for (c, event), found in self.events.items()
            for at, value, app in found
        ]
        self.events_file.write_text("customer_id,event,occurred_at,value,currency,app\n" + "".join(lines))

    def _live(self, name: str, rng: np.random.Generator) -> None:
        at, better = self.exposed[name], 0.1 if self.variant[name] == "short" else 0.0
        if rng.random() < 0.3 + better:
            self._add(name, "session", at + timedelta(days=7, seconds=int(rng.integers(0, 86_400))))
        if rng.random() < 0.2:  # just outside the window, on both sides
            self._add(name, "session", at + timedelta(days=7, microseconds=-1))
            self._add(name, "session", at + timedelta(days=8))
        taste = rng.exponential(15)
        for days in rng.uniform(-40, 20, rng.poisson(3)):
            self._add(name, "purchase", at + timedelta(days=float(days)), round(float(rng.exponential(taste)), 2))
        if rng.random() < 0.05:
            self._add(name, "complaint", at + timedelta(days=float(rng.uniform(0, 16))))
        for app in rng.choice(["ios", "web"], rng.poisson(2)):
            self._add(name, "visit", at + timedelta(days=float(rng.uniform(-1, 8))), 1.0, str(app))

    def _add(self, name: str, event: str, at: datetime, value: float | None = None, app: str = "") -> None:
        self.events[name, event].append((at, value, app))

    def totals(
        self, variant: str, event: str, *, begins: float = 0, ends: float, counted: bool = False, app: str | None = None
    ) -> np.ndarray:
        """Per customer of the variant the sum (or count) of an event in [exposed + begins, exposed + ends) days."""
        return np.array(
            [
                sum(
                    1.0 if counted else (value or 0.0)
                    for at, value, place in self.events[name, event]
                    if timedelta(days=begins) <= at - self.exposed[name] < timedelta(days=ends) and app in (None, place)
                )
                for name in self._names(variant)
            ]
        )

    def before(self, variant: str) -> np.ndarray:
        found = []
        for name in self._names(variant):
            day = self.exposed[name].replace(hour=0, minute=0, second=0, microsecond=0)
            purchases = self.events[name, "purchase"]
            found.append(sum(v or 0.0 for at, v, _app in purchases if day - timedelta(days=28) <= at < day))
        return np.array(found)

    def _names(self, variant: str) -> list[str]:
        return [name for name, own in self.variant.items() if own == variant]


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return Rows(tmp_path)


def start(tmp_path: Path, rows: Rows, *, extra: str = "", plan: str = "") -> Experiment:
    toml = tmp_path / "welcome.toml"
    toml.write_text(plan or TOML.format(extra=extra))
    experiment, _changed = load(path=toml, actor=None)
    import_exposures(path=rows.exposures, name="exposures.csv", progress=Progress())
    import_events(path=rows.events_file, name="events.csv", complete_through=LATER, progress=Progress())
    return experiment


def document(experiment: Experiment, as_of: datetime | None = LATER) -> dict:
    return analyse(experiment=experiment, as_of=as_of, progress=Progress()).document


def metric(found: dict, key: str) -> dict:
    return next(part for part in found["metrics"] if part["key"] == key)


def test_every_kind_of_metric_agrees_with_the_rows(tmp_path, rows):
    found = document(start(tmp_path, rows))

    means = {
        "retained_7": lambda v: (rows.totals(v, "session", begins=7, ends=8, counted=True) > 0).astype(float),
        "revenue": lambda v: np.minimum(rows.totals(v, "purchase", ends=14), 60.0),
        "complained": lambda v: (rows.totals(v, "complaint", ends=14, counted=True) > 0).astype(float),
        "app_sessions": lambda v: rows.totals(v, "visit", ends=7, app="ios"),
    }
    for key, outcome in means.items():
        for row in metric(found, key)["variants"]:
            values = outcome(row["variant"])
            assert row["n"] == len(values), key
            assert (row["mean"], row["variance"]) == pytest.approx((values.mean(), values.var(ddof=1)), rel=1e-9), key
    for row in metric(found, "order_value")["variants"]:
        money, orders = (rows.totals(row["variant"], "purchase", ends=14, counted=counted) for counted in (False, True))
        assert row["mean"] == pytest.approx(money.sum() / orders.sum(), rel=1e-9)
    for row in metric(found, "spend_p90")["variants"]:
        assert row["mean"] == pytest.approx(np.quantile(rows.totals(row["variant"], "purchase", ends=14), 0.9))
    assert found["experiment"]["state"] == "ended"
    assert found["looks"][0]["information"] == 1.0
    assert {part["key"] for part in found["metrics"] if part["comparisons"][0]["decision"]} == {
        part["key"] for part in found["metrics"]
    }


def test_the_comparisons_agree_with_scipy_and_a_regression(tmp_path, rows):
    found = document(start(tmp_path, rows))

    revenue = metric(found, "revenue")["comparisons"][0]
    today, short = (np.minimum(rows.totals(v, "purchase", ends=14), 60.0) for v in ("today", "short"))
    assert revenue["unadjusted"]["p_value"] == pytest.approx(
        scipy_stats.ttest_ind(short, today, equal_var=False).pvalue
    )
    x_today, x_short = rows.before("today"), rows.before("short")
    centre = np.concatenate([x_today, x_short]).mean()
    fits = [np.polyfit(x - centre, y, 1)[1] for x, y in ((x_short, short), (x_today, today))]
    assert (revenue["method"], revenue["absolute"]["estimate"]) == ("lin", pytest.approx(fits[0] - fits[1]))
    guardrail = metric(found, "complained")["comparisons"][0]
    assert guardrail["margin"]["bound"] == pytest.approx(0.05)
    assert guardrail["margin"]["passed"] is True
    assert metric(found, "retained_7")["comparisons"][0]["margin"] is None


def test_only_closed_windows_count(tmp_path, rows):
    as_of = datetime(2026, 7, 18, 12, tzinfo=UTC)
    found = document(start(tmp_path, rows), as_of)

    part = metric(found, "retained_7")
    for row in part["variants"]:
        exposed = [name for name in rows._names(row["variant"]) if rows.exposed[name] < as_of]
        closed = [name for name in exposed if rows.exposed[name] + timedelta(8) <= as_of]
        assert (row["n"], row["matured_share"]) == (len(closed), len(closed) / len(exposed))
    check = next(check for check in found["health"] if check["check"] == "maturity")
    assert (check["status"], check["e_value"] < 1) == ("warn", True)
    assert found["looks"] == []
    assert part["comparisons"][0]["decision"] is None
    assert part["comparisons"][0]["verdict"] == "not enough data yet"
    assert part["comparisons"][0]["sequence"]["low"] is not None


def test_looks_are_taken_once_and_repeated_in_between(tmp_path, rows):
    plan = f"[plan]\ncustomers = {CUSTOMERS}\nlooks = 3"
    experiment = start(tmp_path, rows, extra=plan)
    days = [datetime(2026, 7, day, tzinfo=UTC) for day in (17, 20, 21, 24)]

    early, first, again, second = (document(experiment, day) for day in days)
    final = document(experiment, LATER)
    after = document(experiment, LATER + timedelta(days=1))

    def decision(found: dict) -> dict | None:
        return metric(found, "retained_7")["comparisons"][0]["decision"]

    assert decision(early) is None
    assert [look["look"] for look in final["looks"]] == [1, 2, 3]
    for place, found in enumerate((first, second, final)):
        look, row = final["looks"][place], metric(found, "retained_7")["comparisons"][0]
        told = look["comparisons"][0]
        assert (told["estimate"], told["se"]) == (row["absolute"]["estimate"], row["absolute"]["se"])
        decided = ("low", "high", "p_value")
        assert [told[name] for name in decided] == [row["decision"][name] for name in decided]
    bounds = [look["bound"] for look in final["looks"]]
    assert bounds[0] > bounds[1] > bounds[2] > scipy_stats.norm.isf(0.025)
    assert decision(first)["method"] == "group-sequential"
    assert (decision(again), again["looks"]) == (decision(first), first["looks"])
    assert decision(second) != decision(first)
    assert decision(after) == decision(final)
    assert metric(final, "revenue")["comparisons"][0]["decision"]["method"] == "benjamini-hochberg"
    assert metric(first, "revenue")["comparisons"][0]["decision"] is None
    first_look = decision(first)
    width = metric(first, "retained_7")["comparisons"][0]["absolute"]
    assert first_look["high"] - first_look["low"] > 1.3 * (width["high"] - width["low"])


def test_sealed_results_hold_no_number(tmp_path, rows):
    experiment = start(tmp_path, rows, extra="sealed_until = 2026-08-01")
    sealed = document(experiment, datetime(2026, 7, 31, tzinfo=UTC))
    assert (sealed["sealed"], sealed["metrics"], sealed["recommendation"]) == (True, [], None)
    assert {check["check"] for check in sealed["health"]} >= {"sample_ratio", "contamination"}
    assert document(experiment, LATER)["metrics"] != []


def test_repeated_imports_change_nothing(tmp_path, rows):
    start(tmp_path, rows)
    before = (store.snapshot("events"), store.snapshot("exposures"), Customer.objects.count())

    again = import_events(path=rows.events_file, name="events.csv", complete_through=LATER, progress=Progress())
    more = import_exposures(path=rows.exposures, name="exposures.csv", progress=Progress())

    assert (again.new, more.new) == (0, 0)
    assert (store.snapshot("events"), store.snapshot("exposures"), Customer.objects.count()) == before
    assert before[2] == CUSTOMERS
    assert set(Feed.objects.values_list("complete_through", flat=True)) == {LATER}


def test_equal_rows_of_one_file_count_twice_and_a_message_id_once(tmp_path):
    path = tmp_path / "e.csv"
    line = "c1,purchase,2026-07-07T10:00:00Z,{id},5\n"
    path.write_text(
        "customer_id,event,occurred_at,message_id,value\n" + line.format(id="") * 2 + line.format(id="m") * 2
    )
    assert import_events(path=path, name="e.csv", progress=Progress()).new == 3

    path.write_text(path.read_text() + line.format(id=""))
    assert import_events(path=path, name="e.csv", progress=Progress()).new == 1


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("customer_id,event\nc,e\n", "line 1: there is no column “occurred_at”; the columns are customer_id, event."),
        ("customer_id,event,occurred_at\nc,e,soon\n", "line 2, column “occurred_at”: “soon” is no ISO 8601 time"),
        ("customer_id,event,occurred_at\n,e,2026-07-07\n", "e.csv, line 2, column “customer_id”: “” is empty"),
        ("customer_id,event,occurred_at,value\nc,e,2026-07-07,inf\n", "line 2, column “value”: “inf” is no finite"),
        ("customer_id,event,occurred_at,currency\nc,e,2026-07-07,E1\n", "“E1” is no currency code of three letters"),
        ("customer_id,event,occurred_at\n", "e.csv: there is a header and no row below it."),
    ],
)  # fmt: skip
def test_refused_events_leave_nothing(tmp_path, own_data_dir, content, sentence):
    path = tmp_path / "e.csv"
    path.write_text(content)
    with pytest.raises(InvalidInput) as refusal:
        import_events(path=path, name="e.csv", progress=Progress())
    assert sentence in str(refusal.value)
    assert not Customer.objects.exists()
    assert store.snapshot("events") == []
    assert list((own_data_dir / "staging").glob("*")) == []


def test_unknown_experiments_and_variants_are_refused_with_their_line(tmp_path, rows):
    start(tmp_path, rows)
    path = tmp_path / "x.csv"
    for row, sentence in {
        "other,c,today": "x.csv, line 2, column “experiment”: there is no experiment “other”.",
        "welcome,c,blue": "x.csv, line 2, column “variant”: “welcome” has no variant “blue”; it has “short”, “today”.",
    }.items():
        path.write_text(f"experiment,customer_id,variant,exposed_at\n{row},2026-07-07\n")
        with pytest.raises(InvalidInput) as refusal:
            import_exposures(path=path, name="x.csv", progress=Progress())
        assert str(refusal.value) == sentence


def test_another_currency_is_refused(tmp_path, rows):
    experiment = start(tmp_path, rows)
    path = tmp_path / "usd.csv"
    path.write_text("customer_id,event,occurred_at,value,currency\nc1,purchase,2026-07-08,5,USD\n")
    import_events(path=path, name="usd.csv", progress=Progress())
    with pytest.raises(Conflict, match="has amounts in USD; its metric counts EUR only"):
        document(experiment)
    assert not Readout.objects.exists()


def test_a_started_plan_is_frozen_and_the_same_file_changes_nothing(tmp_path):
    path = tmp_path / "welcome.toml"
    path.write_text(TOML.format(extra=""))
    before_start = START - timedelta(days=1)
    experiment, is_new = load(path=path, actor=None, at=before_start)
    assert (is_new, experiment.state) == (True, "ready")
    path.write_text(TOML.format(extra="[plan]\ncustomers = 2000\nlooks = 2"))
    assert load(path=path, actor=None, at=before_start)[1]
    assert not load(path=path, actor=None, at=START)[1]

    path.write_text(TOML.format(extra=""))
    with pytest.raises(Conflict, match="“welcome” has started, so its plan is frozen; the file changes plan"):
        load(path=path, actor=None, at=START)
    assert Experiment.objects.get().plan["looks"] == 2


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("short = 0.5", "short = 0.6", "The shares sum to 1.1; they must sum to 1."),
        ('control = "today"', 'control = "none"', "the control “none” has no share"),
        ('role = "primary"', 'role = "secondary"', "exactly one metric must be primary"),
        ("margin_absolute = 0.05", "", "a guardrail needs margin or margin_absolute"),
        ("quantile = 0.9", "quantile = 1.5", "quantile must lie between 0 and 1"),
        ("day = 7", "day = 7\ncolour = 1", "“colour” is unknown"),
        ('kind = "ratio"', 'kind = "rate"', "kind 'rate' is none of"),
        ("starts = 2026-07-06", "starts = 2026-07-26", "ends after starts"),
        ("[experiment]", "[experiment", "this is no TOML"),
    ],
)  # fmt: skip
def test_a_refused_file_leaves_nothing(tmp_path, old, new, sentence):
    path = tmp_path / "welcome.toml"
    text = TOML.format(extra="")
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(InvalidInput) as refusal:
        load(path=path, actor=None)
    assert sentence in str(refusal.value)
    assert not Experiment.objects.exists()


def test_customers_come_with_traits_and_are_brought_up_to_date(tmp_path):
    path = tmp_path / "c.csv"
    path.write_text("customer_id,email,first_seen,city\na,a@example.org,2026-01-02,Kiel\nb,,,\n")
    assert import_customers(path=path, name="c.csv", progress=Progress()) == (2, 2)
    assert import_customers(path=path, name="c.csv", progress=Progress()) == (2, 0)
    path.write_text("customer_id,city,plan\na,Bremen,gold\n")
    assert import_customers(path=path, name="c.csv", progress=Progress()) == (1, 1)

    found = Customer.objects.get(external_id="a")
    assert (found.email, found.traits) == ("a@example.org", {"city": "Bremen", "plan": "gold"})
    path.write_text("customer_id,email\nz,fine@example.org\ny,nonsense\n")
    with pytest.raises(InvalidInput, match=r"c\.csv, line 3, column “email”: “nonsense” is no e-mail address\."):
        import_customers(path=path, name="c.csv", progress=Progress())
    assert Customer.objects.count() == 2


def test_a_look_back_knows_nothing_of_what_came_later(tmp_path, rows):
    as_of = datetime(2026, 7, 10, tzinfo=UTC)
    found = document(start(tmp_path, rows), as_of)
    exposed = [name for name, at in rows.exposed.items() if at < as_of]
    assert sum(row["customers"] for row in found["variants"]) == len(exposed) < CUSTOMERS


def test_data_cannot_be_as_of_a_time_in_the_future(tmp_path, rows):
    experiment = start(tmp_path, rows)
    with pytest.raises(InvalidInput, match="Data cannot be as of a time in the future"):
        document(experiment, datetime(2999, 1, 1, tzinfo=UTC))
    assert not Readout.objects.exists()


def test_an_experiment_nobody_has_met_is_read_out_without_a_number(tmp_path, rows):
    toml = tmp_path / "welcome.toml"
    toml.write_text(TOML.format(extra=""))
    experiment, _changed = load(path=toml, actor=None)
    found = document(experiment, LATER)
    assert [row["customers"] for row in found["variants"]] == [0, 0]
    assert {row["verdict"] for part in found["metrics"] for row in part["comparisons"]} == {"not enough data yet"}
    assert found["health"][0] == {**found["health"][0], "check": "sample_ratio", "status": "warn", "p_value": None}
