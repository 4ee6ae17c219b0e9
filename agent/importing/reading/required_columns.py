"""Columns that a table must have before its rows are read."""

from collections.abc import Mapping
from itertools import islice

from agent.importing.errors import CsvRefused
from agent.importing.options import ImportOptions
from agent.importing.profiles.profile import Profile
from agent.importing.reading.file_project import FileProject, find_file_project
from agent.importing.reading.mapping import MappedColumn, map_columns
from agent.importing.reading.row_project import find_in_row
from agent.importing.reading.rows import raw_rows_of_table
from agent.importing.tables.table import Table
from agent.importing.tasks import is_project_id
from domain_services.kernel.words import listed

_PEEKED_ROWS, _SHOWN_COLUMNS = 100, 60


def required_columns(
    table: Table, options: ImportOptions, profile: Profile
) -> tuple[dict[str, MappedColumn], FileProject | None]:
    """Map the columns of a table, and check that they tell id, project and creation of a task.

    The second value is the project of all rows, where the file tells it and its rows do not.
    Raises: `CsvRefused`, with the way to get what is missing.
    """
    mapped = map_columns(table.header, options.mapping, profile)
    columns = {column.field: column for column in mapped}
    if options.project is not None:
        if "project" in options.mapping:
            raise CsvRefused("Give either --project or a column for project, not both.")
        # The option goes before a column that was only detected by its name.
        columns.pop("project", None)
    missing = [name for name in ("id", "project", "created") if name not in columns]
    # Without a row nothing can tell the project; the study says that there is none.
    if "project" in missing and (
        options.project is not None
        or not table.row_count
        or _rows_tell_project(table, columns, options.prefix)
    ):
        missing.remove("project")
    project = None
    if missing == ["project"]:
        project = find_file_project(table, options, profile)
        missing = [] if project else missing
    if "created" in missing and profile.created_from == "card id":
        missing.remove("created")
    for lack in profile.lacks:
        if lack.field in missing:
            raise CsvRefused(
                f"This export of {profile.tracker} lacks {lack.what}, so {lack.effect}: "
                f"{lack.remedy}. If a column of yours holds it, use --map {lack.field}=COLUMN."
            )
    if missing:
        hint = ", or name the project with --project TEAM" if "project" in missing else ""
        raise CsvRefused(
            f"No column is known for {', '.join(missing)}: map it with --map field=column{hint}. "
            f"The columns are {listed([name for name in table.header if name], _SHOWN_COLUMNS)}."
        )
    return columns, project


def _rows_tell_project(table: Table, columns: Mapping[str, MappedColumn], prefix: str) -> bool:
    """Tell whether ids or addresses of the first rows name projects."""
    if "id" not in columns:
        return False
    projects = [
        find_in_row(row.values, next(iter(row.values.texts("id")), ""))
        for row in islice(raw_rows_of_table(table, columns), _PEEKED_ROWS)
        if not row.fault
    ]
    usable = [one for one in projects if one is not None and is_project_id(prefix + one[1])]
    return 2 * len(usable) > len(projects)
