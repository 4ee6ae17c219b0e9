"""The id of a card tells the day on which it was made."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.meaning.card_ids import creation_day


def test_first_eight_digits_are_the_second_of_creation() -> None:
    assert creation_day("65e6e8f01234567890abcdef") == date(2024, 3, 5)
    assert creation_day(" 65E6E8F01234567890ABCDEF ") == date(2024, 3, 5)


@pytest.mark.parametrize("text", ["", "c1", "65e6e8f0", "65e6e8f01234567890abcdeg", "1" * 25])
def test_other_text_is_no_id_of_a_card(text: str) -> None:
    assert creation_day(text) is None


@given(st.integers(0, 2**32 - 1), st.integers(0, 2**64 - 1))
def test_every_id_has_the_day_of_its_second(seconds: int, rest: int) -> None:
    day = creation_day(f"{seconds:08x}{rest:016x}")
    assert day == datetime.fromtimestamp(seconds, UTC).date()
