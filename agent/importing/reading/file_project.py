"""Project of a whole file whose rows tell none: by a column of names, or by the file's own name."""

from collections import Counter
from dataclasses import dataclass, replace
from itertools import islice

from agent.importing.errors import CsvRefused
from agent.importing.meaning.cell_text import cell_text
from agent.importing.meaning.project_names import project_of_file, project_of_name
from agent.importing.notices import Notice
from agent.importing.options import ImportOptions
from agent.importing.profiles.names import normalised
from agent.importing.profiles.profile import Profile
from agent.importing.tables.table import STANDARD_INPUT, Table
from agent.importing.tasks import is_project_id
from domain_services.kernel.words import counted, listed

_PEEKED_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class FileProject:
    """Project of every row of a file."""

    id: str
    """Project id, with the prefix of the options."""
    notice: Notice
    """Sentence that says what told it."""


def find_file_project(table: Table, options: ImportOptions, profile: Profile) -> FileProject | None:
    """Find one project for all rows of a file; None when nothing tells one.

    A column of names goes before the file's own name. Of the names in it, the one that most of its
    rows have counts. Raises: `CsvRefused` when several teams or projects share the file.
    """
    # docs/adr/0158-telling-an-export.md
    for name in profile.project_names:
        if (header := _header(table, name)) is None:
            continue
        names, rows = _names(table, header)
        if not names:
            continue
        first, count = names.most_common(1)[0]
        if 2 * count <= rows:
            raise CsvRefused(_several(table, names, header))
        if project := _usable(project_of_name(first), options):
            reason = f"the column {header!r} names {first!r} in {count:,} of {counted(rows, 'row')}"
            return FileProject(project, _notice(project, reason))
    if table.path == STANDARD_INPUT:
        return None
    if project := _usable(project_of_file(table.path.name), options):
        reason = f"no column tells it, and the file is called {table.path.name!r}"
        return FileProject(project, _notice(project, reason, "warning"))
    return None


def with_file_project(
    options: ImportOptions, project: FileProject | None
) -> tuple[ImportOptions, tuple[Notice, ...]]:
    """Return the options for the rows of a file with its project, and the sentence about it."""
    if project is None:
        return options, ()
    return replace(options, project=project.id), (project.notice,)


def _header(table: Table, name: str) -> str | None:
    return next((header for header in table.header if normalised(header) == name), None)


def _names(table: Table, header: str) -> tuple[Counter[str], int]:
    """Count the names in a column, each once a row, and the rows that have any."""
    place = table.header.index(header)
    names: Counter[str] = Counter()
    rows = 0
    for record in islice(table.records(), _PEEKED_ROWS):
        # A task may be in several projects of Asana.
        parts = {part.strip() for part in cell_text(record.cells[place]).split(",")} - {""}
        names.update(sorted(parts))
        rows += bool(parts)
    return names, rows


def _usable(project: str | None, options: ImportOptions) -> str | None:
    if project is None or not is_project_id(options.prefix + project):
        return None
    return options.prefix + project


def _notice(project: str, reason: str, weight: str = "note") -> Notice:
    text = f"The project is called {project}: {reason}. --project names another one."
    return Notice(text, "warning" if weight == "warning" else "note")


def _several(table: Table, names: Counter[str], header: str) -> str:
    written = [f"{name!r} ({count:,})" for name, count in names.most_common()]
    return (
        f"{table.path} holds several projects, and most rows are of none of them: the column "
        f"{header!r} names {listed(written)}. Make each a project of its own with "
        f'--map "project={header}", or take the file as one project with --project TEAM.'
    )
