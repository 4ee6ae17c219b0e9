"""Replay of many runs, page by page, so that memory holds one page of inputs."""

from collections.abc import Callable, Iterable

from agent.replay.replaying import NotReplayable, replaying
from agent.replay.schema import RunInputsPage
from agent.replay.summary import LeftOut, Line, Summary, left_out_of, line_of, summarise
from domain_services.kernel.errors import Invalid
from graphs.adjustable import Adjusted


def replay_all(
    pages: Iterable[RunInputsPage],
    adjusted: Adjusted,
    rules: str | None,
    watch: Callable[[int], None] = lambda _: None,
) -> Summary:
    """Decide again from all inputs, newest first; `watch` gets the number of runs so far.

    Raises: `Invalid` for faulty rules; it names the run.
    """
    lines: list[Line] = []
    left_out: list[LeftOut] = []
    first_at, unread = None, None
    with replaying(adjusted.thresholds, adjusted.changes, rules) as decide:
        for page in pages:
            first_at, unread = page.first_at, page.next_before
            for stored in page.runs:
                try:
                    lines.append(line_of(stored, decide(stored.inputs)))
                except NotReplayable as reason:
                    left_out.append(left_out_of(stored, str(reason)))
                except Invalid as fault:
                    raise Invalid(f"run {stored.run_id}: {fault.detail}") from fault
                watch(len(lines) + len(left_out))
        return summarise(
            lines,
            left_out,
            first_at=first_at,
            limited=unread is not None,
            rules=decide.rules,
            refused=decide.refused,
        )
