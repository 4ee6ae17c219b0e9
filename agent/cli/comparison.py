"""Comparison of a decision with the actual outcome, where an import saved one."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from agent.cli.connect import Clients
from agent.importing import holdout
from graphs.answer import Orchestration


@dataclass(frozen=True)
class Comparison:
    """Numbers of a decision beside the tasks that were finished in the window after it."""

    window_end: str
    """Last day of the window, ISO 8601."""
    window_days: int
    """Days of the window."""
    decided_days: int | None
    """Days of the decided sprint; None when the decision creates none."""
    finished: int
    """Tasks finished in the window."""
    from_backlog: int
    """Tasks of `finished` that were in the backlog at the decision."""
    chosen_finished: int | None
    """Tasks of `finished` that the decided sprint has; None when no sprint was created."""
    applied: int | None
    """Task count that was decided; None when the decision creates no sprint."""
    rule: int | None
    """Task count of the rule; None when it plans none."""
    recommended: int | None
    """Task count that the evidence recommends; None without a recommendation."""

    @property
    def nearer(self) -> Literal["rule", "recommendation", "equal"] | None:
        """Name the number that ended nearer to the actual outcome.

        None without two numbers, or when window and decided sprint are not equally long.
        """
        if self.rule is None or self.recommended is None or self.window_days != self.decided_days:
            return None
        rule_error = abs(self.rule - self.finished)
        recommendation_error = abs(self.recommended - self.finished)
        if rule_error == recommendation_error:
            return "equal"
        return "rule" if rule_error < recommendation_error else "recommendation"


async def compare(data_dir: Path, clients: Clients, answer: Orchestration) -> Comparison | None:
    """Compare a decision with the actual outcome; None when no import saved one for its day."""
    actual = holdout.find(data_dir, answer.project_id, answer.as_of)
    if actual is None:
        return None
    weeks = answer.decisions.sprint_duration_weeks
    task_count = answer.decisions.intelligence_adjustments.get("task_count_modification")
    return Comparison(
        window_end=actual.window_end,
        window_days=actual.days,
        decided_days=7 * weeks if weeks is not None else None,
        finished=actual.finished,
        from_backlog=len(actual.from_backlog),
        chosen_finished=await _chosen_finished(clients, answer, actual),
        applied=answer.decisions.tasks_to_assign,
        rule=answer.decisions.rule_based_decision.tasks_to_assign,
        recommended=task_count.intelligence_recommendation if task_count else None,
    )


async def _chosen_finished(
    clients: Clients, answer: Orchestration, actual: holdout.ActualOutcome
) -> int | None:
    if not answer.created or not answer.created.sprint_id:
        return None
    # The file knows its own ids only, which the backlog stores as external keys.
    chosen_ids = {task.task_id for task in answer.created.tasks}
    finished_keys = set(actual.from_backlog)
    backlog = await clients.backlog.list_tasks(answer.project_id)
    return sum(
        task.task_id in chosen_ids and task.external_key in finished_keys for task in backlog
    )
