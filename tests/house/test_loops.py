"""Every background loop is known to the fault tests, so that a new one is poisoned too."""

import ast
from pathlib import Path

from tests.faults.poisons import POISONS, WITHOUT_ITEMS

ROOMS = ("agent", "deploy", "domain_services", "graphs", "memory", "tools")
KNOWN = {poison.loop for poison in POISONS.values()} | set(WITHOUT_ITEMS)
# Modules that make the name of a loop from its place, and how all of their names begin.
NAMED_BY_PLACE = {
    "agent/jobs/schedule.py": "schedules: ",
    "domain_services/kernel/messaging/inbox.py": "consumer ",
}


def loops_of(source: str) -> list[str]:
    """Return the names of the loops that a module makes, as its source says them."""
    return [
        ast.literal_eval(word.value) if isinstance(word.value, ast.Constant) else ""
        for call in ast.walk(ast.parse(source))
        if isinstance(call, ast.Call) and ast.unparse(call.func).split(".")[-1] == "every"
        for word in call.keywords
        if word.arg == "name"
    ]


def is_known(path: str, name: str) -> bool:
    if name:
        return name in KNOWN
    return path in NAMED_BY_PLACE and any(loop.startswith(NAMED_BY_PLACE[path]) for loop in KNOWN)


def test_every_loop_has_a_poison_or_a_reason_for_none(repository: Path) -> None:
    loops = [
        (path.relative_to(repository).as_posix(), name)
        for room in ROOMS
        for path in sorted((repository / room).rglob("*.py"))
        for name in loops_of(path.read_text())
    ]
    assert len(loops) > 15
    unknown = [(path, name) for path, name in loops if not is_known(path, name)]
    assert unknown == [], "add it to tests/faults/poisons.py: a poison, or why it needs none"
    ended = {name for name in WITHOUT_ITEMS if name not in {name for _, name in loops}}
    assert ended == set(), "these loops are no more"


def test_loop_that_nobody_named_is_found() -> None:
    [name] = loops_of("loop = background.every(5, work, name='new chores')")
    assert not is_known("agent/new.py", name)
