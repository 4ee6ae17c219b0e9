"""Answers about stored episodes, and the cursor of their pages."""

import re
from datetime import UTC, datetime, timedelta
from uuid import UUID

from pydantic import ValidationError

from agent.episodes import schema
from domain_services.kernel.errors import Invalid
from memory.episode import Outcome, Perception, SimilarEpisode
from memory.episode_reads import EpisodeLine, EpisodeState

CURSOR = r"[0-9]{1,17}-[0-9a-f]{32}"
_EPOCH = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def cursor_of(line: EpisodeLine) -> str:
    """Return the cursor behind an episode: its time and its id."""
    return f"{(line.decided_at - _EPOCH) // _MICROSECOND}-{line.episode_id.hex}"


def read_cursor(cursor: str) -> tuple[datetime, UUID]:
    """Return time and id of a cursor. Raises: `Invalid`."""
    if re.fullmatch(CURSOR, cursor) is None:
        raise Invalid("cursor: give back the next_cursor of a page as it is")
    microseconds, _, digits = cursor.partition("-")
    try:
        return _EPOCH + int(microseconds) * _MICROSECOND, UUID(digits)
    except OverflowError as error:
        raise Invalid("cursor: give back the next_cursor of a page as it is") from error


def summary(line: EpisodeLine) -> schema.EpisodeSummary:
    """Return a stored episode as routes answer it."""
    values = {name: getattr(line, name) for name in EpisodeLine.__slots__}
    return schema.EpisodeSummary.model_validate(
        {
            name: value
            for name, value in values.items()
            if name in schema.EpisodeSummary.model_fields and name != "perception"
        }
        | {"perception": _perception(line), "outcome": _outcome(line)}
    )


def _perception(line: EpisodeLine) -> Perception | None:
    try:
        return Perception.model_validate(line.perception)
    except ValidationError:
        # A forgotten one is empty; another release may store another shape.
        return None


def _outcome(line: EpisodeLine) -> Outcome | None:
    if line.completed_tasks is None or line.duration_days is None:
        return None
    return Outcome(
        completed_tasks=line.completed_tasks,
        planned_tasks=line.planned_tasks,
        completion_rate=line.completion_rate,
        spill_over=line.spill_over,
        duration_days=line.duration_days,
    )


def recalled(episode: SimilarEpisode, rank: int, state: EpisodeState | None) -> schema.Recalled:
    """Return a recalled episode; `state` None is that of one that is stored no more."""
    version, forgotten = state or (None, False)
    return schema.Recalled(
        episode_id=episode.episode_id,
        project_id=episode.project_id,
        sprint_id=episode.sprint_id,
        rank=rank,
        similarity=episode.similarity,
        structured_similarity=episode.structured_similarity,
        text_similarity=episode.text_similarity,
        found_by=episode.found_by,
        outcome=None if forgotten else episode.outcome,
        version=version,
        forgotten=forgotten,
        words=_why(episode, rank, forgotten=forgotten),
    )


def _why(episode: SimilarEpisode, rank: int, *, forgotten: bool) -> str:
    if forgotten:
        return f"one forgotten episode, number {rank} by similarity"
    numbers, text = episode.structured_similarity, episode.text_similarity
    parts = f"its numbers are alike to {numbers:.2f}"
    if text is not None:
        parts += f", its text to {text:.2f}"
    elif episode.similarity == numbers:
        parts += ", its text was not compared"
    else:
        parts += ", its text was not embedded yet, and the mean of the others counted"
    return f"number {rank} by similarity {episode.similarity:.2f}: {parts}"
