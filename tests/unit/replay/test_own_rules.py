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
        (
            "def keep_as_is(facts):\n    raise ValueError('a\\nb')\n",
            r"ValueError: a b \(rules.py, line 2",
        ),
        ("def keep_as_is(facts):\n    raise SystemExit(3)\n", "keep_as_is failed: SystemExit: 3"),
        ("RULES = ()\n", "has no rule"),
        ("def helper(days):\n    return days\n", "has no rule; define RULES"),
        ("RULES = 5\n", "is no list"),
        ("RULES = [5]\n", "holds 5, no function"),
        ("RULES = iter(lambda: print, 1)\n", "more than 100 rules"),
        ("def rest(facts): ...\nRULES = [rest, rest]\n", "rest more than once"),
        ("import sys\nsys.exit('bye')\n", "cannot be loaded: SystemExit: bye"),
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
        check_rulings(replay(from_document(adjusted), load_rules(str(rules)).rules).rulings)


@pytest.mark.parametrize("values", ["tasks=0", "tasks='5'", "tasks=5.0", "kind='sleep'"])
def test_ruling_that_cannot_be_is_refused(
    values: str, adjusted: dict[str, Any], tmp_path: Path
) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text(
        "from dataclasses import replace\nfrom graphs.rules import backlog\n\n"
        f"def create_sprint(facts):\n    return replace(backlog.create_sprint(facts), {values})\n"
    )
    with pytest.raises(Invalid, match="rule create_sprint answered"):
        replay(from_document(adjusted), load_rules(str(rules)).rules)


def test_rule_that_answers_differently_to_the_same_facts_is_refused(
    adjusted: dict[str, Any], tmp_path: Path
) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text(
        "import os\nfrom graphs.rules.base import Ruling\n\n"
        "def rest(facts):\n    return Ruling('rest', 'nothing', os.urandom(8).hex())\n\n"
        "RULES = [rest]\n"
    )
    with pytest.raises(Invalid, match="to the same facts; a rule decides by its facts alone"):
        replay(from_document(adjusted), load_rules(str(rules)).rules)


def test_functions_of_a_library_are_no_rules() -> None:
    with pytest.raises(Invalid, match="os has no rule"):
        load_rules("os")


def test_helper_of_another_argument_is_no_rule(tmp_path: Path) -> None:
    rules = tmp_path / "rules.py"
    rules.write_text(
        "from graphs.rules.base import Facts\n\n"
        "def half(number):\n    return number / 2\n\n"
        "def by_name(facts): ...\n\n"
        "def by_type(now: Facts): ...\n"
    )
    assert load_rules(str(rules)).names == ("by_name", "by_type")


@pytest.mark.parametrize("name", ["", ".", "../rules", "team/rules"])
def test_name_that_is_no_module_is_refused(name: str) -> None:
    with pytest.raises(Invalid, match=r"name a module, as team\.rules, or a file"):
        load_rules(name)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="there is no file"):
        load_rules(str(tmp_path / "none.py"))
