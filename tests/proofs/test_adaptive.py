"""§10.2: intervals after a bandit cover what they promise, and the naive ones do not."""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from experiments.stats import BatchLog, Estimate, aipw, aipw_sequence, batched_ols, welch
from tests.proofs.bandit_runs import Array, Play, play_rates, play_revenue
from tests.proofs.ledger import runs

FULL = 3000
MEAN_REVENUE = 0.2 * np.exp(3.5)
FLOORS = pytest.mark.parametrize("floor", [0.05, 0.01])


@dataclass(frozen=True)
class Setting:
    """Arms and a floor: `arms` are rates, or None for three arms of the same skewed revenue."""

    name: str
    arms: tuple[float, float, float] | None
    floor: float

    @property
    def truth(self) -> Array:
        """True mean reward of each arm."""
        return np.full(3, MEAN_REVENUE) if self.arms is None else np.array(self.arms)


@cache
def log(setting: Setting, batches: int = 25, size: int = 400) -> BatchLog:
    """The logs of all runs, shape (run, batch, arm)."""
    play, made = Play(batches, size, setting.floor), runs(FULL)
    rng = np.random.default_rng(round(1000 * setting.floor) + batches)
    if setting.arms is None:
        revenue, shares, buyers = play_revenue(np.full(3, 0.2), play, made, rng)
        return BatchLog.of(revenue, shares, events=buyers)
    return BatchLog.of(*play_rates(np.array(setting.arms), play, made, rng))


def covered(found: Estimate, truth: Array) -> float:
    """Share of intervals that hold the truth; an interval that was not given holds nothing."""
    return float(((found.low <= truth) & (truth <= found.high)).mean())


def contrast_coverage(setting: Setting, answer, which: BatchLog) -> float:
    """Over all three pairs of arms."""
    shares = []
    for control in range(3):
        others = [arm for arm in range(3) if arm != control]
        truth = setting.truth[others] - setting.truth[control]
        shares.append(covered(answer(which, control), truth))
    return float(np.mean(shares))


def equal(rate: float, floor: float) -> Setting:
    return Setting(f"three arms of {rate:.0%}, floors 1 and 5%", (rate,) * 3, floor)


def by_aipw(which: BatchLog, control: int) -> Estimate:
    return aipw(which).contrasts(control=control)


SETTINGS = [
    *((equal(rate, floor), 0.94, 0.938) for rate in (0.02, 0.10) for floor in (0.05, 0.01)),
    *(
        (Setting("arms of 10, 11 and 13%, floors 1 and 5%", (0.10, 0.11, 0.13), floor), 0.933, 0.933)
        for floor in (0.05, 0.01)
    ),
    *((Setting("skewed revenue, floors 1 and 5%", None, floor), 0.935, 0.935) for floor in (0.05, 0.01)),
]
IDS = [f"{setting.name}: {setting.floor:.0%}" for setting, *_ in SETTINGS]


@pytest.mark.parametrize(("setting", "contrasts", "values"), SETTINGS, ids=IDS)
def test_intervals_cover_after_a_bandit(ledger, setting, contrasts, values):
    made, which = runs(FULL), log(setting)
    ledger.share(
        "10.2",
        f"{setting.name}: contrasts covered",
        contrast_coverage(setting, by_aipw, which),
        low=contrasts,
        made=made,
    )
    ledger.share(
        "10.2",
        f"{setting.name}: arm means covered",
        covered(aipw(which).values(), setting.truth),
        low=values,
        made=made,
    )


@pytest.mark.parametrize(("setting", "contrasts", "values"), SETTINGS, ids=IDS)
def test_estimates_are_free_of_bias(ledger, setting, contrasts, values):
    made, found = runs(FULL), aipw(log(setting)).estimate
    bias = np.abs((found - setting.truth).mean(axis=0) / found.std(axis=0)).max()
    proof = f"{setting.name}: largest bias of an arm mean, in standard errors"
    ledger.figure("10.2", proof, float(bias), high=0.1, made=made, error=1 / np.sqrt(made))


@FLOORS
def test_sequence_holds_at_a_hundred_looks(ledger, floor):
    made = runs(FULL)
    for setting in (equal(0.10, floor), Setting("skewed revenue, floors 1 and 5%", None, floor)):
        which = log(setting, batches=100, size=400)
        found = aipw_sequence(which, planned_decisions=40_000)
        missed = ((found.low > 0) | (found.high < 0)).any(axis=-2)
        proof = f"{setting.name}, 100 looks: anytime limits of a contrast ever miss"
        ledger.share("10.2", proof, float(missed.mean()), high=0.055, made=made)


@FLOORS
def test_batched_ols_covers_as_a_second_opinion(ledger, floor):
    made, setting = runs(FULL), equal(0.10, floor)
    measured = contrast_coverage(setting, lambda which, control: batched_ols(which, control=control), log(setting))
    ledger.share("10.2", f"{setting.name}: batched OLS covers contrasts", measured, low=0.94, made=made)


@FLOORS
def test_negative_plain_means_are_biased_and_their_intervals_miss(ledger, floor):
    made, setting = runs(FULL), equal(0.10, floor)
    totals = log(setting).totals
    measured = contrast_coverage(
        setting, lambda which, control: welch(*which.totals.split(control=control)), log(setting)
    )
    ledger.share("10.2", f"negative: {setting.name}: naive intervals cover contrasts", measured, high=0.94, made=made)
    bias = float((np.nan_to_num(totals.mean, nan=0.1) - 0.1).mean())
    error = float(np.nanstd(totals.mean) / np.sqrt(made))
    ledger.figure("10.2", f"negative: {setting.name}: bias of a plain mean", bias, high=-0.001, made=made, error=error)
