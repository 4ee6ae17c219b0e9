"""Page of a decision, for people: the answer, its reason, the next step, then the numbers."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from agent.cli.comparison import Comparison
from agent.cli.headline import headline, refusals
from agent.cli.layout import plain_text, section
from agent.cli.next_steps import next_step
from agent.cli.reasons import evidence_line, reason
from agent.cli.report_evidence import episode_table, reason_parts
from agent.cli.report_numbers import numbers
from agent.cli.report_outcome import actual_outcome
from agent.cli.report_tasks import left_out, task_rows, task_table
from agent.cli.running_sprint import RunningSprint
from agent.cli.words import count, sentence
from graphs.answer import Orchestration
from memory.decision import ExpectedSprint

_SHOWN_STALE = 5


def render(
    answer: Orchestration,
    comparison: Comparison | None,
    running: RunningSprint | None = None,
    *,
    why: bool = False,
    evidence: bool = False,
    options: str = "",
) -> RenderableType:
    """Lay out a decision; `why` adds its reasons in detail, `evidence` the similar episodes.

    `options` name the stack to the commands of the page.
    """
    parts: list[RenderableType] = [
        Rule(f"{answer.project_id} on {answer.as_of}", style="bold"),
        *_answer(answer, running, why=why, options=options),
        *section("Numbers", [numbers(answer, running, options)]),
    ]
    rows = task_rows(answer)
    parts += section("Tasks of the sprint", task_table(rows, None) if why else task_table(rows))
    if why:
        parts += section("Left out", list(left_out(answer)))
        parts += section("Reasons", list(reason_parts(answer)))
    episodes = answer.intelligence_metadata.similar_episodes
    if evidence and episodes:
        parts += section("Similar episodes", [episode_table(episodes)])
    if comparison is not None:
        parts += section("What the team really did", [actual_outcome(comparison)])
    return Group(*parts)


def _answer(
    answer: Orchestration, running: RunningSprint | None, *, why: bool, options: str
) -> Iterator[RenderableType]:
    yield Text.assemble((sentence(plain_text(headline(answer, running)).plain), "bold"))
    for refusal in refusals(answer):
        yield _labelled("Cause" if answer.created is None else "Refused", refusal, "red")
    if answer.approval is not None:
        yield _labelled("Asks", answer.approval.reason)
        for change in answer.approval.changes:
            yield _labelled("Change", f"{change.what}: {change.before} -> {change.after}")
    missing = answer.performance_metrics.degraded
    if missing:
        yield _labelled("Missing", "; ".join(missing), "yellow")
    for warning in answer.created.warnings if answer.created else ():
        yield _labelled("Note", warning, "yellow")
    if cause := reason(answer):
        yield _labelled("Why", cause)
    elif running is not None:
        yield _labelled("Outlook", running.outlook)
    if described := evidence_line(answer):
        yield _labelled(*described)
    if answer.expectation is not None:
        yield _labelled("How sure", answer.expectation.sentence)
        for note in _notes(answer.expectation):
            yield _labelled("Note", note)
    for warning in _stale_tasks(answer, shown=None if why else _SHOWN_STALE):
        yield _labelled("Stale", warning, "yellow")
    yield _labelled("Next", next_step(answer, running, options))


def _notes(expectation: ExpectedSprint) -> Iterator[str]:
    """List assumptions and possible changes that the reason does not name already."""
    return (note for note in expectation.notes if note not in expectation.pace)


def _stale_tasks(answer: Orchestration, shown: int | None) -> Iterator[str]:
    warnings = answer.selection.warnings if answer.selection else ()
    yield from warnings[:shown]
    if shown is not None and len(warnings) > shown:
        yield f"{count(len(warnings) - shown, 'more stale task')}, listed by --why"


def _labelled(label: str, text: str, style: str = "bold") -> Table:
    # A grid, so that the lines of a long sentence stay beside their label.
    grid = Table.grid(padding=(0, 1))
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(Text(f"{label}:", style=style), plain_text(sentence(text)))
    return grid
