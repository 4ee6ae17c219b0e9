"""Answers, audits, episodes and events equal the golden files byte for byte.

A decision that is made again from its stored inputs is the run's own.
"""

from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel
from redis.asyncio import Redis

from graphs.inputs import from_document
from graphs.replay import decide_again
from memory.decision import Decision
from memory.episode import Episode
from memory.runs import RunTable
from tests.agent.conftest import until
from tests.golden.recording import assert_recorded, parse
from tests.golden.scenarios import SCENARIOS, Scenario, wall_clock
from tests.golden.story import Story, rows
from tests.graphs.conftest import System

_INPUTS = "SELECT run_id, project_id, inputs FROM run_inputs ORDER BY run_id"


@pytest.fixture
def decisions(monkeypatch: pytest.MonkeyPatch) -> dict[str, Decision]:
    """Note the whole decision of each run: a dry run stores its answer alone."""
    noted: dict[str, Decision] = {}
    finish = RunTable.finish

    async def noting(
        self: RunTable,
        run_id: Any,
        token: int,
        response: BaseModel,
        episode: Episode,
        *rest: Any,
        **more: Any,
    ) -> None:
        noted[str(run_id)] = episode.decision
        await finish(self, run_id, token, response, episode, *rest, **more)

    monkeypatch.setattr(RunTable, "finish", noting)
    return noted


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.__name__)
async def test_decision_is_that_of_the_golden_file_and_the_same_when_replayed(
    whole: System, decisions: dict[str, Decision], scenario: Scenario
) -> None:
    story = Story(whole, "GOLD")
    await scenario(story)
    await _assert_replayed(story, decisions)
    document = await story.complete()
    as_of = date.fromisoformat(story.steps[0]["answer"]["as_of"])
    assert_recorded(scenario.__name__, document, as_of if scenario is wall_clock else None)


async def _assert_replayed(story: Story, decisions: dict[str, Decision]) -> None:
    stored = await rows(story.system, "orchestrator", _INPUTS)
    assert {str(row["run_id"]) for row in stored} == decisions.keys()
    assert len(stored) == len(story.steps)
    for row in stored:
        decision = decisions[str(row["run_id"])]
        assert decide_again(from_document(row["inputs"])) == decision


async def test_events_on_the_streams_are_those_of_the_golden_file(whole: System) -> None:
    """Start a sprint, simulate a day, report progress, close it with one task unfinished."""
    await whole.start("daily_scrum")
    story = Story(whole, "GOLD")
    await story.create_project(3, progress_mode="simulated")
    await story.create_team("E1", "E2")
    sprint = await story.post("sprint", "/sprints/GOLD", {"sprint_goal": "Ship it"})
    await until(story.events_confirmed)
    await story.post("daily_scrum", f"/scrums/{sprint['sprint_id']}/run")

    async def simulated_day_arrived() -> bool:
        still_open = "SELECT 1 FROM outbox WHERE closed_at IS NULL"
        return not await rows(whole, "daily_scrum", still_open) and await story.events_confirmed()

    await until(simulated_day_arrived)
    first, second, _ = (task["task_id"] for task in sprint["tasks"])
    body = {"progress_percentage": 100, "today_work": "Done", "employee_id": "E1"}
    await story.post("sprint", f"/tasks/{first}/progress", body)
    await story.post("sprint", f"/tasks/{second}/progress", {"status": "blocked"})
    await until(story.events_confirmed)
    await story.post("sprint", f"/sprints/{sprint['sprint_id']}/close")
    await until(story.events_confirmed)
    async with Redis.from_url(whole.redis_url) as redis:
        streams = ("daily_scrum_events", "sprint_events")
        document = {stream: await _by_producer(redis, stream) for stream in streams}
    assert_recorded("events", document)


async def _by_producer(redis: Redis, stream: str) -> dict[str, list[dict[str, Any]]]:
    """Read a stream, each event once: an unconfirmed one is sent again.

    Events keep their order within a producer only, so they are grouped by it.
    """
    entries = [
        {key.decode(): parse(value.decode()) for key, value in fields.items()}
        for _, fields in await redis.xrange(stream)
    ]
    producers: dict[str, dict[str, dict[str, Any]]] = {}
    for entry in entries:
        # One that the table sends again has its fields in the order of PostgreSQL's JSON.
        entry["event"]["event_data"] = dict(sorted(entry["event"]["event_data"].items()))
        producer = producers.setdefault(entry["event"]["metadata"]["source_service"], {})
        producer[entry["event"]["event_id"]] = entry
    return {name: list(events.values()) for name, events in producers.items()}
