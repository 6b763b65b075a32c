import numpy as np
import pytest
from scipy import optimize, special
from scipy import stats as scipy_stats

from experiments.stats import GroupSequential, group_sequential, repeated_p_value, score_process, spent_alpha
from experiments.stats.score_process import Unstopped

FIVE = [0.2, 0.4, 0.6, 0.8, 1.0]


def crossed(information: list[float], bounds: list[float], drift: float = 0.0) -> float:
    """Probability to leave the boundaries at some look, from the multivariate normal."""
    times = np.array(information)
    root = np.sqrt(times)
    correlation = np.minimum.outer(times, times) / np.outer(root, root)
    z = scipy_stats.multivariate_normal(drift * root, correlation, abseps=1e-6, releps=1e-6, seed=1)
    return 1.0 - float(z.cdf(np.array(bounds), lower_limit=-np.array(bounds)))


@pytest.mark.parametrize(
    ("spending", "published"),
    [
        # Lan-DeMets tables, two-sided 5%, five equal looks (Reboussin, DeMets, Kim & Lan 2000).
        ("obf", [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]),
        ("pocock", [2.4380, 2.4268, 2.4101, 2.3966, 2.3859]),
    ],
)
def test_boundaries_are_those_of_the_published_tables(spending, published):
    np.testing.assert_allclose(group_sequential(FIVE, spending=spending).bounds, published, atol=2e-4)


@pytest.mark.parametrize("spending", ["obf", "pocock"])
@pytest.mark.parametrize("information", [[0.3, 0.65, 1.0], [0.1, 0.15, 0.9], [0.5, 0.505, 0.8]])
def test_crossing_so_far_has_the_probability_spent_so_far(information, spending):
    found = group_sequential(information, spending=spending, alpha=0.1)
    for look in (1, 2, 3):
        spent = float(spent_alpha(information[look - 1], alpha=0.1, spending=spending))
        assert crossed(information[:look], found.bounds[:look]) == pytest.approx(spent, abs=5e-6)


def test_power_agrees_with_the_multivariate_normal():
    found = group_sequential([0.4, 0.7, 1.0])
    drifts = [0.0, 1.0, 2.8, -2.8]
    np.testing.assert_allclose(
        found.power(drifts), [crossed([0.4, 0.7, 1.0], found.bounds, d) for d in drifts], atol=5e-6
    )


def test_a_hundred_looks_spend_all_of_alpha_and_finer_nodes_move_no_boundary(monkeypatch):
    looks = np.arange(1, 101) / 100
    found = group_sequential(looks)
    assert float(found.power(0.0)) == pytest.approx(0.05, abs=1e-12)

    def bound(look: int, paths: Unstopped) -> float:
        share = float(np.diff(spent_alpha(looks), prepend=0.0)[look]) / 2.0
        return paths.bound(share, float(looks[look])) / float(np.sqrt(looks[look]))

    monkeypatch.setattr(score_process, "STEPS_PER_PANEL", 1.0)
    np.testing.assert_allclose(GroupSequential.followed(looks, bound).bounds, found.bounds, atol=1e-6)


def test_dividing_by_the_root_of_information_without_the_recursion_spends_far_more_than_alpha():
    looks = np.arange(1, 101) / 100
    naive = GroupSequential.followed(looks, lambda look, _: float(special.ndtri(0.975) / np.sqrt(looks[look])))
    assert 0.08 < float(naive.power(0.0)) < 0.09


def test_one_look_at_the_end_is_the_plain_test():
    assert group_sequential([1.0]).bounds.item() == pytest.approx(special.ndtri(0.975), abs=1e-12)
    assert group_sequential([0.7], is_final=True).bounds.item() == pytest.approx(special.ndtri(0.975), abs=1e-12)


def test_later_looks_change_no_earlier_boundary():
    np.testing.assert_array_equal(
        group_sequential([0.2, 0.5]).bounds, group_sequential([0.2, 0.5, 0.55, 1.0]).bounds[:2]
    )


def test_final_look_spends_all_that_is_left_below_and_above_the_plan():
    for last in (0.41, 0.8, 1.3):
        found = group_sequential([0.2, 0.4, last], is_final=True)
        assert float(found.power(0.0)) == pytest.approx(0.05, abs=1e-9)


