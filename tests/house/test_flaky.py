"""tests/FLAKY.md: every test without a mending commit exists, and each line is complete."""

import ast
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest


@dataclass(frozen=True)
class Entry:
    """Line of the table."""

    test: str
    """The id as pytest prints it, parameters in brackets included."""
    date: str
    cause: str
    mended_in: str
    """Subject of the commit that mended it; empty while it is not mended."""


def entries(text: str) -> list[Entry]:
    """Parse the table's lines; the first two are its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    # A parameter may hold the sign that ends a cell; Markdown writes it as \\|.
    cells = [re.split(r"(?<!\\)\|", line)[1:-1] for line in lines[2:]]
    return [Entry(*(cell.strip().strip("`").replace("\\|", "|") for cell in row)) for row in cells]


def exists(repository: Path, test: str) -> bool:
    """Return whether the file defines a function of that name, in the named class if any."""
    name, *steps = re.sub(r"\[.*\]$", "", test).split("::")
    file = repository / name
    if not file.is_file() or not steps:
        return False
    body = ast.parse(file.read_text()).body
    for step in steps:
        kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        nodes = [node for node in body if isinstance(node, kinds) and node.name == step]
        if not nodes:
            return False
        body = nodes[0].body
    return True


def test_every_line_of_the_table_is_complete(repository: Path) -> None:
    for entry in entries((repository / "tests" / "FLAKY.md").read_text()):
        date.fromisoformat(entry.date)
        assert entry.cause, f"{entry.test} has no cause"
        assert entry.mended_in or exists(repository, entry.test), f"there is no {entry.test}"


@pytest.mark.parametrize(
    ("test", "expected"),
    [
        ("tests/house/test_flaky.py::test_every_line_of_the_table_is_complete", True),
        ("tests/house/test_flaky.py::test_named_test_is_looked_up_in_its_file[a::b\\|c]", True),
        ("tests/house/test_flaky.py::test_nothing", False),
        ("tests/house/test_none.py::test_nothing", False),
    ],
)
def test_named_test_is_looked_up_in_its_file(repository: Path, test: str, expected: bool) -> None:
    table = f"| a | b | c | d |\n|---|---|---|---|\n| `{test}` | 2026-11-29 | slow | |\n"
    (entry,) = entries(table)
    assert exists(repository, entry.test) is expected
    assert (entry.date, entry.cause, entry.mended_in) == ("2026-11-29", "slow", "")
