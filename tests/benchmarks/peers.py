"""Other packages, asked for what one comparison of `experiments.stats` answers; imported only when they are there."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy import stats

LEVEL = 0.95
TEA_TASTING, GBSTATS = "tea-tasting", "gbstats"


@dataclass(frozen=True)
class Side:
    """One variant's cell in plain numbers, as a peer is given it."""

    n: int
    mean: float
    variance: float

    @property
    def error(self) -> float:
        """Squared standard error of the mean."""
        return self.variance / self.n


Answer = Callable[[Side, Side], object]


def scipy_test() -> Answer:
    """Welch's p-value alone: less than a comparison, for scale."""

    def answer(control: Side, treatment: Side) -> object:
        sides = [(side.mean, math.sqrt(side.variance), side.n) for side in (treatment, control)]
        return stats.ttest_ind_from_stats(*sides[0], *sides[1], equal_var=False)

    return answer


def scipy_comparison() -> Answer:
    """Welch's p-value, its interval, and the log-ratio interval of the lift."""
    test = scipy_test()

    def answer(control: Side, treatment: Side) -> object:
        terms = [(side.error, side.n - 1, side.error / side.mean**2) for side in (control, treatment)]
        (a, m, log_a), (b, n, log_b) = terms
        df, log_df = (a + b) ** 2 / (a**2 / m + b**2 / n), (log_a + log_b) ** 2 / (log_a**2 / m + log_b**2 / n)
        ratio = treatment.mean / control.mean
        difference = stats.t.interval(LEVEL, df, loc=treatment.mean - control.mean, scale=math.sqrt(a + b))
        lift = stats.t.interval(LEVEL, log_df, loc=math.log(ratio), scale=math.sqrt(log_a + log_b))
        return test(control, treatment), difference, lift

    return answer


def tea_tasting_comparison() -> Answer:
    """tea-tasting's t-test from aggregates: p-value, difference and lift with intervals."""
    from tea_tasting import Mean
    from tea_tasting.aggr import Aggregates

    metric = Mean("value", use_t=True, equal_var=False)

    def answer(control: Side, treatment: Side) -> object:
        sides = (Aggregates(side.n, {"value": side.mean}, {"value": side.variance}) for side in (control, treatment))
        return metric.analyze_aggregates(*sides)

    return answer


def gbstats_comparison() -> Answer:
    """gbstats' t-tests of difference and lift, and its sequential interval."""
    from gbstats.frequentist import tests
    from gbstats.models.statistics import SampleMeanStatistic

    ways = [
        (tests.TwoSidedTTest, tests.FrequentistConfig(difference_type="absolute")),
        (tests.TwoSidedTTest, tests.FrequentistConfig(difference_type="relative")),
        (tests.SequentialTwoSidedTTest, tests.SequentialConfig(difference_type="absolute")),
    ]

    def answer(control: Side, treatment: Side) -> object:
        sides = [
            SampleMeanStatistic(
                n=side.n, sum=side.n * side.mean, sum_squares=(side.n - 1) * side.variance + side.n * side.mean**2
            )
            for side in (control, treatment)
        ]
        return [test(*sides, config).compute_result() for test, config in ways]

    return answer
