"""Columns of dates that are refused as a whole, and the words that say why."""

import pytest

from tests.unit.importing.test_dates import detect


def fault_of(*texts: str) -> str:
    fault = detect(texts).fault
    assert fault is not None
    return fault


@pytest.mark.parametrize(
    ("readable", "other", "row_faults", "column_faults"),
    [
        # Of a hundred values two may be written in another way.
        ("2024-03-05", "05.03.2024", 2, 3),
        ("5 Mar 2024", "5 foo 2024", 2, 3),
        # Ten may be no dates.
        ("2024-03-05", "soon", 10, 11),
    ],
)
def test_few_unreadable_values_are_faults_of_their_rows(
    readable: str, other: str, row_faults: int, column_faults: int
) -> None:
    assert detect([readable] * (100 - row_faults) + [other] * row_faults).fault is None
    assert detect([readable] * (100 - column_faults) + [other] * column_faults).fault is not None


def test_two_bad_values_of_a_short_column_refuse_it() -> None:
    detected = detect(["2024-03-05", " soon ", "later"])
    assert detected.fault is not None
    assert detected.fault.startswith("holds values that are no dates: 'soon' in 1 row, 'later' in")
    assert (detected.format, detected.parsed) == (None, 0)


def test_six_of_the_values_are_shown() -> None:
    bad = [f"week {letter}" for letter in "abcdef"]
    assert fault_of("2024-03-05", *bad).endswith(
        "'week f' in 1 row; write its dates as 2016-06-13, or map another column"
    )
    assert "'week f' in 1 row, 1 more; " in fault_of("2024-03-05", *bad, "week g")


def test_column_without_any_date_is_named_as_such() -> None:
    assert fault_of("99/99/9999", "98/98/9999") == (
        "holds values that are no dates: '99/99/9999' in 1 row, '98/98/9999' in 1 row; "
        "write its dates as 2016-06-13, or map another column"
    )


def test_only_the_word_of_the_month_is_named() -> None:
    readable = [f"lunes, {day} de marzo de 2024" for day in (4, 11, 18, 25)]
    fault = fault_of(*readable, "martes, 5 de foo de 2024", "martes, 6 de foo bar de 2024")
    assert fault.startswith("has month words that cannot be read: 'foo' in 1 row, 'foo bar' in 1")


def test_all_words_are_named_where_no_language_is_known() -> None:
    fault = fault_of("5 foo 2024", "6 foo 2024")
    assert fault.startswith("has month words that cannot be read: 'foo' in 2 rows")


def test_word_beside_three_numbers_and_two_numbers_alone_are_no_months() -> None:
    readable = ["2024-03-05"] * 5
    assert fault_of(*readable, *["5/3/2024 foo"] * 2).startswith("is written in several ways")
    assert fault_of(*readable, *["3/2024"] * 2).startswith("holds values that are no dates")


def test_languages_are_mixed_only_where_one_reads_all_words() -> None:
    readable = [f"{day} March 2024" for day in range(1, 9)]
    assert fault_of(*readable, "5 ene 2024", "6 ene 2024").startswith("mixes languages")
    fault = fault_of(*readable, "5 ene 2024", "6 foo 2024")
    assert fault.startswith("has month words that cannot be read: 'ene' in 1 row, 'foo' in 1 row")
