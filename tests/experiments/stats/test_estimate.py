import numpy as np

from experiments.stats import Method, Moments, Status, relative_lift, welch


def batch():
    control = Moments(100, np.array([10.0, 0.4, 10.0]), 100.0)
    return relative_lift(control, Moments(np.array([100, 100, 0]), np.array([11.0, 0.5, np.nan]), [100.0, 100.0, 0.0]))


def test_every_array_of_an_answer_has_its_shape():
    found = batch()
    for name in ("estimate", "se", "df", "low", "high", "p", "method", "level", "n_control", "n_treatment", "status"):
        assert getattr(found, name).shape == (3,), name


def test_one_cell_of_an_answer_has_its_own_notes_only():
    found = batch()
    assert found[0].texts() == []
    assert found[1].texts() == ["Fieller's interval: the control mean is near zero or values can be negative."]
    assert found[1].status.item() == Status.OK
    assert float(found[2].n_treatment) == 0.0


def test_status_words_read_as_text():
    found = welch(Moments(0, np.nan, 0.0), Moments(50, 1.0, 3.0))
    assert f"{found.status.item()}" == "empty_arm"


def test_the_same_comparison_under_another_rule_keeps_what_the_rule_does_not_touch():
    plain = batch()[:2]
    low = np.array([[0.1], [0.2]])

    found = plain.under(Method.GROUP_SEQUENTIAL, alpha=np.asarray(0.01), low=low)

    assert found.shape == (2, 2)
    np.testing.assert_array_equal(found.low, np.broadcast_to(low, (2, 2)))
    np.testing.assert_array_equal(found.estimate, np.broadcast_to(plain.estimate, (2, 2)))
    assert (set(found.method.flat), set(found.level.flat)) == ({Method.GROUP_SEQUENTIAL}, {0.99})
    assert found.e_value is None
    assert found[:, 1].texts() == plain[1].texts() != []
