"""Episodes as rows of the database, and back."""

from collections.abc import Iterable
from typing import Any, LiteralString

from memory import quality
from memory.document import encode
from memory.episode import Episode, Outcome
from memory.features import features

# One JSON document carries any number of episodes; `features` is read as the text of a vector.
INSERT: LiteralString = """
    INSERT INTO episodes (
        episode_id, project_id, origin, decided_at, agent_version, decision_source, sprint_id, day,
        perception, reasoning, action, quality, recallable, features,
        completed_tasks, planned_tasks, completion_rate, spill_over, duration_days)
    SELECT episode_id, project_id, origin, decided_at, agent_version, decision_source, sprint_id,
        day, perception, reasoning, action, quality, recallable, features::vector,
        completed_tasks, planned_tasks, completion_rate, spill_over, duration_days
    FROM jsonb_to_recordset(%s::jsonb) AS episode (
        episode_id uuid, project_id text, origin text, decided_at timestamptz, agent_version text,
        decision_source text, sprint_id text, day date, perception jsonb, reasoning jsonb,
        action jsonb, quality real, recallable boolean, features text, completed_tasks integer,
        planned_tasks integer, completion_rate double precision, spill_over integer,
        duration_days integer)
    ON CONFLICT DO NOTHING
"""
COLUMNS: LiteralString = """
    episode_id, project_id, origin, decided_at, agent_version, decision_source, sprint_id,
    perception, reasoning, action,
    completed_tasks, planned_tasks, completion_rate, spill_over, duration_days
"""


def to_document(episodes: Iterable[Episode]) -> str:
    """The parameter of `INSERT`. Raises: `Invalid` for what cannot be stored."""
    return encode([_row(episode) for episode in episodes]).decode()


def to_episode(row: dict[str, Any]) -> Episode:
    """An episode of a row of `COLUMNS`."""
    outcome = {name: row.pop(name) for name in Outcome.model_fields}
    return Episode(**row, outcome=None if outcome["completed_tasks"] is None else outcome)  # pyright: ignore[reportArgumentType]


def _row(episode: Episode) -> dict[str, Any]:
    row = episode.model_dump(mode="json")
    outcome: dict[str, Any] = row.pop("outcome") or {}
    return (
        row
        | outcome
        | {
            "day": row["perception"]["day"],
            "quality": quality.score(episode),
            "recallable": quality.recallable(episode),
            "features": features(episode.perception),
        }
    )
