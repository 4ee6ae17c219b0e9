"""A decision as a page for people: facts, rule, evidence, adjustments, gate, deeds, truth."""

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from agent.cli.comparison import Comparison
from agent.importing.preview import plain
from agent.schema import AdjustmentReport, Orchestration

_STEPS = ("analyse", "rules", "recall", "adjust", "gate", "act", "record")
_TITLES = {
    "task_count_modification": "tasks",
    "sprint_duration_modification": "weeks",
}


def render(answer: Orchestration, compared: Comparison | None) -> RenderableType:
    """The whole decision; `compared` comes last, as it came last."""
    parts: list[RenderableType] = [
        Rule(f"{answer.project_id} as of {answer.as_of}", style="bold"),
        *_section("Facts", [_facts(answer)]),
        *_section("Rule", [_words(answer.decisions.rule_based_decision.reasoning)]),
        *_section("Evidence", list(_evidence(answer))),
        *_section("Adjustments", list(_adjustments(answer))),
        *_section("Decision", list(_decision(answer))),
        *_section("Timings", [_timings(answer)]),
    ]
    if compared is not None:
        parts += _section("What the team really did (kept back until now)", [_truth(compared)])
    return Group(*parts)


def _section(title: str, body: list[RenderableType]) -> list[RenderableType]:
    if not body:
        return []
    return [Text(title, style="bold"), *(Padding(each, (0, 0, 0, 2)) for each in body)]


def _words(text: str) -> Text:
    """What people wrote, letter by letter: no markup, nothing that acts on a terminal."""
    return Text("\n".join(plain(line) for line in text.splitlines()))


def _pairs(rows: list[tuple[str, str]]) -> Table:
    table = Table.grid(padding=(0, 2))
    for name, value in rows:
        table.add_row(Text(name, style="dim"), _words(value))
    return table


def _facts(answer: Orchestration) -> Table:
    seen = answer.analysis
    rows = [
        (
            "open tasks",
            f"{seen.backlog_tasks}, of these {seen.unassigned_tasks} free to be planned",
        ),
        ("team", f"{seen.team_size} people" if seen.team_size else "not known"),
        ("working days", _capacity(answer)),
    ]
    if seen.days_off:
        rows.append(("days off", "; ".join(seen.days_off[:5])))
    if sprint := seen.current_sprint:
        pending = f"{sprint['pending_tasks']} of {sprint['total_tasks']} tasks pending"
        rows.append(
            ("sprint in progress", f"{sprint['sprint_id']} until {sprint['end_date']}, {pending}")
        )
    return _pairs(rows)


def _capacity(answer: Orchestration) -> str:
    seen = answer.analysis
    window = f"{seen.working_days} in the window" if seen.working_days is not None else "not known"
    if seen.team_working_days is None:
        return window
    return f"{window}, {seen.team_working_days} of the team together"


def _evidence(answer: Orchestration) -> Iterator[RenderableType]:
    known = answer.analysis.historical_context
    completed: list[int] = known["completed_per_sprint"]
    if completed:
        last = " ".join(str(count) for count in completed[-12:])
        average = known["average_velocity"]
        yield _pairs(
            [
                (
                    "own history",
                    f"{known['past_sprints']} past sprints; completed, newest last: {last}",
                ),
                ("velocity", f"{average:.1f} tasks a sprint on average, {known['velocity_trend']}"),
            ]
        )
    else:
        yield _words("no past sprint of this project is known")
    episodes: list[dict[str, Any]] = answer.intelligence_metadata["similar_episodes"]
    if episodes:
        yield _episodes(episodes)
    for missing in answer.performance_metrics.degraded:
        yield Text(f"missing: {missing}", style="yellow")


def _episodes(episodes: list[dict[str, Any]]) -> Table:
    table = Table("similar episode", "day", "similarity", "found by", "completed", box=None)
    for each in episodes:
        outcome = each["outcome"]
        table.add_row(
            _words(each["sprint_id"] or each["episode_id"]),
            each["day"],
            f"{each['similarity']:.2f}",
            each["found_by"],
            str(outcome["completed_tasks"]) if outcome else "not known",
        )
    return table


def _adjustments(answer: Orchestration) -> Iterator[RenderableType]:
    adjustments = answer.decisions.intelligence_adjustments
    if not adjustments:
        return
    names = ("", "rule", "recommended", "applied", "confidence", "sample", "gate")
    table = Table(*names, box=None)
    for name, each in adjustments.items():
        table.add_row(
            _TITLES.get(name, name),
            str(each.original_recommendation),
            str(each.intelligence_recommendation),
            str(each.applied_value),
            f"{each.confidence:.2f}" if each.confidence is not None else "-",
            str(each.sample_size),
            _gate(each),
        )
    yield table
    for each in adjustments.values():
        yield _words(each.gate.reason)


def _gate(each: AdjustmentReport) -> str:
    if each.intelligence_recommendation == each.original_recommendation:
        return "nothing to change"
    return "passed" if each.gate.passed else "held back"


def _decision(answer: Orchestration) -> Iterator[RenderableType]:
    source = answer.decisions.decision_source.replace("_", " ")
    if not answer.actions_planned:
        yield Text(f"nothing to do ({source})", style="bold")
        return
    if answer.dry_run:
        yield Text(f"dry run ({source}); it would:", style="bold")
        for call in answer.actions_planned:
            yield _words(f"- {call['description']}")
        return
    yield Text(source, style="bold")
    for deed in answer.actions_taken:
        yield _words(f"- {deed}")
    if answer.created and answer.created["sprint_id"]:
        yield _words(f"  {answer.created['start_date']} to {answer.created['end_date']}")
        yield _tasks(answer.created["tasks"])
        for warning in answer.created["warnings"]:
            yield Text(f"missing: {warning}", style="yellow")


def _tasks(tasks: list[dict[str, Any]]) -> Table:
    table = Table("task", "title", "priority", "assigned to", box=None)
    for task in tasks:
        table.add_row(
            task["task_id"],
            _words(task["title"]),
            str(task["priority"]),
            _words(task["assigned_to"] or "nobody yet"),
        )
    return table


def _timings(answer: Orchestration) -> Text:
    metrics = answer.performance_metrics
    steps = ", ".join(
        f"{name} {metrics.steps_ms[name]:.1f}" for name in _STEPS if name in metrics.steps_ms
    )
    recall = f"recall by {metrics.recall_path} in {metrics.recall_ms:.1f} ms"
    return Text(f"{metrics.total_ms:.1f} ms ({steps}); {recall}")


def _truth(compared: Comparison) -> Table:
    finished = f"{compared.finished} tasks, {compared.from_backlog} of them from this backlog"
    rows = [(f"finished by {compared.window_end}", finished)]
    if compared.chosen_finished is not None:
        rows.append(("of the sprint's tasks", f"{compared.chosen_finished} of {compared.applied}"))
    if compared.nearer is not None:
        verdict = {
            "rule": "the rule's number was nearer",
            "recommendation": "the recommended number was nearer",
            "equal": "rule and recommendation were equally near",
        }[compared.nearer]
        rows.append(
            ("verdict", f"{verdict} (rule {compared.rule}, recommended {compared.recommended})")
        )
    elif compared.decided_days not in (None, compared.window_days):
        lengths = f"{compared.window_days} days, the decision is for {compared.decided_days}"
        rows.append(("verdict", f"none: what was kept back is of {lengths}"))
    return _pairs(rows)
