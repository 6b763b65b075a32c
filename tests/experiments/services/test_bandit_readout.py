"""A bandit's readout: every number on the very rows of its files, weighed by the propensities they tell."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy import stats as scipy_stats

from engagement.core.errors import Conflict
from engagement.core.jobs import Progress
from engagement.customers.services.event_imports import import_events
from experiments.models import Experiment
from experiments.services.analysis import analyse
from experiments.services.exposure_imports import import_exposures
from experiments.services.loading import load
from tests.experiments.services.test_counting import flattened, same

pytestmark = pytest.mark.django_db

START, DAY = datetime(2026, 7, 6, tzinfo=UTC), timedelta(days=1)
ARMS = ("today", "short", "long")
SHARES = {0: (0.34, 0.33, 0.33), 1: (0.2, 0.5, 0.3), 2: (0.1, 0.75, 0.15), 3: (0.05, 0.9, 0.05)}
RATES = {"today": 0.3, "short": 0.4, "long": 0.3}
CUSTOMERS = 2400
TOML = """
[experiment]
key = "subject"
name = "Subject line"
kind = "bandit"
control = "today"
shares = {{ today = 0.34, short = 0.33, long = 0.33 }}
starts = 2026-07-06
ends = 2026-07-10
{extra}
[[metrics]]
key = "read"
kind = "proportion"
role = "primary"
event = "session"
window_days = 2
[[metrics]]
key = "revenue"
kind = "mean"
event = "purchase"
window_days = 3
[[metrics]]
key = "order_value"
kind = "ratio"
numerator = {{ event = "purchase", value = true }}
denominator = {{ event = "purchase", value = false }}
window_days = 3
[[metrics]]
key = "spend_p90"
kind = "quantile"
quantile = 0.9
event = "purchase"
window_days = 3
"""


class Rows:
    """Four batches of a day each; batch, arm, reward and revenue of every customer."""

    def __init__(self, folder: Path, seed: int = 7) -> None:
        rng = np.random.default_rng(seed)
        self.batch = np.sort(rng.integers(0, 4, CUSTOMERS))
        self.arm = np.array([rng.choice(3, p=SHARES[int(b)]) for b in self.batch])
        self.at = [START + DAY * int(b) + timedelta(seconds=int(rng.integers(0, 86_400))) for b in self.batch]
        self.read = rng.random(CUSTOMERS) < np.array([RATES[ARMS[k]] for k in self.arm])
        self.spent = np.round(np.where(rng.random(CUSTOMERS) < 0.5, rng.exponential(20, CUSTOMERS), 0.0), 2)
        self.gold = rng.random(CUSTOMERS) < 0.5
        self.folder = folder

    @property
    def propensities(self) -> np.ndarray:
        return np.array([SHARES[int(b)] for b in self.batch])

    def deliver(self, *, told: bool = True) -> None:
        lines = [
            f"subject,c{i},{ARMS[self.arm[i]]},{self.at[i].isoformat()}"
            + (f",{SHARES[int(self.batch[i])][self.arm[i]]},{self.batch[i]}" if told else "")
            for i in range(CUSTOMERS)
        ]
        header = "experiment,customer_id,variant,exposed_at" + (",propensity,batch" if told else "")
        path = self.folder / "x.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        import_exposures(path=path, name="x.csv", progress=Progress())
        events = [f"c{i},session,{(self.at[i] + DAY).isoformat()}," for i in range(CUSTOMERS) if self.read[i]]
        events += [
            f"c{i},purchase,{(self.at[i] + DAY).isoformat()},{self.spent[i]}" for i in range(CUSTOMERS) if self.spent[i]
        ]
        path = self.folder / "e.csv"
        path.write_text("\n".join(["customer_id,event,occurred_at,value", *events]) + "\n")
        import_events(path=path, name="e.csv", complete_through=START + 20 * DAY, progress=Progress())


def planned(folder: Path, *, extra: str = "") -> Experiment:
    toml = folder / "subject.toml"
    toml.write_text(TOML.format(extra=extra))
    return load(path=toml, actor=None)[0]


def readout(experiment: Experiment, **options) -> dict:
    found = Experiment.objects.get(pk=experiment.pk)
    return analyse(experiment=found, progress=Progress(), **options).document


@pytest.fixture
def rows(tmp_path: Path) -> Rows:
    return Rows(tmp_path)


def by_row(batch: np.ndarray, arm: np.ndarray, y: np.ndarray, shares: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores of every customer one by one (Hadad et al. 2021), plug-ins from the batches before: means, covariance."""
    scores = np.empty((len(y), 3))
    for b in np.unique(batch):
        earlier, inside = batch < b, batch == b
        everybody = y[earlier].mean() if earlier.any() else 0.0
        guess = np.array(
            [y[earlier & (arm == k)].mean() if (earlier & (arm == k)).any() else everybody for k in range(3)]
        )
        for i in np.flatnonzero(inside):
            scores[i] = guess
            scores[i, arm[i]] += (y[i] - guess[arm[i]]) / shares[i, arm[i]]
    centred = scores - scores.mean(axis=0)
    return scores.mean(axis=0), centred.T @ centred / len(y) ** 2


