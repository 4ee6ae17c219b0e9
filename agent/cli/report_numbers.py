"""Numbers of a decision, and the tasks of its sprint."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table

from agent.cli.layout import name_value_rows, plain_text
from agent.cli.next_steps import day_in_words
from agent.cli.reasons import proposal, task_report, threshold
from agent.cli.running_sprint import RunningSprint
from agent.cli.words import count
from domain_services.sprint.schema import SprintTask
from graphs.answer import Orchestration
from graphs.thresholds import INTERVAL
from memory.documents import AdjustmentReport

_SHOWN_TASKS = 15
_SHOWN_DAYS_OFF = 5
_SHOWN_SPRINTS = 6


def numbers(answer: Orchestration, running: RunningSprint | None = None) -> RenderableType:
    """Build the table of the numbers that decided, and of what was known."""
    rows: list[tuple[str, str]] = []
    if report := task_report(answer):
        rows += _task_count(answer, report)
    elif running is not None and running.expected is not None:
        rows.append(("expected", _expected(running.expected, running.low, running.high)))
    rows += _facts(answer)
    rows.append(("day", day_in_words(answer)))
    return name_value_rows(rows)


def _task_count(answer: Orchestration, report: AdjustmentReport) -> Iterator[tuple[str, str]]:
    rule, evidence = report.original_recommendation, report.intelligence_recommendation
    yield "tasks", f"rule {rule}, evidence {evidence}, applied {report.applied_value}"
    if report.confidence is not None:
        result = "passed" if report.gate.passed else "rejected"
        yield (
            "confidence",
            f"{report.confidence:.2f} that {evidence} is nearer than {rule}, "
            f"{threshold(answer):.2f} needed: {result}",
        )
    forecast = proposal(report)
    if forecast is not None and forecast.expected is not None:
        yield "expected", _expected(forecast.expected, forecast.low, forecast.high)


def _expected(mean: float, low: int | None, high: int | None) -> str:
    return f"{mean:.1f} tasks in the whole sprint, {low} to {high} in {INTERVAL:.0%} of cases"


def _facts(answer: Orchestration) -> Iterator[tuple[str, str]]:
    analysis = answer.analysis
    history = analysis.historical_context
    newest = history.completed_per_sprint[-_SHOWN_SPRINTS:]
    if newest:
        past = count(history.past_sprints, "past sprint")
        yield "history", f"{past}; the last completed {' '.join(map(str, newest))} tasks"
    free = f"{analysis.unassigned_tasks} free to be planned"
    yield "backlog", f"{count(analysis.backlog_tasks, 'open task')}, {free}"
    team = count(analysis.team_size, "person") if analysis.team_size else "not known"
    yield "team", team.replace("persons", "people")
    if analysis.working_days is not None:
        yield "working days", _working_days(answer)
    if analysis.days_off:
        yield "days off", "; ".join(analysis.days_off[:_SHOWN_DAYS_OFF])


def _working_days(answer: Orchestration) -> str:
    analysis = answer.analysis
    if analysis.team_working_days is None:
        return f"{analysis.working_days} in the window"
    together = f"{analysis.team_working_days} of all people together"
    return f"{analysis.working_days} in the window, {together}"


def task_table(
    tasks: list[SprintTask], shown: int | None = _SHOWN_TASKS
) -> Iterator[RenderableType]:
    """Build the table of a new sprint's tasks; None shows every task."""
    table = Table("task", "title", "priority", "assigned to", box=None, padding=(0, 2, 0, 0))
    for task in tasks[:shown]:
        table.add_row(
            task.task_id,
            plain_text(task.title),
            str(task.priority),
            plain_text(task.assigned_to or "nobody yet"),
        )
    yield table
    if shown is not None and len(tasks) > shown:
        yield plain_text(f"and {count(len(tasks) - shown, 'more task')}, listed by --why")
