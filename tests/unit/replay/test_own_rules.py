"""Faulty rules of a person are refused by their names, with what to write instead."""

from pathlib import Path
from typing import Any

import pytest

from agent.replay.own_rules import check_rulings, load_rules
from domain_services.kernel.errors import Invalid
from graphs.inputs import from_document
from graphs.replay import replay


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("def keep_as_is(facts):\n    return 1 / 0\n", "rule keep_as_is failed: ZeroDivision"),
        ("def keep_as_is(facts):\n    return 'no'\n", "answer a Ruling or None"),
        ("def create_sprint(facts):\n    return None\n", "exactly one rule"),
        ("RULES = ()\n", "has no rule"),
        ("import nothing_of_this_name\n", "ModuleNotFoundError"),
        ("def broken(:\n", "SyntaxError"),
    ],
)
def test_faulty_rule_is_named(
    content: str, words: str, adjusted: dict[str, Any], tmp_path: Path
) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text(content)
    with pytest.raises(Invalid, match=words):
        check_rulings(replay(from_document(adjusted), load_rules(str(rules))).rulings)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="there is no file"):
        load_rules(str(tmp_path / "none.py"))
