"""Texts become one line without markup, and shorter ones at that."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agent.importing.meaning.plain_text import plain_line, shortened

PIECES = st.sampled_from(
    ["<b>", "</b>", "<br/>", "<script>", "</script>", "&amp;", "&lt;", "&#10;", "&", "<", ">", " "]
)
TEXTS = st.lists(PIECES | st.text(max_size=8), max_size=12).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<b>Bold</b> and<br/>new line", "Bold and new line"),
        ("<script>alert(1)</script>Pay", "Pay"),
        ('<a href="https://example.org">link</a>', "link"),
        ("List<String> if a < b && c", "List<String> if a < b && c"),
        ("Fish &amp; chips &#233;", "Fish & chips é"),
        ("two\nlines\tand\x00null\x1b[2J", "two lines and null [2J"),
        ("lone \ud800 surrogate", "lone surrogate"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
    ],
)
def test_text_becomes_one_plain_line(text: str, expected: str) -> None:
    assert plain_line(text) == expected


@example("&amp;amp;lt;b>")
@example("<<b>b>")
@given(TEXTS)
def test_plain_line_is_never_longer_and_has_no_control_character(text: str) -> None:
    line = plain_line(text)
    assert len(line) <= len(text)
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") for letter in line)
    assert line == " ".join(line.split())


@given(st.text(), st.integers(1, 300))
def test_shortened_text_has_at_most_so_many_characters(text: str, characters: int) -> None:
    short = shortened(text, characters)
    assert len(short) <= characters
    assert short == text or short.endswith("\u2026")
    assert shortened(short, characters) == short
