"""Fixtures: a fresh memory for each test, and an embedder without a service."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

import pytest
from prometheus_client import CollectorRegistry
from psycopg.rows import dict_row

from domain_services.kernel.background import running
from domain_services.kernel.errors import Unavailable
from memory import outcomes
from memory.backfill import Backfill
from memory.cache import ProcessCache, TableCache
from memory.decision import (
    Adjustment,
    CalibrationUsed,
    Confidence,
    Decision,
    EvidenceUsed,
    Gate,
    Part,
    RuleDecision,
)
from memory.embed import Embeddings
from memory.embedder import Embedder
from memory.episode import EMBEDDING_DIMENSIONS, Episode, Outcome, Perception
from memory.journal import Journal
from memory.outcomes import ClosedSprint
from memory.pool import Pool, open_pool
from memory.postgres import PostgresEpisodes
from memory.recall import Recaller
from memory.run_recovery import RunRecovery
from memory.runs import RunTable

NAMESPACE = UUID("00000000-0000-0000-0000-000000000042")
TODAY = date(2026, 3, 2)
SECONDS = 30.0  # a deadline that no test comes near


class WordEmbedder(Embedder):
    """A bag of hashed words: equal texts have equal vectors, like texts have near ones."""

    def __init__(self, model: str = "words-1") -> None:
        self.model = model
        self.down = False
        self.vector: list[float] | None = None  # in place of every vector
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], str]:
        if self.down:
            raise Unavailable("the embedding service is down")
        self.texts += texts
        return [self.vector or word_vector(text) for text in texts], self.model


def word_vector(text: str) -> list[float]:
    """Return a bag of hashed words."""
    vector = [0.0] * EMBEDDING_DIMENSIONS
    for word in text.split():
        vector[int.from_bytes(sha256(word.encode()).digest()[:4]) % EMBEDDING_DIMENSIONS] += 1.0
    return vector


@dataclass(frozen=True)
class Memory:
    """The parts of the memory in one process."""

    pool: Pool
    embedder: WordEmbedder
    store: PostgresEpisodes
    recaller: Recaller
    runs: RunTable
    recovery: RunRecovery
    journal: Journal
    backfill: Backfill
    embeddings: Embeddings


@pytest.fixture
async def pool(database_url: Callable[[str], str]) -> AsyncIterator[Pool]:
    async with open_pool(database_url("memory")) as connections:
        yield connections


@pytest.fixture
async def memory(pool: Pool) -> AsyncIterator[Memory]:
    """Build a memory whose embedding worker runs."""
    embedder, table = WordEmbedder(), TableCache(pool)
    embeddings = Embeddings(table, embedder, ProcessCache())
    async with running(embeddings.loop()):
        yield Memory(
            pool=pool,
            embedder=embedder,
            store=PostgresEpisodes(pool),
            recaller=Recaller(pool, embeddings, CollectorRegistry()),
            runs=(runs := RunTable(pool, start_seconds=SECONDS)),
            recovery=RunRecovery(pool, runs.hung_up),
            journal=Journal(pool),
            backfill=Backfill(pool, embedder, table),
            embeddings=embeddings,
        )


def perceive(project_id: str = "ALPHA", **changes: Any) -> Perception:
    """Return the state of a team of five with a moderate backlog."""
    return Perception(
        **{
            "project_id": project_id,
            "day": TODAY,
            "backlog_tasks": 30,
            "unassigned_tasks": 20,
            "team_size": 5,
            "sprint_days": 14,
            "working_days": 10,
            "team_working_days": 48,
            "past_sprints": 4,
            "completed": (9, 11, 8, 10),
        }
        | changes
    )


def decide(**changes: Any) -> Decision:
    """Return a decision to create a sprint of 8 tasks and two weeks, fully recorded."""
    return Decision(
        **{
            "create_sprint": True,
            "close_sprint": False,
            "tasks": 8,
            "duration_weeks": 2,
            "rule": RuleDecision(tasks=8, duration_weeks=2, reasoning="8 tasks are free"),
            "adjustments": (),
            "source": "rule_based_only",
            "reasoning": "8 tasks are free",
            "plan": (),
        }
        | changes
    )


def adjust(**changes: Any) -> Adjustment:
    """Return an adjustment of 10 tasks to 7 that the gate rejected, with its evidence."""
    return Adjustment(
        **{
            "kind": "task_count_modification",
            "rule": 10,
            "recommended": 7,
            "applied": 10,
            "confidence": 0.69,
            "sample_size": 5,
            "evidence_source": "5 past sprints",
            "rationale": "the team completes 7",
            "expected_improvement": None,
            "gate": Gate(passed=False, reason="0.69 of 0.75 needed"),
            "evidence": EvidenceUsed(
                similar_projects=("BETA",),
                episodes=(),
                own_history=(7, 8, 6),
                expected=7.1,
                low=5,
                high=9,
                wins=2,
                losses=1,
                parts=(Part(name="prior", value=9.0, sample_size=0),),
                calibration=CalibrationUsed(version="shipped-2", sample_size=180),
                kind="similar_episodes",
                nearer=Confidence(stated=0.69, raw=0.68),
                windows=3,
                rule_error=3.0,
                evidence_error=2.5,
            ),
        }
        | changes
    )


async def stored_row(pool: Pool, sprint_id: str) -> dict[str, Any] | None:
    """Return the episode row of a sprint; None when there is none."""
    async with pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute("SELECT * FROM episodes WHERE sprint_id = %s", (sprint_id,))
        return await cursor.fetchone()


def closed_sprint(episode: Episode, **changes: Any) -> ClosedSprint:
    """Return the end of an episode's sprint: people completed 7 of 8 tasks in a fortnight."""
    assert episode.sprint_id is not None
    ended_on = episode.perception.day + timedelta(13)
    values: dict[str, Any] = {
        "sprint_id": episode.sprint_id,
        "project_id": episode.project_id,
        "completed_tasks": 7,
        "planned_tasks": 8,
        "completion_rate": 0.875,
        "spill_over": 1,
        "duration_days": 14,
        "closed_at": datetime.combine(ended_on, datetime.max.time(), UTC),
        "ended_on": ended_on,
        "progress_source": "reported",
    }
    return ClosedSprint(**values | changes)


