"""A decision that is made again from its stored inputs is the run's own, in every scenario."""

from typing import Any

import pytest
from pydantic import BaseModel

from graphs.inputs import from_document
from graphs.replay import decide_again
from memory.decision import Decision
from memory.episode import Episode
from memory.runs import RunTable
from tests.golden.scenarios import SCENARIOS, Scenario
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
async def test_replay_without_a_change_is_the_decision_of_the_run(
    whole: System, decisions: dict[str, Decision], scenario: Scenario
) -> None:
    story = Story(whole, "GOLD")
    await scenario(story)
    stored = await rows(whole, "orchestrator", _INPUTS)
    assert {str(row["run_id"]) for row in stored} == decisions.keys()
    assert len(stored) == len(story.steps)
    for row in stored:
        decision = decisions[str(row["run_id"])]
        assert decide_again(from_document(row["inputs"])) == decision
