"""Expected failures of a command as one line on stderr."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from agent.importing.terminal import printable
from deploy.errors import StackError
from domain_services.kernel.errors import Invalid, Problem


@contextmanager
def one_line() -> Iterator[None]:
    """Turn a `Problem` or `StackError` into `error: ...` and exit code 1; 2 for bad input."""
    try:
        yield
    except Problem as problem:
        print(f"error: {in_words(problem)}", file=sys.stderr)
        # 2 is what shells and typer use for a wrong command line.
        raise SystemExit(2 if isinstance(problem, Invalid) else 1) from problem
    except StackError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(1) from error


def in_words(problem: Problem) -> str:
    """Return the words of a refusal."""
    # It may repeat what another person wrote, such as the reason of a pause.
    return "\n".join(printable(line) for line in _broken(problem).splitlines())


def _broken(problem: Problem) -> str:
    """Return the words of a refusal, with each fact that has changed on a line of its own."""
    # Only a refusal by the orchestrator carries its document.
    changes: list[dict[str, str]] = getattr(problem, "problem", {}).get("changes") or []
    text, last = problem.detail, ""
    for change in changes:
        fact = f"{change['what']}: {change['proposed']} -> {change['now']}"
        for mark, end in ((": ", ":"), ("; ", "")):
            if mark + fact in text:
                text, last = text.replace(mark + fact, f"{end}\n  {fact}", 1), fact
                break
    head, fact, tail = text.rpartition(last) if last else (text, "", "")
    return head + fact + tail.replace("; ", "\n", 1)
