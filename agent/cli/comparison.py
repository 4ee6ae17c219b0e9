"""A decision beside what the team really did, where an import kept that back."""

from dataclasses import dataclass
from pathlib import Path

from agent.cli.connect import Clients
from agent.importing import holdout
from agent.schema import Orchestration


@dataclass(frozen=True)
class Comparison:
    """`finished` tasks of the window after the decision, `from_backlog` of these were open then.

    The window has `window_days`, the decision is for `decided_days`, None without a sprint.
    `chosen_finished` counts the sprint's own tasks that were finished, None without a sprint;
    `applied`, `rule` and `recommended` are the numbers of the decision, None when it made none.
    """

    window_end: str
    window_days: int
    decided_days: int | None
    finished: int
    from_backlog: int
    chosen_finished: int | None
    applied: int | None
    rule: int | None
    recommended: int | None

    @property
    def nearer(self) -> str | None:
        """Which number ended nearer to the truth: `rule`, `recommendation` or `equal`.

        None without two numbers, or when the truth is of another length than the decision.
        """
        if self.rule is None or self.recommended is None or self.window_days != self.decided_days:
            return None
        of_rule, of_evidence = abs(self.rule - self.finished), abs(self.recommended - self.finished)
        if of_rule == of_evidence:
            return "equal"
        return "rule" if of_rule < of_evidence else "recommendation"


async def compare(data_dir: Path, clients: Clients, answer: Orchestration) -> Comparison | None:
    """The truth about the window that was decided on; None where nothing was kept back."""
    truth = holdout.find(data_dir, answer.project_id, answer.as_of)
    if truth is None:
        return None
    weeks = answer.decisions.sprint_duration_weeks
    count = answer.decisions.intelligence_adjustments.get("task_count_modification")
    return Comparison(
        window_end=truth.window_end,
        window_days=truth.days,
        decided_days=7 * weeks if weeks is not None else None,
        finished=truth.finished,
        from_backlog=len(truth.from_backlog),
        chosen_finished=await _chosen_finished(clients, answer, truth),
        applied=answer.decisions.tasks_to_assign,
        rule=answer.decisions.rule_based_decision.tasks_to_assign,
        recommended=count.intelligence_recommendation if count else None,
    )


async def _chosen_finished(
    clients: Clients, answer: Orchestration, truth: holdout.ActualOutcome
) -> int | None:
    if not answer.created or not answer.created["sprint_id"]:
        return None
    chosen = {task["task_id"] for task in answer.created["tasks"]}
    finished = set(truth.from_backlog)
    tasks = await clients.backlog.list_tasks(answer.project_id)
    return sum(task.task_id in chosen and task.external_key in finished for task in tasks)
