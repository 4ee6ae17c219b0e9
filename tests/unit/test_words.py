"""Sentences count their nouns and stay short, whatever they list."""

import pytest

from domain_services.kernel.words import counted, listed, shortened


@pytest.mark.parametrize(("number", "words"), [(0, "0 weeks"), (1, "1 week"), (2, "2 weeks")])
def test_noun_agrees_with_its_number(number: int, words: str) -> None:
    assert counted(number, "week") == words


def test_long_list_names_its_first_items_and_counts_the_others() -> None:
    assert listed([]) == ""
    assert listed(["a", "b"], most=2) == "a, b"
    assert listed(["a", "b", "c"], most=2, separator="; ") == "a; b and 1 more"
    assert len(listed(["x" * 1000] * 1000)) < 1100


def test_long_name_is_cut() -> None:
    assert (shortened("abcdef", 6), shortened("abcdefg", 6)) == ("abcdef", "abc...")