def test_effects_are_those_of_a_pass_over_the_rows(tmp_path, rows):
    experiment = planned(tmp_path)
    rows.deliver()

    found = readout(experiment)

    for part, reward in ((found["metrics"][0], rows.read.astype(float)), (found["metrics"][1], rows.spent)):
        means, covariance = by_row(rows.batch, rows.arm, reward, rows.propensities)
        for place, comparison in enumerate(part["comparisons"], start=1):
            se = np.sqrt(covariance[0, 0] + covariance[place, place] - 2 * covariance[0, place])
            assert comparison["method"] == "aipw"
            assert comparison["absolute"]["estimate"] == pytest.approx(means[place] - means[0], rel=1e-9)
            assert comparison["absolute"]["se"] == pytest.approx(se, rel=1e-9)
            assert comparison["lift"]["estimate"] == pytest.approx(means[place] / means[0] - 1, rel=1e-9)
            plain = reward[rows.arm == place].mean() - reward[rows.arm == 0].mean()
            assert comparison["unadjusted"]["absolute"]["estimate"] == pytest.approx(plain, rel=1e-9)
        estimates = next(one for one in found["bandit"]["estimates"] if one["metric"] == part["key"])
        told = [row["estimate"] for row in estimates["aipw"]["variants"]]
        assert told == pytest.approx(list(means), rel=1e-9)
        assert [row["n"] for row in estimates["aipw"]["variants"]] == np.bincount(rows.arm).tolist()


def test_the_probability_of_being_best_is_that_of_the_posteriors(tmp_path, rows):
    experiment = planned(tmp_path)
    rows.deliver()

    told = readout(experiment)["bandit"]

    rng = np.random.default_rng(1)
    n, k = np.bincount(rows.arm), np.bincount(rows.arm, weights=rows.read)
    drawn = rng.beta(1 + k, 1 + n - k, size=(400_000, 3)).argmax(axis=1)
    expected = np.bincount(drawn, minlength=3) / 400_000
    assert list(told["probability_best"]) == list(ARMS)
    assert list(told["probability_best"].values()) == pytest.approx(list(expected), abs=4e-3)
    assert (told["policy"], told["floor"]) == ("probability matching", 0.05)
    assert [batch["customers"] for batch in told["batches"]] == np.bincount(rows.batch).tolist()
    assert [tuple(batch["shares"].values()) for batch in told["batches"]] == [
        pytest.approx(shares) for shares in SHARES.values()
    ]
    assert told["stopping"]["leader"] == "short"


def test_shares_that_followed_the_results_are_no_mismatch(tmp_path, rows):
    experiment = planned(tmp_path)
    rows.deliver()

    found = readout(experiment)

    health = {check["check"]: check["status"] for check in found["health"]}
    assert (health["sample_ratio"], health["maturity"]) == ("pass", "pass")
    assert [row["verdict"] for row in found["metrics"][0]["comparisons"]] == ["better", "no clear difference"]


