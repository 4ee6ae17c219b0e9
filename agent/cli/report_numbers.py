"""Numbers of a decision, and of what was known."""

from collections.abc import Iterator

from rich.console import RenderableType

from agent.cli.layout import name_value_rows
from agent.cli.next_steps import day_in_words
from agent.cli.reasons import proposal, task_report, threshold
from agent.cli.running_sprint import RunningSprint
from agent.cli.words import count
from graphs.answer import Orchestration
from graphs.thresholds import INTERVAL
from memory.decision import ExpectedSprint, Selection
from memory.documents import AdjustmentReport, EvidenceDetails

_SHOWN_DAYS_OFF = 5
_SHOWN_SPRINTS = 6


def numbers(
    answer: Orchestration, running: RunningSprint | None = None, options: str = ""
) -> RenderableType:
    """Build the table of the numbers that decided, and of what was known."""
    rows: list[tuple[str, str]] = []
    if report := task_report(answer):
        rows += _task_count(answer, report)
    elif running is not None and running.expected is not None:
        rows.append(("expected", _mean_and_range(running.expected, running.low, running.high)))
    if answer.selection is not None and answer.selection.points is not None:
        rows.append(("points", points_in_words(answer.selection)))
    rows += _facts(answer)
    rows.append(("day", day_in_words(answer, options)))
    return name_value_rows(rows)


def points_in_words(selection: Selection) -> str:
    """Describe the sum of the estimates, which covers estimated tasks only."""
    tasks, estimated = len(selection.tasks), count(selection.estimated_tasks, "estimated task")
    of_all = "" if selection.estimated_tasks == tasks else f", of {tasks}"
    return f"{selection.points:g} in {estimated}{of_all}"


def expected_tasks(expectation: ExpectedSprint) -> str:
    """Describe planned and arriving tasks, each with its usual range."""
    planned, arriving = expectation.planned, expectation.arriving
    if arriving is None:
        return _mean_and_range(planned.expected, planned.low, planned.high)
    return (
        f"{planned.expected:.1f} of the backlog (usual: {planned.low} to {planned.high}),"
        f" {arriving.expected:.1f} arriving ({arriving.low} to {arriving.high})"
    )


def _task_count(answer: Orchestration, report: AdjustmentReport) -> Iterator[tuple[str, str]]:
    rule, evidence = report.original_recommendation, report.intelligence_recommendation
    yield "tasks", f"rule {rule}, evidence {evidence}, applied {report.applied_value}"
    if report.confidence is not None:
        result = "passed" if report.gate.passed else "rejected"
        yield (
            "confidence",
            f"{report.confidence:.2f} that following evidence pays here, "
            f"{threshold(answer):.2f} needed: {result}",
        )
    details = report.evidence_details
    if isinstance(details, EvidenceDetails) and details.confidence.calibrated is not None:
        nearer = details.confidence.calibrated
        yield "this time", f"{evidence} ends nearer than {rule} with probability {nearer:.2f}"
    forecast = proposal(report)
    if answer.expectation is not None:
        yield "expected", expected_tasks(answer.expectation)
    elif forecast is not None and forecast.expected is not None:
        yield "expected", _mean_and_range(forecast.expected, forecast.low, forecast.high)


def _mean_and_range(mean: float, low: int | None, high: int | None) -> str:
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
