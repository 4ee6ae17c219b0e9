"""Rules of language that a program can check, for all code.

The others are in docs/adr/0069-plain-language.md.
"""

import ast
import re
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A variable is a noun of the domain: `task_update`, not `told`.
PARTICIPLES = frozenset(
    {
        *("asked", "began", "brought", "each", "found", "given", "gone", "happened", "heard"),
        *("held", "kept", "left", "made", "meant", "met", "opened", "said", "seen", "spoken"),
        *("taken", "told", "usual", "wanted"),
    }
)
# A docstring opens with a verb and its object, or with a noun; not with a question.
QUESTIONS = ("What ", "Who ", "Where ", "How ", "Whether ", "Which ", "Why ")
PHRASES = re.compile(r"\bfor ever\b|\bever more rarely\b|\b(?:is|are) told\b")
# A part of a text without its f prefix. A route, as /projects/{project_id}, is meant.
PLACEHOLDER = re.compile(r"(?<!/)\{[a-z_][a-z_.]*\}")
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def python_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def bound_names(nodes: Sequence[ast.AST]) -> Iterator[tuple[int, str]]:
    """Find variables, parameters and functions; a field of a class is a contract."""
    fields: set[ast.expr] = set()
    # A class comes before its fields.
    for node in nodes:
        if isinstance(node, ast.ClassDef):
            fields |= {item.target for item in node.body if isinstance(item, ast.AnnAssign)}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node not in fields:
            yield node.lineno, node.id
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.lineno, node.name


def docstrings(nodes: Sequence[ast.AST]) -> Iterator[tuple[int, str]]:
    for node in nodes:
        if isinstance(node, DOCUMENTED) and (docstring := ast.get_docstring(node)):
            yield getattr(node, "lineno", 1), docstring


def formatted_texts(nodes: Sequence[ast.AST]) -> Iterator[tuple[int, str]]:
    """Find what stands between the values of formatted texts."""
    for node in nodes:
        if isinstance(node, ast.JoinedStr):
            for value in node.values:
                if isinstance(value, ast.Constant):
                    yield node.lineno, str(value.value)


def faults(source: str) -> list[str]:
    """List the breaches of the rules in one file, each with its line."""
    nodes = list(ast.walk(ast.parse(source)))
    documentation = list(docstrings(nodes))
    return [
        *(f"{line}: the name {name!r}" for line, name in bound_names(nodes) if name in PARTICIPLES),
        *(
            f"{line}: a docstring opens with a question: {text[:40]!r}"
            for line, text in documentation
            if text.startswith(QUESTIONS)
        ),
        *(
            f"{line}: a docstring says {phrase!r}"
            for line, text in documentation
            for phrase in PHRASES.findall(text)
        ),
        *(
            f"{line}: a text shows the placeholder {placeholder!r}"
            for line, text in formatted_texts(nodes)
            for placeholder in PLACEHOLDER.findall(text)
        ),
    ]


def test_names_are_nouns_and_docstrings_are_statements() -> None:
    breaches = [
        f"{path.relative_to(ROOT)}:{fault}"
        for path in python_files()
        for fault in faults(path.read_text())
    ]
    assert breaches == []


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("found = 1", 1),
        ("def f(told): ...", 1),
        ("def told(): ...", 1),
        ('"""What it does."""', 1),
        ('def f():\n    """Whether it runs."""', 1),
        ('"""Serve for ever."""', 1),
        ('"""Serve requests."""\nrow = 1', 0),
        ("own = due = 1", 0),
        ("class Progress:\n    left: int", 0),
        ("text = f'{count} of' ' {total.number}'", 1),
        ("text = f'{count} of {total.number}, see /sums/{{sum_id}}'", 0),
    ],
)
def test_breach_is_found(source: str, count: int) -> None:
    assert len(faults(source)) == count
