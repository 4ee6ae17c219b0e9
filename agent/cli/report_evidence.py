"""Reasons of a decision in detail, and the similar episodes that it recalled."""

from collections.abc import Container, Iterator
from uuid import UUID

from rich.console import RenderableType
from rich.table import Table

from agent.cli.layout import name_value_rows, plain_text
from agent.cli.reasons import proposal
from agent.cli.words import count
from graphs.answer import HistoricalContext, Orchestration
from memory.documents import AdjustmentReport, PartReport
from memory.episode import SimilarEpisode

_STEPS = ("analyse", "rules", "recall", "adjust", "gate", "act", "record")
_SHOWN_SPRINTS = 12
# Prefix of the chronicle's entry in `degraded`, as graphs/nodes/analyse.py names it.
_HISTORY = "history: "
_TITLES = {"task_count_modification": "tasks", "sprint_duration_modification": "weeks"}


def reason_parts(answer: Orchestration) -> Iterator[RenderableType]:
    """Build the rule's reason, each recommendation, the own history, the calls and the timings."""
    yield name_value_rows([("rule", answer.decisions.rule_based_decision.reasoning)])
    for name, adjustment in answer.decisions.intelligence_adjustments.items():
        yield name_value_rows(_adjustment_rows(_TITLES.get(name, name), adjustment))
    yield own_history(answer.analysis.historical_context, answer.performance_metrics.degraded)
    yield name_value_rows(
        [("calls", "\n".join(_calls(answer)) or "none"), ("timings", _timings(answer))]
    )


def _adjustment_rows(title: str, adjustment: AdjustmentReport) -> Iterator[tuple[str, str]]:
    forecast = proposal(adjustment)
    if forecast is None:
        yield title, adjustment.rationale
    yield "gate", adjustment.gate.reason
    yield "sample", f"{adjustment.sample_size}: {adjustment.evidence_source}"
    if forecast is not None and forecast.windows:
        windows = count(forecast.windows, "past window")
        yield (
            "record",
            f"evidence nearer in {forecast.wins} of {windows}, rule in {forecast.losses}",
        )
    if forecast is not None and forecast.parts:
        yield "behind it", "; ".join(map(_part, forecast.parts))


def _part(part: PartReport) -> str:
    sample = f" (from {part.sample_size})" if part.sample_size else ""
    return f"{part.name.replace('_', ' ')} {part.value:.3g}{sample}"


def own_history(history: HistoricalContext, missing: list[str]) -> RenderableType:
    """Build the rows of the team's past sprints, or the sentence that says why there are none."""
    completed = history.completed_per_sprint
    if completed:
        newest = " ".join(str(tasks) for tasks in completed[-_SHOWN_SPRINTS:])
        past = count(history.past_sprints, "past sprint")
        trend = f", {history.velocity_trend}" if history.velocity_trend else ""
        average = f"{history.average_velocity or 0:.1f} tasks a sprint on average{trend}"
        return name_value_rows(
            [("own history", f"{past}; completed, newest last: {newest}"), ("velocity", average)]
        )
    # A chronicle without an answer leaves the same empty list as a project without a past.
    if any(source.startswith(_HISTORY) for source in missing):
        return plain_text("the project's history did not answer")
    return plain_text("no past sprint of this project is known")


def episode_table(episodes: list[SimilarEpisode], forgotten: Container[UUID] = ()) -> Table:
    """Build the table of the similar episodes, the nearest first, without forgotten outcomes."""
    table = Table("sprint", "day", "similarity", "found by", "completed", box=None)
    for episode in episodes:
        table.add_row(
            plain_text(episode.sprint_id or str(episode.episode_id)),
            str(episode.day),
            f"{episode.similarity:.2f}",
            episode.found_by,
            "forgotten since"
            if episode.episode_id in forgotten
            else str(episode.outcome.completed_tasks),
        )
    return table


def _calls(answer: Orchestration) -> list[str]:
    if answer.actions_taken:
        return answer.actions_taken
    return [f"planned: {call.description}" for call in answer.actions_planned]


def _timings(answer: Orchestration) -> str:
    metrics = answer.performance_metrics
    steps = ", ".join(
        f"{name} {metrics.steps_ms[name]:.1f}" for name in _STEPS if name in metrics.steps_ms
    )
    recall = f"recall by {metrics.recall_path} in {metrics.recall_ms:.1f} ms"
    return f"{metrics.total_ms:.1f} ms ({steps}); {recall}"
