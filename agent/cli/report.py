"""Page of a decision, for people: facts, rule, evidence, gate, actions and actual outcome."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from agent.cli.comparison import Comparison
from agent.cli.layout import name_value_rows, plain_text, section
from agent.cli.report_evidence import adjustment_parts, evidence_parts
from domain_services.sprint.schema import SprintTask
from graphs.answer import Orchestration

_STEPS = ("analyse", "rules", "recall", "adjust", "gate", "act", "record")
_SHOWN_DAYS_OFF = 5


def render(answer: Orchestration, comparison: Comparison | None) -> RenderableType:
    """Lay out a whole decision; the actual outcome, if there is one, comes last."""
    parts: list[RenderableType] = [
        Rule(f"{answer.project_id} as of {answer.as_of}", style="bold"),
        *section("Facts", [_facts(answer)]),
        *section("Rule", [plain_text(answer.decisions.rule_based_decision.reasoning)]),
        *section("Evidence", list(evidence_parts(answer))),
        *section("Adjustments", list(adjustment_parts(answer))),
        *section("Decision", list(_decision(answer))),
        *section("Timings", [_timings(answer)]),
    ]
    if comparison is not None:
        parts += section("Actual outcome", [actual_outcome(comparison)])
    return Group(*parts)


def _facts(answer: Orchestration) -> Table:
    analysis = answer.analysis
    rows = [
        (
            "open tasks",
            f"{analysis.backlog_tasks}, of these {analysis.unassigned_tasks} free to be planned",
        ),
        ("team", f"{analysis.team_size} people" if analysis.team_size else "not known"),
        ("working days", _working_days(answer)),
    ]
    if analysis.days_off:
        rows.append(("days off", "; ".join(analysis.days_off[:_SHOWN_DAYS_OFF])))
    if sprint := analysis.current_sprint:
        pending = f"{sprint.pending_tasks} of {sprint.total_tasks} tasks pending"
        rows.append(
            ("sprint in progress", f"{sprint.sprint_id} until {sprint.end_date}, {pending}")
        )
    return name_value_rows(rows)


def _working_days(answer: Orchestration) -> str:
    analysis = answer.analysis
    if analysis.working_days is None:
        return "not known"
    in_window = f"{analysis.working_days} in the window"
    if analysis.team_working_days is None:
        return in_window
    return f"{in_window}, {analysis.team_working_days} of the team together"


def _decision(answer: Orchestration) -> Iterator[RenderableType]:
    source = answer.decisions.decision_source.replace("_", " ")
    if not answer.actions_planned:
        yield Text(f"nothing to do ({source})", style="bold")
        return
    # A dry run has taken no action: the plan says what the real run would do.
    if answer.dry_run:
        yield Text(f"dry run ({source}); it would:", style="bold")
        for call in answer.actions_planned:
            yield plain_text(f"- {call.description}")
        return
    yield Text(source, style="bold")
    for action in answer.actions_taken:
        yield plain_text(f"- {action}")
    if answer.created and answer.created.sprint_id:
        yield plain_text(f"  {answer.created.start_date} to {answer.created.end_date}")
        yield task_table(answer.created.tasks)
        for warning in answer.created.warnings:
            yield Text(f"missing: {warning}", style="yellow")


def task_table(tasks: list[SprintTask]) -> Table:
    """Build the table of a new sprint's tasks."""
    table = Table("task", "title", "priority", "assigned to", box=None)
    for task in tasks:
        table.add_row(
            task.task_id,
            plain_text(task.title),
            str(task.priority),
            plain_text(task.assigned_to or "nobody yet"),
        )
    return table


def _timings(answer: Orchestration) -> Text:
    metrics = answer.performance_metrics
    steps = ", ".join(
        f"{name} {metrics.steps_ms[name]:.1f}" for name in _STEPS if name in metrics.steps_ms
    )
    recall = f"recall by {metrics.recall_path} in {metrics.recall_ms:.1f} ms"
    return Text(f"{metrics.total_ms:.1f} ms ({steps}); {recall}")


def actual_outcome(comparison: Comparison) -> Table:
    """Build the table that sets a decision beside the team's actual outcome."""
    finished = f"{comparison.finished} tasks, {comparison.from_backlog} of them from this backlog"
    rows = [(f"finished by {comparison.window_end}", finished)]
    if comparison.chosen_finished is not None:
        rows.append(
            ("of the sprint's tasks", f"{comparison.chosen_finished} of {comparison.applied}")
        )
    if comparison.nearer is not None:
        verdict = {
            "rule": "the rule's number was nearer",
            "recommendation": "the recommended number was nearer",
            "equal": "rule and recommendation were equally near",
        }[comparison.nearer]
        numbers = f"rule {comparison.rule}, recommended {comparison.recommended}"
        rows.append(("verdict", f"{verdict} ({numbers})"))
    # Four weeks of work say nothing about a plan for two.
    elif comparison.decided_days not in (None, comparison.window_days):
        window, decided = comparison.window_days, comparison.decided_days
        reason = f"the actual outcome is of {window} days, the decision is for {decided}"
        rows.append(("verdict", f"none: {reason}"))
    return name_value_rows(rows)
