"""Episodes are stored whole or not at all, and get their outcome once."""

import re
from datetime import timedelta

import pytest
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter, ValidationError

from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import UtcMoment
from memory.decision import Decision
from memory.episode import Outcome
from memory.episode_documents import Action, EpisodeDocument, Reasoning, decision_of, read_episode
from memory.journal import append
from memory.postgres import SprintEnd, write_outcome
from memory.rows import INSERT, EpisodeRow, to_row
from memory.store import Counts
from tests.memory.conftest import (
    TODAY,
    Memory,
    adjust,
    decide,
    invent,
    perceive,
    remember,
    stored_row,
)

OUTCOME = Outcome(completed_tasks=5, planned_tasks=8, duration_days=14)
WORKED = SprintEnd(TODAY + timedelta(13), "reported", True)


async def write(memory: Memory, sprint_id: str, outcome: Outcome, end: SprintEnd = WORKED) -> bool:
    async with memory.pool.connection() as connection, connection.transaction():
        return await write_outcome(connection, sprint_id, outcome, end)


async def test_numbers_of_a_decision_are_columns(memory: Memory) -> None:
    decision = decide(tasks=10, adjustments=(adjust(),))
    await memory.store.add([remember(perceive(), decision=decision)])
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    assert (row["rule_tasks"], row["recommended_tasks"], row["applied_tasks"]) == (10, 7, 10)
    assert (row["raw_confidence"], row["stated_confidence"]) == (0.68, 0.69)
    assert row["decision_source"] == "rule_based_only"


async def test_a_decision_without_adjustments_has_no_numbers(memory: Memory) -> None:
    await memory.store.add([remember(perceive())])
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    assert (row["rule_tasks"], row["raw_confidence"]) == (None, None)


@pytest.mark.parametrize(
    "decision",
    [
        decide(),
        decide(
            adjustments=(
                adjust(),
                adjust(kind="sprint_duration_modification", evidence=None, confidence=None),
            )
        ),
        decide(create_sprint=False, tasks=None, duration_weeks=None),
    ],
)
async def test_documents_of_a_decision_describe_all_of_it(
    memory: Memory, decision: Decision
) -> None:
    await memory.store.add([remember(perceive(), decision=decision)])
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    reasoning, action = (
        Reasoning.model_validate(row["reasoning"]),
        Action.model_validate(row["action"]),
    )
    assert decision_of(reasoning, action, row["decision_source"]) == decision


async def test_journal_row_of_the_earlier_release_becomes_an_episode(memory: Memory) -> None:
    episode = remember(perceive(), decision=decide(adjustments=(adjust(),)))
    await memory.store.add([episode])
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    columns = {name: row[name] for name in EpisodeDocument.model_fields if name in row}
    document = EpisodeDocument(**columns, outcome=episode.outcome).model_dump(mode="json")
    assert "decision" not in document
    assert read_episode(document) == episode

    async with memory.pool.connection() as connection:
        await connection.execute("DELETE FROM episodes")
        await connection.execute(
            "INSERT INTO episode_journal (episode) VALUES (%s)", (Jsonb(document),)
        )
    assert await memory.journal.drain() == 1
    again = await stored_row(memory.pool, "ALPHA-S01")
    assert again is not None
    assert (again["reasoning"], again["rule_tasks"]) == (row["reasoning"], row["rule_tasks"])


async def test_import_stores_only_the_fields_that_it_knows(memory: Memory) -> None:
    imported = decide(
        tasks=None, duration_weeks=None, duration_days=9, rule=None, adjustments=None, reasoning="x"
    )
    await memory.store.add([remember(perceive(), origin="import", decision=imported)])
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    assert row["reasoning"] == {"text": "x"}
    assert row["action"] == {"create_sprint": True, "tasks": None, "duration_days": 9}


async def test_second_import_changes_nothing(memory: Memory) -> None:
    episodes = invent(450)
    assert await memory.store.add(episodes) == 450
    changed = [episode.model_copy(update={"agent_version": "other"}) for episode in episodes]
    assert await memory.store.add(changed) == 0
    assert (await memory.store.count()).episodes == 450


async def test_outcome_makes_an_episode_recallable_once(memory: Memory) -> None:
    await memory.store.add([remember(perceive(), outcome=None)])
    assert await memory.store.count() == Counts(1, 0, 0, 1)
    assert await write(memory, "ALPHA-S01", OUTCOME)
    assert not await write(memory, "ALPHA-S01", OUTCOME)
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    assert (row["completed_tasks"], row["planned_tasks"], row["quality"]) == (5, 8, 1.0)
    assert await memory.store.count("ALPHA") == Counts(1, 1, 1, 1)
    assert await memory.store.count("BETA") == Counts(0, 0, 0, 0)


async def test_later_outcome_replaces_the_earlier_one(memory: Memory) -> None:
    await memory.store.add([remember(perceive())])
    late = Outcome(completed_tasks=8, duration_days=14)
    assert await write(memory, "ALPHA-S01", late)
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    assert (row["completed_tasks"], row["planned_tasks"]) == (8, None)
    assert row["quality"] == pytest.approx(0.955)


async def test_outcome_of_an_unknown_sprint_changes_nothing(memory: Memory) -> None:
    assert not await write(memory, "ALPHA-S99", OUTCOME)


HARMLESS = [
    "'; DROP TABLE episodes; --",
    '"}], "quality": 1, "x": [{"',
    "%s %(id)s {} \\u0000 \\\\u0000",
    "\u202e\u0301 \U0001f600 " + "x" * 10_000,
    "[1,2,3]'::vector",
]


@pytest.mark.parametrize("text", HARMLESS)
async def test_hostile_text_is_stored_as_text(memory: Memory, text: str) -> None:
    episode = remember(perceive(), decision=decide(reasoning=text), degraded=(text,))
    await memory.store.add([episode])
    row = await stored_row(memory.pool, "ALPHA-S01")
    assert row is not None
    assert (row["reasoning"]["text"], row["reasoning"]["degraded"]) == (text, [text])


@pytest.mark.parametrize("text", ["a\x00b", "\\\x00", "\\\\\x00"])
async def test_one_text_that_cannot_be_stored_refuses_the_whole_batch(
    memory: Memory, text: str
) -> None:
    bad = remember(perceive("BETA"), decision=decide(reasoning=text))
    with pytest.raises(Invalid):
        await memory.store.add([remember(perceive()), bad])
    assert await memory.store.count() == Counts(0, 0, 0, 0)
    with pytest.raises(Invalid):
        async with memory.pool.connection() as connection, connection.transaction():
            await append(connection, bad)


def test_statement_inserts_every_column_of_a_row() -> None:
    inserted, selected, record = re.findall(r"episode_id(?: uuid)?,[^)]*?(?=\)|\n    FROM)", INSERT)
    columns = set(EpisodeRow.__annotations__)
    assert set(re.findall(r"\w+", inserted)) == columns
    assert set(re.findall(r"\w+", selected.replace("::vector", ""))) == columns
    assert {column.split()[0] for column in record.split(",")} == columns
    assert to_row(remember(perceive())).keys() == columns


def test_moment_of_a_document_is_in_utc_and_within_the_years_of_the_calendar() -> None:
    # PostgreSQL takes no offset of 16 hours or more.
    adapter = TypeAdapter(UtcMoment)
    assert adapter.validate_python("2026-03-02T23:00:00-18:39").isoformat() == (
        "2026-03-03T17:39:00+00:00"
    )
    for outside in ("0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-03-02T00:00"):
        with pytest.raises(ValidationError):
            adapter.validate_python(outside)
