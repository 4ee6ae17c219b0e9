"""Reading of a tracker for the commands: all of it, or the changes since the last import."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer

from agent.cli.last_import import (
    OF_FILES,
    Recognised,
    api_source,
    options_hash,
    read_saved,
    recognise_saved,
)
from agent.cli.target import Target
from agent.importing.history.increments import completed, whole_reason, with_gone
from agent.importing.options import ImportOptions
from agent.importing.reading.recognition import recognise_rows
from agent.importing.reading.source_rows import SourceRows
from agent.importing.sources.last_read import LastRead, whole_notice
from agent.importing.sources.source import (
    Credentials,
    Progress,
    SourceRequest,
    credentials_of,
    fetch,
)

if TYPE_CHECKING:
    from agent.cli.importing import ImportChoices
    from agent.importing.history.known_rows import KnownRows
    from agent.imports.schema import ImportedProject, ImportSource


def read_tracker(
    request: SourceRequest,
    options: ImportOptions,
    choices: "ImportChoices",
    target: Target,
    *,
    forget: bool,
) -> Recognised:
    """Read a tracker, and say what its rows are; `forget` takes no saved options.

    Raises: `Problem`.
    """
    saved = read_saved(target, forget=forget)
    source = _fetch(request, None, _credentials(request))
    recognised = recognise_saved(
        lambda filled: [recognise_rows(source, filled)], options, choices, saved, fixed=OF_FILES
    )
    return replace(recognised, source=api_source(request, source, recognised.options))


def read_again(
    imports: "Sequence[ImportedProject]",
    project_id: str,
    options: ImportOptions,
    choices: "ImportChoices",
    target: Target,
    *,
    whole: bool,
) -> Recognised:
    """Read the source of a project once more: its changes, or with `whole` all of it.

    All of it is read too where changes alone would not do; a notice then says why.
    Raises: `Problem`.
    """
    saved = {one.project_id: one.source for one in imports if one.source is not None}
    own = saved[project_id]
    request = SourceRequest.from_json(own.request)
    known = _known(target, project_id)
    names = [name for name, other in saved.items() if other.request == own.request]
    last, reason = None, None
    if not whole:
        last, reason = last_read(own, names, options, datetime.now(UTC))
    # Asked once: a second read takes the same token.
    credentials = _credentials(request)
    source = _fetch(request, last, credentials)
    if source.since is not None:
        reason = whole_reason(source, known)
        reason = reason or _other_projects(source, options, project_id)
        source = (
            _fetch(request, None, credentials)
            if reason or known is None
            else completed(source, known)
        )
    if reason is not None:
        source = replace(source, notices=(whole_notice(reason), *source.notices))
    if source.since is None and known is not None and len(names) == 1:
        source = with_gone(source, known)
    recognition = recognise_rows(source, options)
    return Recognised([recognition], options, choices, api_source(request, source, options), "", "")


def last_read(
    source: "ImportSource", projects: Sequence[str], options: ImportOptions, now: datetime
) -> tuple[LastRead | None, str | None]:
    """Return the last read of a source, after which changes are enough; else why they are not.

    `projects` are those that the source has.
    """
    if source.read_at is None:
        return None, "the last import kept no moment from which changes could be asked for"
    if source.options_hash != options_hash(options):
        return None, "the options about tasks are others than in the last import"
    if len(projects) > 1:
        return None, f"it has several projects ({', '.join(projects)})"
    last = LastRead(source.read_at, source.setup)
    if not last.is_before(now):
        return None, f"the last import was at {source.read_at:%Y-%m-%d %H:%M}, which is to come"
    return last, None


def _other_projects(source: SourceRows, options: ImportOptions, name: str) -> str | None:
    """Say which other project a changed task belongs to; None: there is none."""
    if options.project is not None:
        return None
    texts = {text for row in source.rows for text in row.values.get("project", ())}
    others = sorted(text for text in texts if (options.prefix + text).upper() != name)
    return f"a task of the project {others[0]} is new in it" if others else None


def _known(target: Target, project_id: str) -> "KnownRows | None":
    from agent.cli.imported_rows import find_known

    return asyncio.run(find_known(target, [project_id])).get(project_id)


def _credentials(request: SourceRequest) -> Credentials:
    return credentials_of(request, ask=_ask if sys.stdin.isatty() else None)


def _fetch(request: SourceRequest, last: LastRead | None, credentials: Credentials) -> SourceRows:
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
