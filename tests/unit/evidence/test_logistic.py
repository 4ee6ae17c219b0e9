import math

import pytest

from graphs.evidence.logistic import Line, Observation, fit, log_loss, logit


def test_a_line_is_found_again():
    true = Line(-0.4, 0.7)
    raws = [n / 20 for n in range(1, 20)]
    found = fit([Observation(raw, true.probability(raw), 3.0) for raw in raws])
    assert (found.intercept, found.slope) == pytest.approx((-0.4, 0.7), abs=1e-4)


def test_one_raw_value_gives_the_share_that_came_true():
    found = fit([Observation(0.8, 1.0, 3.0), Observation(0.8, 0.0, 1.0)])
    assert found.probability(0.8) == pytest.approx(0.75, abs=1e-4)


def test_nothing_is_certain():
    assert Line(50.0, 1.0).probability(1.0) == 0.99
    assert logit(1.0) == pytest.approx(math.log(99))


def test_without_observations_there_is_nothing_to_fit():
    with pytest.raises(ValueError, match="nothing to fit"):
        fit([])


def test_a_coin_costs_the_logarithm_of_two():
    assert log_loss([(0.5, True), (0.5, False)]) == pytest.approx(math.log(2))
    assert log_loss([]) is None


def test_many_losses_far_from_the_rest_do_not_throw_the_fit_off():
    """A full Newton step from the start lands where the curve is flat, at 0.99 instead of 0.5."""
    before = Line(0.107, 0.886)
    mild = [Observation(n / 10, before.probability(n / 10), 11.0) for n in range(1, 10)]
    line = fit([*mild, Observation(0.9, 0.0, 40.0)])
    assert 0.2 < line.probability(0.9) < 0.65
