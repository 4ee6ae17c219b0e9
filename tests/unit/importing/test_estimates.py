"""Estimates as trackers and spreadsheets write them."""

import pytest

from agent.importing.meaning.estimates import Comma, comma_of, estimate_of, is_doubtful


@pytest.mark.parametrize(
    ("text", "estimate"),
    [
        *((" 5 ", 5), ("5 pts", 5), ("5 story points", 5), ("8SP", 8), ("0", 0), ("1.5", 1.5)),
        # A decimal comma, and digits in groups.
        *(("3,5", 3.5), ("1.234,5", 1234.5), ("1,234.5", 1234.5), ("1'234", 1234)),
        *(("1 234", 1234), ("12\u202f345,25", 12345.25), ("1 234 567", None)),
        # Fractions; a number close to one would be eleven halves.
        *(("½", 0.5), ("2½", 2.5), ("1/2", 0.5), ("2 3/4", 2.75), ("21/2", None)),
        # As programs write them.
        *(("1e3", 1000), ("0e0", 0), ("1e6", 1_000_000), ("1e7", None), ("-1", None)),
        *(("nan", None), ("inf", None), ("1000000", 1_000_000), ("1000001", None)),
        # Hours and days are no points.
        *(("5 h", None), ("3d", None), ("large", None), ("", None)),
        *(("1/2 or 1", None), ("1 234 or 5", None)),
    ],
)
def test_estimate_is_read_as_it_is_meant(text: str, estimate: float | None) -> None:
    assert estimate_of(text) == estimate


@pytest.mark.parametrize(
    ("comma", "estimate"), [(None, None), (Comma.DECIMAL, 1.25), (Comma.GROUPS, 1250)]
)
def test_one_or_a_thousand_is_read_as_the_other_estimates_say(
    comma: Comma | None, estimate: float | None
) -> None:
    assert is_doubtful(" 1,250 pts ")
    assert estimate_of("1,250 pts", comma) == estimate


@pytest.mark.parametrize("text", ["1,25", "1.250", "0,125", "1,2500", "1,250,000"])
def test_other_numbers_leave_no_doubt(text: str) -> None:
    assert not is_doubtful(text)


@pytest.mark.parametrize(
    ("texts", "comma"),
    [
        (("3,5", " 3,25 pts ", "0,125", "1,2500"), Comma.DECIMAL),
        (("3.5", " 1,234.5 pts ", "1,234,567.25"), Comma.GROUPS),
        (("1,250", "7", "1.250", "3.5 h", "large"), None),
    ],
)
def test_estimate_tells_what_a_comma_means(texts: tuple[str, ...], comma: Comma | None) -> None:
    assert {comma_of(text) for text in texts} == {comma}
