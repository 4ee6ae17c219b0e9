"""Page of one run, for people: request, decision, steps, calls and people."""

from collections.abc import Container, Iterator
from typing import cast
from uuid import UUID

from pydantic import JsonValue, ValidationError
from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from agent import run_schema, schema
from agent.cli.headline import headline
from agent.cli.layout import name_value_rows, plain_text, section
from agent.cli.reasons import evidence_line, reason
from agent.cli.report_evidence import episode_table
from agent.cli.words import count
from graphs.answer import Orchestration
from memory.decision import Decision

_DEFAULTS: dict[str, JsonValue] = schema.Options().model_dump(mode="json")
_STATES = {
    "running": "is deciding",
    "waiting": "waits for a person",
    "decided": "has decided and makes its calls",
    "done": "is done",
    "failed": "failed",
    "abandoned": "was abandoned: its process died before it had decided",
    "rejected": "was rejected",
    "expired": "expired: nobody answered in time",
    "superseded": "was superseded by a newer decision",
    "undone": "was undone",
}
_DEEDS = {"approve": "approved", "edit": "edited", "reject": "rejected"}


def render(run: run_schema.RunDetails, forgotten: Container[UUID] = ()) -> RenderableType:
    """Lay out a run; of the episodes that it recalled, the `forgotten` ones have no outcome."""
    answer = answer_of(run)
    parts: list[RenderableType] = [
        Rule(f"run {run.run_id}", style="bold"),
        plain_text(f"{run.project_id}: the {_kind(run)} {_STATES[run.status]}."),
        *_rows("Run", list(_facts(run, answer))),
        *_rows("Decision", list(_decision(run, answer))),
        *section("Calls", list(_calls(run, answer))),
        *section("Steps", [steps_table(run.steps)] if run.steps else []),
    ]
    if run.model_comment:
        label = f"Comment of the model {run.model_comment.model}, which decides nothing"
        parts += section(label, [plain_text(run.model_comment.comment)])
    episodes = answer.intelligence_metadata.similar_episodes if answer else []
    table: list[RenderableType] = [episode_table(episodes, forgotten)] if episodes else []
    parts += section("Recalled episodes", table)
    return Group(*parts)


def _rows(title: str, rows: list[tuple[str, str]]) -> list[RenderableType]:
    return section(title, [name_value_rows(rows)] if rows else [])


def answer_of(run: run_schema.RunDetails) -> Orchestration | None:
    """Return the answer to the caller; None before it is known, and for other kinds of runs."""
    try:
        return None if run.answer is None else Orchestration.model_validate(run.answer)
    except ValidationError:
        return None


def _kind(run: run_schema.RunDetails) -> str:
    if run.kind == "decision":
        return "dry run" if run.dry_run else "decision"
    return f"undo of run {run.undoes}" if run.kind == "undo" else "request of a call"


def _facts(run: run_schema.RunDetails, answer: Orchestration | None) -> Iterator[tuple[str, str]]:
    yield "started", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC"
    if run.ended_at:
        seconds = (run.ended_at - run.started_at).total_seconds()
        yield "ended", f"{run.ended_at:%Y-%m-%d %H:%M:%S} UTC, after {seconds:.2f} s"
    yield "asked", _asked(run)
    if run.asked_by:
        yield "asked by", run.asked_by
    if answer:
        yield "project's day", f"{answer.as_of}"
        yield "mode", answer.intelligence_metadata.decision_mode
    if run.reviewed_by:
        yield "person", _person(run)
    if run.status == "waiting" and run.expires_at:
        yield "expires", f"{run.expires_at:%Y-%m-%d %H:%M} UTC"
    if run.superseded_by:
        yield "superseded by", f"run {run.superseded_by}"
    if run.undone_by:
        yield "undone by", _undone(run)
    if run.kept_until:
        yield "kept until", f"{run.kept_until:%Y-%m-%d}, and longer as the project's newest run"
    if run.forgotten:
        yield "forgotten", "its episode, and with it its reasons, steps and inputs"
    if run.error:
        tries = f"tried {count(run.tries, 'time')}: " if run.tries else ""
        yield "error", f"{tries}{run.error.detail}"


def _undone(run: run_schema.RunDetails) -> str:
    whole = run.status == "undone"
    return f"run {run.undone_by}" + ("" if whole else ", in part; dsm run of it says what stays")


def _asked(run: run_schema.RunDetails) -> str:
    if run.kind == "undo":
        return f"take back run {run.undoes}"
    if run.kind == "request":
        return f"the call {run.request.get('name')}"
    options = cast(dict[str, JsonValue], run.request.get("options") or {})
    changed = {
        name: value for name, value in options.items() if value != _DEFAULTS.get(name, value)
    }
    options_in_words = [f"{name} {_short(value)}" for name, value in changed.items()]
    return ", ".join(options_in_words) or "the next step, with no option of its own"


def _short(value: JsonValue) -> str:
    return f"{len(value)} named" if isinstance(value, list) else str(value)


def _person(run: run_schema.RunDetails) -> str:
    when = f" on {run.reviewed_at:%Y-%m-%d %H:%M} UTC" if run.reviewed_at else ""
    decisions = cast(list[dict[str, JsonValue]], (run.review or {}).get("decisions") or [])
    kinds = sorted({_DEEDS.get(str(decision.get("type")), "answered") for decision in decisions})
    reasons = [str(decision["reason"]) for decision in decisions if decision.get("reason")]
    words = f"{', '.join(kinds) or 'answered'} by {run.reviewed_by}{when}"
    return f"{words}: {'; '.join(dict.fromkeys(reasons))}" if reasons else words


def _decision(
    run: run_schema.RunDetails, answer: Orchestration | None
) -> Iterator[tuple[str, str]]:
    if answer:
        yield "decided", headline(answer, None)
        if cause := reason(answer):
            yield "why", cause
        if described := evidence_line(answer):
            yield described[0].lower(), described[1]
        if answer.performance_metrics.degraded:
            yield "missing", "; ".join(answer.performance_metrics.degraded)
    elif run.decision:
        yield "decided", run.decision.reasoning
    if run.proposal:
        yield "proposed", _numbers(run.proposal)
        if run.decision:
            yield "edited to", _numbers(run.decision)


def _numbers(decision: Decision) -> str:
    return "; ".join(call.description for call in decision.plan) or "no call"


def _calls(run: run_schema.RunDetails, answer: Orchestration | None) -> Iterator[RenderableType]:
    plan = run.decision.plan if run.decision else answer.actions_planned if answer else ()
    outcome = run.answer or {}
    actions = cast(list[JsonValue], outcome.get("actions_taken") or [])
    for step, call in enumerate(plan):
        yield plain_text(f"{step}  {call.name}: {call.description}")
    for action in actions:
        yield plain_text(f"->  {action}")
    if plan and not actions:
        yield Text("none was made", style="dim")
    for words in cast(list[JsonValue], outcome.get("stays") or []):
        yield plain_text(f"stays: {words}")


def steps_table(steps: list[run_schema.RunStep]) -> Table:
    """Build a table of steps: the time of each and what it wrote."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("node")
    table.add_column("ms", justify="right")
    table.add_column("wrote")
    for step in steps:
        ms = "" if step.ms is None else f"{step.ms:.1f}"
        wrote = ", ".join(step.update) or "nothing"
        if step.left_out:
            wrote += f" ({sum(step.left_out.values())} items left out)"
        table.add_row(plain_text(step.node), ms, plain_text(wrote))
    return table