def test_the_second_opinion_is_a_regression_a_batch(tmp_path, rows):
    experiment = planned(tmp_path)
    rows.deliver()

    told = readout(experiment)["bandit"]["estimates"][0]

    z, weight, total = [], 0.0, 0.0
    for b in range(4):
        y1, y0 = (rows.read[(rows.batch == b) & (rows.arm == k)].astype(float) for k in (1, 0))
        test = scipy_stats.ttest_ind(y1, y0, equal_var=True)
        se = (y1.mean() - y0.mean()) / test.statistic
        z.append(test.statistic)
        weight, total = weight + 1 / se, total + (y1.mean() - y0.mean()) / se
    row = told["batched-ols"]["comparisons"][0]
    assert row["estimate"] == pytest.approx(total / weight, rel=1e-9)
    assert row["p_value"] == pytest.approx(2 * scipy_stats.norm.sf(abs(sum(z) / 2)), rel=1e-9)
    assert told["drift"] == {"short": False, "long": False}


def test_only_whole_batches_whose_windows_have_closed_teach(tmp_path, rows):
    experiment = planned(tmp_path)
    rows.deliver()

    found = readout(experiment, as_of=START + 4 * DAY)  # batches 0 and 1 have closed their two days

    ripe = rows.batch < 2
    means, _ = by_row(rows.batch[ripe], rows.arm[ripe], rows.read[ripe].astype(float), rows.propensities[ripe])
    first = found["metrics"][0]["comparisons"][0]
    assert first["absolute"]["estimate"] == pytest.approx(means[1] - means[0], rel=1e-9)
    assert first["verdict"] == "not enough data yet"
    assert found["metrics"][1]["comparisons"][0]["absolute"]["estimate"] is not None  # batch 0 alone
    early = readout(experiment, as_of=START + 2 * DAY)
    assert early["metrics"][0]["comparisons"][0]["status"] == "empty_arm"
    assert early["metrics"][0]["comparisons"][0]["absolute"]["estimate"] is None


def test_what_propensities_cannot_weigh_is_told_and_not_compared(tmp_path, rows):
    experiment = planned(tmp_path)
    rows.deliver()

    _read, _revenue, ratio, quantile = readout(experiment)["metrics"]

    for part in (ratio, quantile):
        for row in part["comparisons"]:
            assert (row["status"], row["absolute"]["estimate"], row["unadjusted"]["absolute"]["estimate"]) == (
                "not_identified", None, None,
            )  # fmt: skip
            assert row["verdict"] != "better"
    bought = rows.spent[(rows.arm == 0) & (rows.spent > 0)]
    assert ratio["variants"][0]["mean"] == pytest.approx(bought.sum() / len(bought), rel=1e-9)


def test_an_experiment_that_tells_no_propensities_has_the_planned_ones(tmp_path, rows):
    experiment = planned(tmp_path)
    rows.deliver(told=False)

    batches = readout(experiment)["bandit"]["batches"]

    assert [(one["batch"], one["customers"], tuple(one["shares"].values())) for one in batches] == [
        (0, CUSTOMERS, (0.34, 0.33, 0.33))
    ]


def test_two_shares_of_one_variant_in_one_batch_are_refused(tmp_path, rows):
    experiment = planned(tmp_path)
    rows.deliver()
    path = tmp_path / "more.csv"
    path.write_text(
        "experiment,customer_id,variant,exposed_at,propensity,batch\n"
        f"subject,late,short,{(START + DAY).isoformat()},0.4,1\n"
    )
    import_exposures(path=path, name="more.csv", progress=Progress())

    with pytest.raises(Conflict, match="Batch 1 has customers of “short” at shares"):
        readout(experiment)


def test_day_after_day_gives_what_one_full_count_gives(tmp_path, rows):
    from engagement.customers.models import Feed

    experiment = planned(tmp_path)
    rows.deliver()
    for day in (2, 3, 5, 6, 12):
        Feed.objects.update(complete_through=START + day * DAY)
        refreshed = readout(experiment)
    full = readout(experiment, is_full=True)

    assert same(flattened(refreshed["bandit"]), flattened(full["bandit"]))
    assert same(flattened(refreshed["metrics"]), flattened(full["metrics"]))
