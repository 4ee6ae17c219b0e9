"""Scope on the table: the tasks that somebody has picked for the next sprint."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from domain_services.backlog.pages import all_tasks
from domain_services.kernel.errors import Invalid
from domain_services.kernel.words import listed

if TYPE_CHECKING:
    from domain_services.backlog.client import BacklogClient

STANDARD_INPUT = "-"


def read_names(tasks: Sequence[str], file: Path | None) -> list[str]:
    """Read the names of the picked tasks: those of options, then those of a file, one a line.

    Empty lines, and lines that begin with #, are left out; "-" is standard input. Empty without a
    scope. Raises: `Invalid` for an unreadable or empty file, and for a task that is named twice.
    """
    names = [name.strip() for name in tasks]
    if file is not None:
        named = _names_of(file)
        if not named:
            raise Invalid(f"{file} names no task: write one id or key a line")
        names += named
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise Invalid(f"named twice: {listed(twice)}; name each task once")
    return names


def _names_of(file: Path) -> list[str]:
    try:
        text = sys.stdin.read() if str(file) == STANDARD_INPUT else file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Invalid(f"{file} cannot be read as text: {error}") from error
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


async def find_tasks(backlog: "BacklogClient", project: str, names: Sequence[str]) -> list[str]:
    """Return the ids of tasks that are named by id or by their key in the source.

    Raises: `Invalid` with each name that the backlog does not know, and each task named twice.
    """
    tasks = [task async for task in all_tasks(backlog, project)]
    by_name = {task.external_key: task.task_id for task in tasks if task.external_key}
    by_name |= {task.task_id: task.task_id for task in tasks}
    ids = [by_name.get(name) or by_name.get(name.upper()) for name in names]
    if "" in names:
        raise Invalid("a task has no name; give its id or its key")
    if unknown := [name for name, task_id in zip(names, ids, strict=True) if task_id is None]:
        raise Invalid(f"no task of {project}: {listed(unknown)}; name tasks by id or by key")
    named = [task_id for task_id in ids if task_id is not None]
    if twice := sorted({task_id for task_id in named if named.count(task_id) > 1}):
        raise Invalid(f"named twice: {listed(twice)}; name each task once, by id or by key")
    return named