async def end_sprint(memory: Memory, episode: Episode, **changes: Any) -> int:
    """Store the end of an episode's sprint; return how many episodes changed."""
    async with memory.pool.connection() as connection, connection.transaction():
        return await outcomes.store(connection, closed_sprint(episode, **changes))


def remember(perception: Perception, number: int = 1, **changes: Any) -> Episode:
    """Return a fully recorded decision on a state, whose sprint has ended."""
    return Episode(
        **{
            "episode_id": uuid5(NAMESPACE, f"{perception.project_id}/{perception.day}/{number}"),
            "project_id": perception.project_id,
            "origin": "run",
            "decided_at": datetime.combine(perception.day, datetime.min.time(), UTC),
            "agent_version": "test",
            "sprint_id": f"{perception.project_id}-S{number:02d}",
            "perception": perception,
            "decision": decide(),
            "outcome": Outcome(
                completed_tasks=7,
                planned_tasks=8,
                completion_rate=0.875,
                spill_over=1,
                duration_days=14,
            ),
        }
        | changes
    )


def invent(count: int, seed: int = 1, projects: int = 50) -> list[Episode]:
    """Return episodes of random projects, the same for the same seed."""
    chance = random.Random(seed)
    return [_invented(chance, number, projects) for number in range(count)]


def _invented(chance: random.Random, number: int, projects: int) -> Episode:
    pace, past = chance.lognormvariate(2.2, 0.8), chance.randrange(0, 30)
    backlog = int(chance.lognormvariate(2.8, 0.9))
    people = chance.choice([None, 2, 3, 4, 5, 6, 7, 9, 12])
    days = chance.choice([7, 14, 14, 14, 21])
    working = days * 5 // 7 - chance.choice([0, 0, 0, 1])
    perception = perceive(
        f"P{number % projects:04}",
        day=TODAY - timedelta(chance.randrange(1, 700)),
        backlog_tasks=backlog,
        unassigned_tasks=int(backlog * chance.random()),
        team_size=people,
        sprint_days=days,
        working_days=working,
        team_working_days=None if people is None else int(people * working * 0.95),
        past_sprints=past,
        completed=tuple(max(0, int(chance.gauss(pace, pace / 3))) for _ in range(min(past, 24))),
    )
    return remember(perception, number)


class SlowEmbedder(WordEmbedder):
    """An embedder that answers once `ready` is set."""

    def __init__(self, ready: asyncio.Event) -> None:
        super().__init__()
        self._ready = ready

    async def embed(self, texts: Sequence[str]) -> tuple[list[list[float]], str]:
        await self._ready.wait()
        return await super().embed(texts)
