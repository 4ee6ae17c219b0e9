import math

import pytest

from graphs.evidence.logistic import Line, Observation, fit, log_loss, logit


def test_fit_recovers_the_line_that_made_the_observations() -> None:
    true = Line(-0.4, 0.7)
    raws = [n / 20 for n in range(1, 20)]
    line = fit([Observation(raw, true.probability(raw), 3.0) for raw in raws])
    assert (line.intercept, line.slope) == pytest.approx((-0.4, 0.7), abs=1e-4)


def test_single_raw_value_is_fitted_to_its_observed_share() -> None:
    line = fit([Observation(0.8, 1.0, 3.0), Observation(0.8, 0.0, 1.0)])
    assert line.probability(0.8) == pytest.approx(0.75, abs=1e-4)


def test_probabilities_are_bounded_below_one() -> None:
    assert Line(50.0, 1.0).probability(1.0) == 0.99
    assert logit(1.0) == pytest.approx(math.log(99))


def test_fit_without_observations_is_an_error() -> None:
    with pytest.raises(ValueError, match="nothing to fit"):
        fit([])


def test_log_loss_of_a_coin_is_the_logarithm_of_two() -> None:
    assert log_loss([(0.5, True), (0.5, False)]) == pytest.approx(math.log(2))
    assert log_loss([]) is None


def test_fit_converges_with_many_losses_far_from_the_rest() -> None:
    """A full Newton step from the start lands where the curve is flat, at 0.99 instead of 0.5."""
    before = Line(0.107, 0.886)
    mild = [Observation(n / 10, before.probability(n / 10), 11.0) for n in range(1, 10)]
    line = fit([*mild, Observation(0.9, 0.0, 40.0)])
    assert 0.2 < line.probability(0.9) < 0.65
