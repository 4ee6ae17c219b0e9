"""Episodes as rows of the database."""

from collections.abc import Iterable
from typing import Any, LiteralString

from memory import quality
from memory.decision import Adjustment
from memory.document import encode
from memory.episode import Episode
from memory.episode_documents import documents_of
from memory.features import features

# One JSON document carries any number of episodes; `features` is read as the text of a vector.
INSERT: LiteralString = """
    INSERT INTO episodes (
        episode_id, project_id, origin, decided_at, agent_version, decision_source, sprint_id, day,
        perception, reasoning, action, quality, recallable, features,
        completed_tasks, planned_tasks, completion_rate, spill_over, duration_days,
        rule_tasks, recommended_tasks, applied_tasks, raw_confidence, stated_confidence)
    SELECT episode_id, project_id, origin, decided_at, agent_version, decision_source, sprint_id,
        day, perception, reasoning, action, quality, recallable, features::vector,
        completed_tasks, planned_tasks, completion_rate, spill_over, duration_days,
        rule_tasks, recommended_tasks, applied_tasks, raw_confidence, stated_confidence
    FROM jsonb_to_recordset(%s::jsonb) AS episode (
        episode_id uuid, project_id text, origin text, decided_at timestamptz, agent_version text,
        decision_source text, sprint_id text, day date, perception jsonb, reasoning jsonb,
        action jsonb, quality real, recallable boolean, features text, completed_tasks integer,
        planned_tasks integer, completion_rate double precision, spill_over integer,
        duration_days integer, rule_tasks integer, recommended_tasks integer,
        applied_tasks integer, raw_confidence double precision, stated_confidence double precision)
    ON CONFLICT DO NOTHING
"""


def to_document(episodes: Iterable[Episode]) -> str:
    """Return the parameter of `INSERT`. Raises: `Invalid` for what cannot be stored."""
    return encode([_row(episode) for episode in episodes]).decode()


def _row(episode: Episode) -> dict[str, Any]:
    decision, quality_score = episode.decision, quality.score(episode)
    outcome = episode.outcome.model_dump(mode="json") if episode.outcome else {}
    return {
        "episode_id": str(episode.episode_id),
        "project_id": episode.project_id,
        "origin": episode.origin,
        "decided_at": episode.decided_at,
        "agent_version": episode.agent_version,
        "decision_source": decision.source,
        "sprint_id": episode.sprint_id,
        "day": episode.perception.day,
        "perception": episode.perception.model_dump(mode="json"),
        **documents_of(episode),
        "quality": quality_score,
        "recallable": quality.recallable(episode.outcome, quality_score),
        "features": features(episode.perception),
        **outcome,
        **_numbers(decision.adjustment("task_count_modification")),
    }


def _numbers(adjustment: Adjustment | None) -> dict[str, int | float | None]:
    """The columns that learning reads; all NULL when no change of the task count was considered."""
    if adjustment is None:
        return {}
    confidence = adjustment.confidence
    return {
        "rule_tasks": adjustment.rule,
        "recommended_tasks": adjustment.recommended,
        "applied_tasks": adjustment.applied,
        "raw_confidence": confidence.raw if confidence else None,
        "stated_confidence": confidence.stated if confidence else None,
    }
