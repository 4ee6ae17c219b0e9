"""Lines of `dsm memory` say what became of a decision."""

from datetime import UTC, date, datetime

import pytest

from agent.cli.memory_view import page
from agent.episodes.schema import EpisodePage, EpisodeSummary

EPISODE = "0193a3f0-8c5e-7000-8000-000000000001"


def line(**values: object) -> str:
    fields = dict.fromkeys(EpisodeSummary.model_fields)
    known = {
        "episode_id": EPISODE,
        "project_id": "P1",
        "origin": "run",
        "decided_at": datetime(2026, 3, 2, tzinfo=UTC),
        "agent_version": "0.1.0",
        "decision_source": "rule_based_only",
        "day": date(2026, 3, 2),
        "recallable": False,
        "quality": 0.5,
        "version": 1,
    }
    episode = EpisodeSummary.model_validate({**fields, **known, **values})
    return "\n".join(page(EpisodePage(episodes=[episode], next_cursor=None)))


@pytest.mark.parametrize(
    ("values", "state"),
    [
        ({"sprint_id": "P1-S46"}, "P1-S46  no outcome yet"),
        ({"sprint_id": None}, "no sprint  no outcome"),
        ({"sprint_id": "P1-S46", "cancelled_at": datetime(2026, 3, 3, tzinfo=UTC)}, "cancelled"),
    ],
)
def test_an_outcome_is_awaited_of_a_sprint_alone(values: dict[str, object], state: str) -> None:
    assert f"{state}  {EPISODE}" in line(**values)
