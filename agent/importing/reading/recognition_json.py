"""Recognition of a file as JSON types, for programs."""

from dataclasses import asdict
from datetime import date

from agent.importing.reading.recognition import RecognisedColumn, Recognition


def to_json(recognition: Recognition) -> dict[str, object]:
    """Convert a recognition to JSON types: every refused row, but counts instead of the tasks."""
    return {
        "file": str(recognition.table.path),
        "delimiter": recognition.table.delimiter,
        "rows": recognition.rows,
        "tasks": len(recognition.tasks),
        "finish_dates_corrected": recognition.corrected,
        "first_date": _iso(recognition.first),
        "last_date": _iso(recognition.last),
        "columns": [_column(column) for column in recognition.columns],
        "ignored_columns": ignored_columns(recognition),
        "projects": [
            asdict(project) | {"first": _iso(project.first), "last": _iso(project.last)}
            for project in recognition.projects
        ],
        "statuses": [asdict(status) for status in recognition.statuses],
        "priorities": [asdict(priority) for priority in recognition.priorities],
        "refused": [asdict(refusal) for refusal in recognition.refused],
        "warnings": list(recognition.warnings),
    }


def ignored_columns(recognition: Recognition) -> list[str]:
    """List the columns that feed no field, each name once, in the order of the file."""
    headers = {column.header for column in recognition.columns}
    names = dict.fromkeys(recognition.table.header)
    return [name for name in names if name and name not in headers]


def _column(column: RecognisedColumn) -> dict[str, object]:
    return {
        "field": column.field,
        "header": column.header,
        "times": column.times,
        "asked": column.explicit,
        "format": column.format,
        "sample": column.sample,
    }


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
