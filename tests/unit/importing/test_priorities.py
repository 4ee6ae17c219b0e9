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
        *[("S1", 1), ("S2", 2), ("s3", 3), ("S4", 4), ("S0", 1), ("S-2", 2), ("P-3", 3)],
        *[("sev1", 1), ("SEV 2", 2), ("Sev-3", 3), ("Severity 4", 4), ("Severity: High", 2)],
        *[
            ("Prio 2", 2),
            ("prio1", 1),
            ("Priority 3", 3),
            ("High Priority", 2),
            ("Priorität: 4", 4),
        ],
        *[
            ("High (P1)", 2),
            ("Low [P4]", 4),
            ("Medium - P2", 3),
            ("Urgent P0", 1),
            ("Soon (P2)", 2),
        ],
        *[("Sev 1 - Critical", 1), ("S2: Major", 2), ("P1/High", 2), ("1. Blocker", 1)],
        # The highest of these is the largest number.
        *[("5 - Critical", 1), ("4 - High", 2), ("1 - Very low", 5)],
        *[("Blocker!", 1), ("!!! Critical", 1), ("*High*", 2), ("[Low]", 4), ("(Trivial)", 5)],
        *[("🔥 Blocker!", 1), ("🟢 Low", 4), ("⚡ P1 ⚡", 1), ("❗Urgent", 1), ("↓ Minor", 4)],
        *[("Must have", 1), ("Should have", 2), ("Nice to have", 4), ("ASAP", 1)],
        *[("Haut", 2), ("Élevé", 2), ("Bas", 4), ("Moyen", 3), ("Immédiate", 1)],
        *[
            ("Priorité haute", 2),
            ("Priorité : Haute", 2),
            ("Prioridad alta", 2),
            ("Alta prioridade", 2),
        ],
        *[("Blockierend", 1), ("Schwerwiegend", 2), ("Unkritisch", 5), ("Hohe Priorität", 2)],
        *[
            ("Crítico", 1),
            ("Alto", 2),
            ("Medio", 3),
            ("Bajo", 4),
            ("Muy bajo", 5),
            ("Inmediata", 1),
        ],
        *[("Médio", 3), ("Baixo", 4), ("Muito alto", 1), ("Imediato", 1), ("Importante", 2)],
        *[("Высокая", 2), ("Средняя", 3), ("Низкая", 4), ("Критичный", 1), ("Серьёзная", 2)],
        *[("Высокий приоритет", 2), ("Приоритет: низкий", 4), ("Неотложная", 1)],
        # Some exports lose the marks.
        *[("Critica", 1), ("tres haute", 1), ("hochste", 1), ("media", 3)],
    ],
)
def test_known_priority_becomes_a_number(text: str, expected: int) -> None:
    assert priority_of(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sehr wohl",
        "🔴",
        "0",
        "6",
        "10",
        "P6",
        "2.5",
        "1-2",
        "PP1",
        "1st",
        "S6",
        "sevens",
        "Sev",
        "priority",
        "high way",
        "A1",
        "12 - High 3",
    ],
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
