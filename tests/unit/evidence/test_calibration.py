import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.calibration import Calibration, Replayed, refit, replayed, score, table
from graphs.evidence.shipped import shipped

PROBABILITIES = st.floats(0, 1)
OUTCOMES = st.lists(st.builds(Replayed, raw=PROBABILITIES, won=st.booleans()), max_size=30)
LOSSES = [Replayed(raw=0.9, won=False)] * 40


def test_the_nearer_count_wins_and_a_tie_teaches_nothing():
    assert replayed(0.8, adjusted=7, rule=10, completed=6) == Replayed(raw=0.8, won=True)
    assert replayed(0.8, adjusted=7, rule=10, completed=9) == Replayed(raw=0.8, won=False)
    assert replayed(0.8, adjusted=8, rule=10, completed=9) is None


def test_a_calibration_survives_json():
    base = shipped()
    assert Calibration.model_validate_json(base.model_dump_json()) == base


def test_the_shipped_one_says_what_it_was_fitted_on():
    base = shipped()
    assert sum(each.count for each in base.table) == base.sample_size > 0
    assert base.teams > 0
    assert f"{base.teams} teams" in base.fitted_on


def test_nothing_learned_changes_nothing():
    base = shipped()
    same = refit(base, [])
    assert [same.calibrated(n / 10) for n in range(11)] == pytest.approx(
        [base.calibrated(n / 10) for n in range(11)], abs=1e-6
    )
    assert (same.log_loss, same.baseline_log_loss, same.table) == (None, None, base.table)


def test_one_loss_moves_little_and_many_move_much():
    base = shipped()
    before = base.calibrated(0.9)
    after_one = refit(base, LOSSES[:1]).calibrated(0.9)
    after_many = refit(base, LOSSES).calibrated(0.9)
    assert before > after_one > after_many
    assert before - after_one < 0.04
    assert after_many < 0.65


def test_a_refit_counts_its_own_outcomes_and_is_judged_on_later_ones():
    base, learned = shipped(), refit(shipped(), LOSSES)
    assert (learned.sample_size, learned.own) == (base.sample_size + 40, 40)
    assert learned.version == f"{base.version}+40"
    assert learned.baseline_log_loss == pytest.approx(score(base, LOSSES))
    assert (learned.log_loss or 9) < (learned.baseline_log_loss or 0)
    assert (score(learned, LOSSES) or 9) < (learned.log_loss or 0)
    assert sum(each.count for each in learned.table) == 40


def test_no_outcomes_have_no_score():
    assert score(shipped(), []) is None


def test_a_bin_holds_its_lower_border_and_the_last_its_upper():
    found = {each.low: each for each in table([(0.75, True), (0.76, False), (1.0, True)])}
    assert (found[0.75].count, found[0.75].stated, found[0.75].observed) == (2, 0.755, 0.5)
    assert (found[0.85].count, found[0.85].observed) == (1, 1.0)
    assert (found[0.6].count, found[0.6].stated, found[0.6].observed) == (0, None, None)


@given(OUTCOMES, PROBABILITIES, PROBABILITIES)
def test_more_confidence_never_becomes_less(outcomes, one, other):
    learned = refit(shipped(), outcomes)
    low, high = sorted((one, other))
    assert 0 < learned.calibrated(low) <= learned.calibrated(high) < 1


def test_a_misleading_raw_confidence_is_flattened_not_turned_around():
    upside_down = [Replayed(raw=0.9, won=False), Replayed(raw=0.2, won=True)] * 200
    learned = refit(shipped(), upside_down)
    assert learned.slope == 0
    assert learned.calibrated(0.2) == learned.calibrated(0.9)
