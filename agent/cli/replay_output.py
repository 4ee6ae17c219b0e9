"""Pages of `dsm replay`."""

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from agent.cli.words import count

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table

    from agent.replay.schema import RunInputs
    from agent.replay.summary import Line, Summary
    from graphs.changes import Changes
    from graphs.inputs import Deeds
    from graphs.what_if import WhatIf
    from memory.decision import ExpectedSprint

MOST_LINES = 40  # of a table; --json has them all
_NO_CALL = {"dry_run": "dry run", "shadow": "observed, no call", "not_approved": "not approved"}
# Status of a run whose plan did not become a sprint, or not for long.
_NOT_CARRIED_OUT = ("waiting", "rejected", "expired", "superseded", "undone", "failed", "abandoned")


def show(summary: "Summary", *, as_json: bool) -> None:
    """Print the result of a replay."""
    from pydantic import TypeAdapter

    from agent.cli.layout import page_console
    from agent.replay.summary import Summary

    if as_json:
        print(TypeAdapter(Summary).dump_json(summary, indent=2).decode())
        return
    page_console().print(page(summary))


def show_what_if(
    stored: "RunInputs", changes: "Changes", tasks: int | None, *, as_json: bool
) -> None:
    """Print what to expect of one run's sprint by another plan. Raises: `Invalid`."""
    from pydantic import TypeAdapter

    from agent.cli.layout import name_value_rows, page_console
    from graphs.inputs import from_document
    from graphs.what_if import WhatIf, what_if

    answer = what_if(from_document(stored.inputs), changes, tasks)
    if as_json:
        print(TypeAdapter(WhatIf).dump_json(answer, indent=2).decode())
        return
    page_console().print(name_value_rows(what_if_rows(answer)))


def what_if_rows(answer: "WhatIf") -> Iterator[tuple[str, str]]:
    """Describe both expectations, and what the inputs cannot say."""
    yield "the run", _expected(answer.before) or "began no sprint"
    plan = f"{count(answer.tasks or 0, 'task')} in {count(answer.weeks or 0, 'week')}: "
    after = _expected(answer.after)
    yield "what if", plan + after if after else "no sprint would begin"
    for note in answer.notes:
        yield "note", note


def _expected(sprint: "ExpectedSprint | None") -> str:
    if sprint is None:
        return ""
    planned = sprint.planned
    return (
        f"{sprint.sentence}; {planned.expected:.1f} expected,"
        f" {planned.promise} reached in 85% of the sprints"
    )


def page(summary: "Summary") -> "RenderableType":
    """Lay out a replay: the counts first, then each difference beside its outcome."""
    from rich.console import Group

    from agent.cli.layout import plain_text, section

    parts: list[RenderableType] = [plain_text(line) for line in headline(summary)]
    if summary.lines:
        parts += section("What differs", [_table(summary.lines[-MOST_LINES:])])
    if (more := len(summary.lines) - MOST_LINES) > 0:
        parts.append(plain_text(f"{more} older ones are not shown; --json lists all"))
    parts += section("Left out", [plain_text(line) for line in left_out(summary)])
    return Group(*parts)


def headline(summary: "Summary") -> Iterator[str]:
    """Describe the counts, and how the changed plans compare with what was completed."""
    if summary.first_at is not None:
        yield f"Inputs of decisions are stored since {summary.first_at:%Y-%m-%d}."
    if summary.rules:
        yield f"Own rules: {', '.join(summary.rules)}."
    if summary.refused:
        yield (
            f"They tried to reach what no replay reaches, and were refused:"
            f" {', '.join(summary.refused)}."
        )
    if not summary.decisions and not summary.left_out:
        yield "No decision with inputs is in this period."
        return
    yield (
        f"{count(summary.decisions, 'decision')}: {summary.same} the same, {summary.changed}"
        f" changed, {summary.nothing} now nothing."
    )
    if summary.limited:
        yield "There are older ones in this period; --limit takes more."
    if summary.changed or summary.nothing:
        yield judgement(summary)


def left_out(summary: "Summary") -> Iterator[str]:
    """Describe the decisions that cannot be made again, by their reason."""
    reasons = Counter(run.reason for run in summary.left_out)
    for reason, runs in reasons.most_common():
        example = next(run for run in summary.left_out if run.reason == reason)
        yield (
            f"{count(runs, 'decision')}, such as {example.run_id} by release"
            f" {example.agent_version}: {reason}"
        )


def judgement(summary: "Summary") -> str:
    """Compare the changed plans with what was completed, with sample size and interval."""
    judged = summary.judged
    if not judged.plans or judged.error_before is None or judged.error_after is None:
        return "None of the changed plans has an outcome yet."
    text = (
        f"{judged.plans} of the changed plans have an outcome: the replayed one ends nearer in"
        f" {judged.nearer}, farther in {judged.farther}; {judged.error_after:.1f} tasks apart on"
        f" average instead of {judged.error_before:.1f}."
    )
    if judged.nearer_share_95 is not None:
        low, high = judged.nearer_share_95
        decided = judged.nearer + judged.farther
        text += (
            f" Share of nearer ones: {low:.0%} to {high:.0%} with 95% confidence, from {decided}."
        )
    if judged.unknown:
        text += (
            f" In {judged.unknown} of them the team completed its whole plan, and nobody knows"
            " what it had completed of a larger one."
        )
    return text


def _table(lines: "tuple[Line, ...]") -> "Table":
    from rich.table import Table

    table = Table(box=None, padding=(0, 1, 0, 0))
    for name in ("decided", "project", "run", "before", "after", "outcome"):
        table.add_column(name, vertical="top")
    for line in lines:
        table.add_row(
            f"{line.decided_at:%Y-%m-%d}",
            line.project_id,
            str(line.run_id)[:13],
            deeds(line.before),
            deeds(line.after),
            outcome_in_words(line),
        )
    return table


def deeds(decided: "Deeds") -> str:
    """Describe what a decision does in a few words."""
    if decided.create_sprint:
        return f"{count(decided.tasks or 0, 'task')}, {count(decided.weeks or 0, 'week')}"
    return "; ".join(call.name.replace("_", " ") for call in decided.calls) or "nothing"


def outcome_in_words(line: "Line") -> str:
    """Describe what became of a run's own plan."""
    if line.status in _NOT_CARRIED_OUT:
        return line.status
    if words := _NO_CALL.get(line.effect or ""):
        return words
    if not line.before.create_sprint:
        return "no sprint began"
    edited = ", edited by a person" if line.effect == "edited" else ""
    outcome = line.outcome
    if outcome is None:
        return f"no outcome yet{edited}"
    planned = "" if outcome.planned_tasks is None else f" of {outcome.planned_tasks}"
    return f"{outcome.completed_tasks}{planned} done{edited}"
