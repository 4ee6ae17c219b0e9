"""Names of projects and boards become project ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.importing.meaning.project_names import project_of_name
from agent.importing.tasks import project_id


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Shop", "SHOP"),
        ("Web shop", "WEB-SHOP"),
        ("  Web  shop (beta)! ", "WEB-SHOP-BETA"),
        ("Shop\\Core\\Team A", "SHOP"),
        ("\\Shop\\Core", "SHOP"),
        ("Atelier 14 \u00b7 Editorial", "ATELIER-14-EDITORIAL"),
        ("Gr\u00f6\u00dfe Z\u00fcrich", "GROSSE-ZURICH"),
        ("a" * 40, "A" * 32),
        ("snake_case", "SNAKE_CASE"),
    ],
)
def test_name_becomes_an_id(name: str, expected: str) -> None:
    assert project_of_name(name) == expected


@pytest.mark.parametrize(
    "name", ["", "  ", "!!!", "\u041c\u0430\u0433\u0430\u0437\u0438\u043d", "summary", "\\"]
)
def test_name_without_an_id_is_not_guessed(name: str) -> None:
    assert project_of_name(name) is None


@given(st.text(max_size=60))
def test_every_id_made_is_one(name: str) -> None:
    candidate = project_of_name(name)
    assert candidate is None or project_id(candidate) == candidate
