import numpy as np
import pytest
from scipy import stats as scipy_stats

from experiments.stats import BatchLog, Counts, Moments, Status, Weights, aipw, evaluation_weights, relative_lift
from tests.experiments.stats.adaptive.logs import rows


@pytest.mark.parametrize("weights", ["uniform", "constant-allocation"])
def test_batches_give_what_a_pass_over_the_rows_gives(weights):
    data = rows()
    scores = data.scores()
    h = np.ones_like(scores) if weights == "uniform" else np.sqrt(data.propensities)
    mean = (h * scores).sum(axis=0) / h.sum(axis=0)
    parts = h * (scores - mean) / h.sum(axis=0)

    found = aipw(data.log(), weights=weights)

    np.testing.assert_allclose(found.estimate, mean, rtol=1e-12)
    np.testing.assert_allclose(found.covariance, parts.T @ parts, rtol=1e-10)
    contrasts = found.contrasts(control=1)
    np.testing.assert_allclose(contrasts.estimate, mean[[0, 2]] - mean[1], rtol=1e-10)
    np.testing.assert_allclose(contrasts.se, np.sqrt(((parts[:, [0, 2]] - parts[:, [1]]) ** 2).sum(axis=0)), rtol=1e-10)


def test_two_point_weights_of_batches_come_close_to_those_of_the_rows():
    data = rows(sizes=(200, 300, 300))
    single = BatchLog.from_rows(
        action=data.arm, reward=data.reward, propensities=data.propensities, plug_in=data.plug_in
    )
    batches, each = (aipw(log, weights="two-point") for log in (data.log(), single))
    np.testing.assert_allclose(batches.estimate, each.estimate, rtol=0.01)
    np.testing.assert_allclose(batches.squared_error, each.squared_error, rtol=0.1)
    assert batches.contrasts().texts() == ["Batches weighted by the two-point rule."]


def test_two_point_rule_breaks_the_stick_once_and_wholly():
    log = rows().log()
    stick = evaluation_weights(log, Weights.TWO_POINT) ** 2 / log.propensities
    np.testing.assert_allclose((stick * log.decisions[:, None]).sum(axis=0), 1.0, rtol=1e-12)


def test_even_and_unchanging_shares_give_the_difference_of_means_in_the_long_run():
    rng = np.random.default_rng(3)
    n = np.full((200, 1, 2), 50_000)
    counts = Counts(n, rng.binomial(n, [0.2, 0.25]))
    found = aipw(BatchLog.of(counts, np.full((1, 2), 0.5), plug_in=np.array([0.2, 0.25]))).contrasts()
    plain = counts.rate[:, 0, 1] - counts.rate[:, 0, 0]
    np.testing.assert_allclose(found.estimate[:, 0], plain, atol=1e-9)
    np.testing.assert_allclose(found.se[:, 0], np.sqrt(0.2 * 0.8 / 50_000 + 0.25 * 0.75 / 50_000), rtol=0.02)


def test_limits_are_those_of_student_with_the_degrees_of_freedom_shown():
    found = aipw(rows().log()).contrasts(alpha=0.1)
    reach = scipy_stats.t.ppf(0.95, found.df) * found.se
    np.testing.assert_allclose(found.high - found.estimate, reach, rtol=1e-9)
    np.testing.assert_allclose(found.p, 2 * scipy_stats.t.sf(np.abs(found.estimate / found.se), found.df))
    np.testing.assert_array_equal(found.excludes_zero, found.p < 0.1)


def test_without_third_sums_limits_are_normal():
    data = rows().log()
    plain = BatchLog.of(
        Moments(data.rewards.n, data.rewards.mean, data.rewards.m2), data.propensities, plug_in=data.plug_in
    )
    np.testing.assert_array_equal(aipw(plain).contrasts().df, np.inf)


