"""Episodes as rows of the database."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import LiteralString, TypedDict

from domain_services.chronicle.schema import DecisionEffect
from domain_services.events import ProgressSource
from memory import quality
from memory.decision import Adjustment, DecisionSource, EvidenceKind
from memory.document import encode
from memory.episode import Episode, EpisodeReview, Origin, Outcome
from memory.episode_documents import Documents, JsonObject, documents_of
from memory.features import features

# One JSON document carries any number of episodes: a statement with parameters for each row would
# be planned again for each number of rows. `features` is read as the text of a vector.
INSERT: LiteralString = """
    INSERT INTO episodes (
        episode_id, project_id, origin, decided_at, agent_version, decision_source, sprint_id, day,
        perception, reasoning, action, quality, recallable, features,
        completed_tasks, planned_tasks, completion_rate, spill_over, duration_days,
        progress_source, worked,
        rule_tasks, recommended_tasks, applied_tasks, raw_confidence, stated_confidence, effect,
        evidence_kind, review)
    SELECT episode_id, project_id, origin, decided_at, agent_version, decision_source, sprint_id,
        day, perception, reasoning, action, quality, recallable, features::vector,
        completed_tasks, planned_tasks, completion_rate, spill_over, duration_days,
        progress_source, worked,
        rule_tasks, recommended_tasks, applied_tasks, raw_confidence, stated_confidence, effect,
        evidence_kind, review
    FROM jsonb_to_recordset(%s::jsonb) AS episode (
        episode_id uuid, project_id text, origin text, decided_at timestamptz, agent_version text,
        decision_source text, sprint_id text, day date, perception jsonb, reasoning jsonb,
        action jsonb, quality real, recallable boolean, features text, completed_tasks integer,
        planned_tasks integer, completion_rate double precision, spill_over integer,
        duration_days integer, progress_source text, worked boolean, rule_tasks integer,
        recommended_tasks integer, applied_tasks integer, raw_confidence double precision,
        stated_confidence double precision, effect text, evidence_kind text,
        review text)
    ON CONFLICT DO NOTHING
"""


class OutcomeColumns(TypedDict):
    """Outcome of the sprint; all None while it is not known."""

    completed_tasks: int | None
    planned_tasks: int | None
    completion_rate: float | None
    spill_over: int | None
    duration_days: int | None
    progress_source: ProgressSource | None
    worked: bool | None


class DecisionColumns(TypedDict):
    """The numbers that learning reads; all None when no change of the task count was considered.

    Learning selects these columns by name (`memory/decision_outcomes.py`).
    """

    rule_tasks: int | None
    recommended_tasks: int | None
    applied_tasks: int | None
    raw_confidence: float | None
    stated_confidence: float | None
    evidence_kind: EvidenceKind | None


class EpisodeRow(Documents, OutcomeColumns, DecisionColumns):
    """A row of the table `episodes` as JSON, by the names of its columns."""

    episode_id: str
    project_id: str
    origin: Origin
    decided_at: datetime
    agent_version: str
    decision_source: DecisionSource
    sprint_id: str | None
    day: date
    perception: JsonObject
    quality: float
    recallable: bool
    features: tuple[float, ...]
    effect: DecisionEffect | None
    review: EpisodeReview | None


def to_document(episodes: Iterable[Episode]) -> str:
    """Return the parameter of `INSERT`. Raises: `Invalid` for text that cannot be stored."""
    return encode([to_row(episode) for episode in episodes]).decode()


def to_row(episode: Episode) -> EpisodeRow:
    """Return an episode as a row."""
    decision, score = episode.decision, quality.score(episode)
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
        "quality": score,
        "recallable": quality.recallable(episode.outcome, score),
        "features": features(episode.perception),
        "effect": episode.effect if episode.origin == "run" else None,
        "review": episode.review,
        **documents_of(episode),
        **_outcome_columns(episode.outcome),
        **_decision_columns(decision.adjustment("task_count_modification")),
    }


def _outcome_columns(outcome: Outcome | None) -> OutcomeColumns:
    return {
        "completed_tasks": outcome.completed_tasks if outcome else None,
        "planned_tasks": outcome.planned_tasks if outcome else None,
        "completion_rate": outcome.completion_rate if outcome else None,
        "spill_over": outcome.spill_over if outcome else None,
        "duration_days": outcome.duration_days if outcome else None,
        # An episode that comes with its outcome is imported, from a file of people's work.
        "progress_source": "reported" if outcome else None,
        "worked": True if outcome else None,
    }


def _decision_columns(adjustment: Adjustment | None) -> DecisionColumns:
    evidence = adjustment.evidence if adjustment else None
    nearer = evidence.nearer if evidence else None
    return {
        "rule_tasks": adjustment.rule if adjustment else None,
        "recommended_tasks": adjustment.recommended if adjustment else None,
        "applied_tasks": adjustment.applied if adjustment else None,
        "raw_confidence": nearer.raw if nearer else None,
        "stated_confidence": nearer.stated if nearer else None,
        "evidence_kind": evidence.kind if evidence else None,
    }
