"""Priorities of trackers as numbers."""

from collections.abc import Callable

import pytest

from agent.importing.loading.documents import backlog_task
from agent.importing.meaning.priorities import DEFAULT_PRIORITY, priority_of
from agent.importing.profiles.catalogue import PROFILES
from agent.importing.profiles.profile import Profile
from agent.importing.reading.recognition import Recognition, recognise_rows
from agent.importing.reading.source_rows import SourceRow, SourceRows

NAMED = [profile for profile in PROFILES if profile.priorities]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Highest", 1),
        (" major ", 2),
        ("1", 1),
        ("5", 5),
        ("P0", 1),
        ("p1", 1),
        ("P5", 5),
        ("1 - Critical", 1),
        ("2 - High", 2),
        ("4-Low", 4),
        ("3 (Moderate)", 3),
        ("2 High", 2),
        ("P2: soon", 2),
        ("🔴 High", 2),
        ("⬆️ Highest", 1),
        ("sehr hoch", 1),
        ("Très haute", 1),
        ("Muito baixa", 5),
        ("Muy alta", 1),
        ("Крайне важный", 1),
        ("Незначительный", 4),
    ],
)
def test_known_priority_becomes_a_number(text: str, expected: int) -> None:
    assert priority_of(text) == expected


@pytest.mark.parametrize(
    "text", ["", "sehr wohl", "🔴", "0", "6", "10", "P6", "2.5", "1-2", "PP1", "1st"]
)
def test_unknown_priority_has_no_number(text: str) -> None:
    assert priority_of(text) is None


@pytest.mark.parametrize("profile", NAMED, ids=[profile.name for profile in NAMED])
def test_priorities_of_a_tracker_arrive_as_the_preview_shows_them(profile: Profile) -> None:
    rows = [
        SourceRow(
            {"id": (f"P-{line}",), "created": ("2024-03-04",), "priority": (name.title(),)},
            transitions=(),
            line=line,
        )
        for line, name in enumerate(profile.priorities, 1)
    ]
    recognition = recognise_rows(SourceRows(profile.name, profile, rows, ()))
    arrived = [backlog_task(task).priority for task in recognition.tasks]
    assert arrived == [level or DEFAULT_PRIORITY for level in profile.priorities.values()]
    shown = {count.name: count.priority for count in recognition.priorities}
    assert shown == {name.title(): level for name, level in profile.priorities.items() if level}


@pytest.mark.parametrize(
    ("header", "name", "arrives"),
    [
        ("id,project,created,priority", "No priority", 3),
        ("id,project,created,priority", "4", 4),
        ("id,project,created,priority", "egal", 3),
        ("Vorgangsschlüssel,Projektschlüssel,Erstellt,Priorität", "Höchste", 1),
    ],
)
def test_priority_of_a_file_arrives(
    recognised: Callable[..., Recognition], header: str, name: str, arrives: int
) -> None:
    mapping = dict(zip(("id", "project", "created", "priority"), header.split(","), strict=True))
    (task,) = recognised(f"{header}\nP-1,P,2024-03-04,{name}\n", mapping).tasks
    assert backlog_task(task).priority == arrives
