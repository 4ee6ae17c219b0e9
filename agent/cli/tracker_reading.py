"""Reading of a tracker for the commands, with its token and a line of progress."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from agent.importing.reading.source_rows import SourceRows
from agent.importing.sources.last_read import LastRead
from agent.importing.sources.source import (
    Credentials,
    Progress,
    SourceRequest,
    credentials_of,
    fetch,
)


def ask_credentials(request: SourceRequest) -> Credentials:
    """Find the token of a tracker in the environment, else ask for it where a person can answer."""
    return credentials_of(request, ask=_ask if sys.stdin.isatty() else None)


def read_tracker(
    request: SourceRequest, last: LastRead | None, credentials: Credentials
) -> SourceRows:
    """Read all of a tracker, or its changes after the last read. Raises: `Problem`."""
    with _progress() as progress:
        return fetch(request, last, progress, credentials)


def _ask(words: str) -> str:
    answer: str = typer.prompt(
        words, default="", hide_input=True, show_default=False, err=True, prompt_suffix=""
    )
    return answer


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show each step on one line of standard error, where a person watches it."""
    if not sys.stderr.isatty():
        yield lambda step: None
        return
    from rich.console import Console

    from agent.cli.layout import plain_text

    with Console(stderr=True).status("asking the tracker") as status:
        yield lambda step: status.update(plain_text(str(step)))