def test_scale_turns_with_the_unit_and_control_with_the_sign():
    data = rows().log()
    times = Moments(*(data.rewards.n, 7 * data.rewards.mean, 49 * data.rewards.m2, 343 * data.rewards.m3))
    scaled = aipw(BatchLog.of(times, data.propensities, plug_in=7 * data.plug_in)).contrasts()
    found = aipw(data).contrasts()
    np.testing.assert_allclose(scaled.low, 7 * found.low)
    np.testing.assert_allclose(scaled.p, found.p)
    back = aipw(data).contrasts(control=1)
    assert float(back.estimate[0]) == pytest.approx(-float(found.estimate[0]))
    assert float(back.p[0]) == pytest.approx(float(found.p[0]))


def test_lift_knows_that_both_arms_share_their_decisions():
    # Independent arms of one even batch: the covariance vanishes and the plain lift must come out.
    moments = Moments([[4000.0, 4000.0]], [[5.0, 5.5]], [[4000 * 4.0, 4000 * 4.0]])
    log = BatchLog.of(moments, [[0.5, 0.5]], plug_in=[[5.0, 5.5]])
    found, plain = aipw(log).lifts(), relative_lift(*moments[0].split())
    np.testing.assert_allclose(
        [found.estimate, found.low, found.high], [plain.estimate, plain.low, plain.high], rtol=1e-3
    )
    np.testing.assert_allclose(found.p, aipw(log).contrasts().p)


def test_values_say_how_each_arm_does_and_compare_nothing():
    data = rows()
    found = aipw(data.log()).values()
    np.testing.assert_allclose(found.estimate, data.scores().mean(axis=0), rtol=1e-12)
    assert np.isnan(found.p).all()
    np.testing.assert_array_equal(found.n_control, 0)
    np.testing.assert_array_equal(found.n_treatment, np.bincount(data.arm))


def test_arms_that_cannot_be_answered_are_named_and_leave_the_others_alone():
    counts = Counts([[500, 400, 0, 1, 300]] * 2, [[50, 60, 0, 1, 0]] * 2)
    shares = [[0.4, 0.3, 0.0, 0.1, 0.2], [0.4, 0.3, 0.1, 0.1, 0.1]]
    means = aipw(BatchLog.of(counts, shares))
    values, contrasts = means.values(), means.contrasts()
    few = BatchLog.of(Counts([[500, 400, 0, 1, 300]], [[50, 60, 0, 1, 0]]), shares[:1])
    assert list(values.status) == ["ok", "ok", "empty_arm", "zero_variance", "zero_variance"]
    assert list(aipw(few).values().status)[3] == "too_few"
    assert list(contrasts.status) == ["ok", "empty_arm", "approximation_weak", "approximation_weak"]
    alone = aipw(BatchLog.of(counts[:, :2], np.array(shares)[:, :2] / 0.7)).contrasts()
    assert np.isfinite(alone.low[0])
    assert np.isfinite(contrasts.low[0])
    assert np.isnan(contrasts.estimate[1])


def test_arm_that_could_not_be_met_in_some_batch_is_not_identified():
    counts = Counts([[500, 500], [1000, 0]], [[50, 60], [100, 0]])
    means = aipw(BatchLog.of(counts, [[0.5, 0.5], [1.0, 0.0]]))
    assert list(means.values().status) == [Status.OK, Status.NOT_IDENTIFIED]
    assert np.isnan(means.contrasts().estimate[0])
    # A batch without anybody rules nothing out.
    empty = Counts([[500, 500], [0, 0]], [[50, 60], [0, 0]])
    assert list(aipw(BatchLog.of(empty, [[0.5, 0.5], [1.0, 0.0]])).values().status) == [Status.OK, Status.OK]


def test_a_stack_of_bandits_is_answered_as_each_by_itself():
    rng = np.random.default_rng(4)
    n = rng.integers(50, 200, size=(3, 4, 6, 2))
    log = BatchLog.of(Counts(n, rng.binomial(n, 0.3)), np.full(2, 0.5))
    stack, alone = aipw(log).contrasts(), aipw(log[1, 2]).contrasts()
    np.testing.assert_allclose(stack.low[1, 2], alone.low)
    assert stack.shape == (3, 4, 1)


def test_decay_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="decay is 1"):
        aipw(rows().log(), weights="two-point", decay=1.0)
