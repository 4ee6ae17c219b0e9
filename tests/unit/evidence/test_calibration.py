import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.evidence.calibration import (
    Calibration,
    Replayed,
    refit,
    reliability_table,
    replayed,
    score,
)
from graphs.evidence.shipped import read_stored, shipped

PROBABILITIES = st.floats(0, 1)
OUTCOMES = st.lists(st.builds(Replayed, raw=PROBABILITIES, won=st.booleans()), max_size=30)
LOSSES = [Replayed(raw=0.9, won=False)] * 40


def test_nearer_count_wins_and_a_tie_is_left_out() -> None:
    assert replayed(0.8, adjusted=7, rule=10, completed=6) == Replayed(raw=0.8, won=True)
    assert replayed(0.8, adjusted=7, rule=10, completed=9) == Replayed(raw=0.8, won=False)
    assert replayed(0.8, adjusted=8, rule=10, completed=9) is None


def test_calibration_survives_json() -> None:
    base = shipped()
    assert Calibration.model_validate_json(base.model_dump_json()) == base


def test_shipped_calibration_names_what_it_was_fitted_on() -> None:
    base = shipped()
    assert sum(row.count for row in base.table) == base.sample_size > 0
    assert base.teams > 0
    assert f"{base.teams} teams" in base.fitted_on


def test_no_outcomes_change_nothing() -> None:
    base = shipped()
    same = refit(base, [])
    assert [same.calibrated(n / 10) for n in range(11)] == pytest.approx(
        [base.calibrated(n / 10) for n in range(11)], abs=1e-6
    )
    assert (same.log_loss, same.baseline_log_loss, same.table) == (None, None, base.table)


def test_one_loss_moves_the_calibration_little_and_many_move_it_much() -> None:
    base = shipped()
    before = base.calibrated(0.9)
    after_one = refit(base, LOSSES[:1]).calibrated(0.9)
    after_many = refit(base, LOSSES).calibrated(0.9)
    assert before > after_one > after_many
    assert before - after_one < 0.04
    assert after_many < 0.65


def test_refit_counts_own_outcomes_and_is_judged_on_later_ones() -> None:
    base, learned = shipped(), refit(shipped(), LOSSES)
    assert (learned.sample_size, learned.own) == (base.sample_size + 40, 40)
    assert learned.version == f"{base.version}+40"
    assert learned.baseline_log_loss == pytest.approx(score(base, LOSSES))
    assert (learned.log_loss or 9) < (learned.baseline_log_loss or 0)
    assert (score(learned, LOSSES) or 9) < (learned.log_loss or 0)
    last, shipped_last = learned.table[-1], base.table[-1]
    assert last.count == shipped_last.count + 4  # 4 before the first refit
    assert last.observed == pytest.approx(
        (shipped_last.observed or 0) * shipped_last.count / last.count
    )


def test_no_outcomes_have_no_score() -> None:
    assert score(shipped(), []) is None


def test_bin_includes_its_lower_border_and_the_last_one_its_upper() -> None:
    table = reliability_table([(0.75, True), (0.76, False), (1.0, True)])
    bins = {row.low: row for row in table}
    assert (bins[0.75].count, bins[0.75].stated, bins[0.75].observed) == (2, 0.755, 0.5)
    assert (bins[0.85].count, bins[0.85].observed) == (1, 1.0)
    assert (bins[0.6].count, bins[0.6].stated, bins[0.6].observed) == (0, None, None)


@given(OUTCOMES)
def test_counts_of_the_table_add_up_to_the_sample_size(outcomes: list[Replayed]) -> None:
    learned = refit(shipped(), outcomes)
    assert sum(row.count for row in learned.table) == learned.sample_size
    assert all((row.stated is None) == (row.observed is None) for row in learned.table)
    assert read_stored(learned.model_dump(mode="json")) == learned


@given(st.lists(st.tuples(PROBABILITIES, st.booleans()), max_size=30))
def test_every_probability_is_in_one_bin(judged: list[tuple[float, bool]]) -> None:
    assert sum(row.count for row in reliability_table(judged)) == len(judged)


def test_calibration_of_the_earlier_release_gets_the_shipped_outcomes_into_its_table() -> None:
    learned = refit(shipped(), LOSSES)
    own = reliability_table([(0.8, False)] * 40)
    stored = learned.model_copy(update={"table": own}).model_dump(mode="json")
    served = read_stored(stored)
    assert sum(row.count for row in served.table) == served.sample_size
    shipped_counts = [row.count for row in shipped().table]
    counts = [row.count for row in served.table]
    assert [count - other for count, other in zip(counts, shipped_counts, strict=True)] == [
        0,
        0,
        40,
        0,
    ]


@given(OUTCOMES, PROBABILITIES, PROBABILITIES)
def test_calibrated_confidence_rises_with_the_raw_one(
    outcomes: list[Replayed], one: float, other: float
) -> None:
    learned = refit(shipped(), outcomes)
    low, high = sorted((one, other))
    assert 0 < learned.calibrated(low) <= learned.calibrated(high) < 1


def test_misleading_raw_confidence_is_flattened_and_not_inverted() -> None:
    upside_down = [Replayed(raw=0.9, won=False), Replayed(raw=0.2, won=True)] * 200
    learned = refit(shipped(), upside_down)
    assert learned.slope == 0
    assert learned.calibrated(0.2) == learned.calibrated(0.9)
