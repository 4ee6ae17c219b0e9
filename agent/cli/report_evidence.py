"""Evidence and adjustments on the page of a decision."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from agent.cli.layout import name_value_rows, plain_text
from graphs.answer import HistoricalContext, Orchestration
from memory.documents import AdjustmentReport
from memory.episode import SimilarEpisode

_SHOWN_SPRINTS = 12
# Prefix of the chronicle's entry in `degraded`, as graphs/nodes/analyse.py names it.
_HISTORY = "history: "
_TITLES = {
    "task_count_modification": "tasks",
    "sprint_duration_modification": "weeks",
}


def evidence_parts(answer: Orchestration) -> Iterator[RenderableType]:
    """Build the team's own history, the similar episodes and what was missing."""
    missing = answer.performance_metrics.degraded
    yield own_history(answer.analysis.historical_context, missing)
    episodes = answer.intelligence_metadata.similar_episodes
    if episodes:
        yield _episode_table(episodes)
    for source in missing:
        yield Text(f"missing: {source}", style="yellow")


def own_history(history: HistoricalContext, missing: list[str]) -> RenderableType:
    """Build the rows of the team's past sprints, or the sentence that says why there are none."""
    completed = history.completed_per_sprint
    if completed:
        newest = " ".join(str(count) for count in completed[-_SHOWN_SPRINTS:])
        sprints = f"{history.past_sprints} past sprints; completed, newest last: {newest}"
        average = f"{history.average_velocity or 0:.1f} tasks a sprint on average"
        return name_value_rows(
            [("own history", sprints), ("velocity", f"{average}, {history.velocity_trend}")]
        )
    # A chronicle without an answer leaves the same empty list as a project without a past.
    if any(source.startswith(_HISTORY) for source in missing):
        return plain_text("the project's history did not answer")
    return plain_text("no past sprint of this project is known")


def _episode_table(episodes: list[SimilarEpisode]) -> Table:
    table = Table("similar episode", "day", "similarity", "found by", "completed", box=None)
    for episode in episodes:
        table.add_row(
            plain_text(episode.sprint_id or str(episode.episode_id)),
            str(episode.day),
            f"{episode.similarity:.2f}",
            episode.found_by,
            str(episode.outcome.completed_tasks),
        )
    return table


def adjustment_parts(answer: Orchestration) -> Iterator[RenderableType]:
    """Build the table of adjustments and the reason of each gate; nothing without adjustments."""
    adjustments = answer.decisions.intelligence_adjustments
    if not adjustments:
        return
    names = ("", "rule", "recommended", "applied", "confidence", "sample", "gate")
    table = Table(*names, box=None)
    for name, adjustment in adjustments.items():
        confidence = adjustment.confidence
        table.add_row(
            _TITLES.get(name, name),
            str(adjustment.original_recommendation),
            str(adjustment.intelligence_recommendation),
            str(adjustment.applied_value),
            f"{confidence:.2f}" if confidence is not None else "-",
            str(adjustment.sample_size),
            _gate(adjustment),
        )
    yield table
    for adjustment in adjustments.values():
        yield plain_text(adjustment.gate.reason)


def _gate(adjustment: AdjustmentReport) -> str:
    # The gate also judges an unchanged number, but its answer has no effect then.
    if adjustment.intelligence_recommendation == adjustment.original_recommendation:
        return "nothing to change"
    return "passed" if adjustment.gate.passed else "rejected"
