"""Comparison of a decision with the actual outcome, where imported files know one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from agent.cli.connect import Clients
from agent.importing.history import holdout
from agent.importing.history.row_store import RowStore
from domain_services.backlog.pages import all_tasks
from graphs.answer import Orchestration
from memory.decision import Range


@dataclass(frozen=True)
class ExpectedTasks:
    """Forecast of a number of tasks, as the decision stated it."""

    mean: float
    """Tasks on average."""
    low: int
    """Lower end of the usual range, the central 70 %."""
    high: int
    """Upper end of the usual range."""

    def holds(self, tasks: int) -> bool:
        """Check that an outcome is in the usual range."""
        return self.low <= tasks <= self.high


@dataclass(frozen=True)
class Comparison:
    """Numbers of a decision beside the tasks that were finished in the window decided on.

    A plan is made of tasks of the backlog, so it is compared with finished tasks of the backlog; a
    plan of picked tasks with those of them that were finished.
    """

    window_end: str
    """Last day of the window, ISO 8601."""
    window_days: int
    """Days of the window."""
    decided_days: int | None
    """Days of the decided sprint; None when the decision creates none."""
    finished: int
    """Tasks finished in the window, as far as it is known."""
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
    window_start: str | None = None
    """First day of the window, ISO 8601."""
    known_until: str | None = None
    """Last day of the window that is known, ISO 8601; None when all of it is."""
    expected: ExpectedTasks | None = None
    """Expected tasks of the backlog; None when the decision creates no sprint."""
    expected_arriving: ExpectedTasks | None = None
    """Expected tasks that arrive after the start; None when not known."""

    picked: int | None = None
    """Tasks of the scope on the table; None without one."""
    picked_finished: int | None = None
    """Tasks of `finished` that were picked; None as above."""

    @property
    def outcome(self) -> int:
        """Return the finished tasks that the plan is compared with."""
        return self.from_backlog if self.picked_finished is None else self.picked_finished

    @property
    def arrived(self) -> int:
        """Count the finished tasks that were not in the backlog at the decision."""
        return self.finished - self.from_backlog

    @property
    def comparable(self) -> bool:
        """True when the whole window is known, and as long as the decided sprint."""
        return self.known_until is None and self.window_days == self.decided_days

    @property
    def in_usual_range(self) -> bool | None:
        """Check that the outcome is in the expected range; None when not comparable."""
        if not self.comparable or self.expected is None:
            return None
        return self.expected.holds(self.outcome)

    @property
    def nearer(self) -> Literal["rule", "recommendation", "equal"] | None:
        """Name the number that ended nearer to the actual outcome.

        None without two numbers, or when the outcome cannot be compared.
        """
        if not self.comparable or self.rule is None or self.recommended is None:
            return None
        rule = abs(self.rule - self.outcome)
        recommendation = abs(self.recommended - self.outcome)
        if rule == recommendation:
            return "equal"
        return "rule" if rule < recommendation else "recommendation"


async def compare(
    store: RowStore, clients: Clients, answer: Orchestration, picked: Sequence[str] = ()
) -> Comparison | None:
    """Compare a decision with the actual outcome; None when no imported file knows it.

    `picked` are the ids of the scope on the table; empty without one.
    """
    window = await _window(store, answer)
    actual = await holdout.find(store, answer.project_id, *window) if window else None
    if actual is None:
        return None
    weeks = answer.decisions.sprint_duration_weeks
    chosen = frozenset(task.task_id for task in (answer.created.tasks if answer.created else ()))
    finished = await _finished_ids(clients, answer.project_id, actual) if chosen or picked else ()
    task_count = answer.decisions.intelligence_adjustments.get("task_count_modification")
    return Comparison(
        window_end=actual.window_end.isoformat(),
        window_days=actual.days,
        decided_days=7 * weeks if weeks is not None else None,
        finished=actual.finished,
        from_backlog=len(actual.from_backlog),
        chosen_finished=len(chosen.intersection(finished)) if chosen else None,
        applied=answer.decisions.tasks_to_assign,
        rule=answer.decisions.rule_based_decision.tasks_to_assign,
        recommended=task_count.intelligence_recommendation if task_count else None,
        window_start=actual.window_start.isoformat(),
        known_until=actual.known_until.isoformat() if actual.known_until else None,
        expected=_expected(answer.expectation and answer.expectation.planned),
        expected_arriving=_expected(answer.expectation and answer.expectation.arriving),
        picked=len(picked) or None,
        picked_finished=len(set(picked).intersection(finished)) if picked else None,
    )


def _expected(forecast: Range | None) -> ExpectedTasks | None:
    return forecast and ExpectedTasks(forecast.expected, forecast.low, forecast.high)


async def _window(store: RowStore, answer: Orchestration) -> tuple[date, date] | None:
    """Return first and last day of the sprint decided on, or of one cadence without a sprint.

    None while a sprint is in progress that the decision leaves as it is.
    """
    created = answer.created
    if created and created.start_date and created.end_date:
        return created.start_date, created.end_date
    if answer.analysis.current_sprint and not answer.decisions.create_new_sprint:
        return None
    weeks = answer.decisions.sprint_duration_weeks
    weeks = weeks or await holdout.cadence_weeks(store, answer.project_id)
    if weeks is None:
        return None
    # A dry run has created nothing, but its planned call names the first day.
    planned = [call.arguments.get("start_date") for call in answer.actions_planned]
    start = next((day for day in planned if isinstance(day, str)), answer.as_of.isoformat())
    first = date.fromisoformat(start)
    return first, first + timedelta(7 * weeks - 1)


async def _finished_ids(
    clients: Clients, project_id: str, actual: holdout.ActualOutcome
) -> set[str]:
    """Return the ids of the backlog's tasks that were finished in the window."""
    # The file knows its own ids only, which the backlog stores as external keys.
    keys = set(actual.from_backlog)
    return {
        task.task_id
        async for task in all_tasks(clients.backlog, project_id)
        if task.external_key in keys
    }