def test_final_look_without_new_customers_still_spends_the_rest():
    found = group_sequential([0.2, 0.4, 0.4], is_final=True)
    assert float(found.power(0.0)) == pytest.approx(0.05, abs=1e-9)


def test_nothing_left_to_spend_gives_a_bound_that_no_data_reach():
    assert list(group_sequential([0.2, 1.0, 1.2], is_final=True).bounds[1:]) == [pytest.approx(1.95997, abs=1e-5), 37.5]


def test_treatments_share_alpha():
    shared, alone = group_sequential(FIVE, treatments=3, alpha=0.06), group_sequential(FIVE, alpha=0.02)
    np.testing.assert_array_equal(shared.bounds, alone.bounds)
    assert (shared.treatments, alone.treatments) == (3, 1)


def test_nominal_alpha_is_the_tail_beyond_the_bound():
    found = group_sequential(FIVE)
    np.testing.assert_allclose(found.nominal_alpha, 2 * scipy_stats.norm.sf(found.bounds), rtol=1e-12)


def test_drift_found_with_a_power_has_that_power():
    found = group_sequential(FIVE)
    drift = found.drift_found_with([0.5, 0.8, 0.9])
    np.testing.assert_allclose(found.power(drift), [0.5, 0.8, 0.9], atol=1e-9)
    # Jennison & Turnbull (2000), section 7.2: five looks of this type cost a fixed test under 3% more customers.
    assert 1.02 < float(drift[1] / (special.ndtri(0.975) + special.ndtri(0.8))) ** 2 < 1.03


def test_answers_are_cached_and_cannot_be_written_to():
    found = group_sequential(FIVE)
    assert group_sequential(np.array(FIVE) + 1e-9) is found
    with pytest.raises(ValueError, match="read-only"):
        found.bounds[0] = 0.0


@pytest.mark.parametrize("information", [[0.5, 0.4], [0.5, 0.5], [0.0, 0.5], [np.nan], [], [[0.5]]])
def test_information_that_does_not_rise_is_refused(information):
    with pytest.raises(ValueError, match="information"):
        group_sequential(information)


@pytest.mark.parametrize("treatments", [0, 1.5])
def test_a_fraction_of_a_treatment_is_refused(treatments):
    with pytest.raises(ValueError, match="treatments is"):
        group_sequential(FIVE, treatments=treatments)


@pytest.mark.parametrize("spending", ["obf", "pocock"])
def test_repeated_p_is_the_alpha_at_which_the_look_would_have_stopped(spending):
    looks, z = [0.2, 0.45, 0.7], 2.6

    def gap(log_alpha: float) -> float:
        return group_sequential(looks, alpha=np.exp(log_alpha), spending=spending).bounds[-1] - z

    expected = np.exp(optimize.brentq(gap, np.log(1e-5), np.log(0.5), xtol=1e-10))

    found = repeated_p_value(2 * scipy_stats.norm.sf(z), looks, spending=spending)

    assert float(found) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("treatments", [1, 3])
@pytest.mark.parametrize("looks", [[0.2], [0.2, 0.4, 0.6], FIVE])
def test_repeated_p_and_repeated_interval_always_agree(looks, treatments):
    schedule = group_sequential(looks, alpha=0.04, treatments=treatments)
    nominal = schedule.nominal_alpha[-1]
    p = nominal * np.array([1 - 1e-9, 1 + 1e-9, 0.5, 2.0, 1e-6, 1e5])
    found = repeated_p_value(np.minimum(p, 1.0), looks, alpha=0.04, treatments=treatments)
    np.testing.assert_array_equal(found <= 0.04, p <= nominal)


def test_repeated_p_at_a_single_final_look_is_the_p_value_itself():
    p = np.array([1.0, 0.7, 0.05, 1e-3, 1e-12, np.nan])
    np.testing.assert_allclose(repeated_p_value(p, [1.0]), p, rtol=1e-6)


def test_repeated_p_never_falls_below_the_single_p_and_never_exceeds_one():
    p = np.logspace(-300, 0, 200)
    found = repeated_p_value(np.append(p, 0.0), FIVE)
    assert (found[:-1] >= p).all()
    assert (np.diff(found[:-1]) >= 0).all()
    assert found.max() == 1.0
    assert found[-1] <= found[0]


def test_repeated_p_outside_its_range_is_refused():
    with pytest.raises(ValueError, match="p is"):
        repeated_p_value(1.2, FIVE)
