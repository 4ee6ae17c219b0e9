"""Recognition of a file as JSON types, for programs."""

from dataclasses import asdict
from datetime import date

from agent.importing.reading.recognition import RecognisedColumn, Recognition
from agent.importing.tasks import TrackerSprint


def to_json(recognition: Recognition) -> dict[str, object]:
    """Convert a recognition to JSON types: every refused row, but counts instead of the tasks."""
    table = recognition.table
    return {
        "file": recognition.name,
        "delimiter": table.delimiter if table else None,
        "kind": table.kind if table else None,
        "header_line": table.header_line if table else None,
        "skipped_lines": list(table.skipped) if table else [],
        "profile": recognition.profile,
        "told_by": list(recognition.told_by),
        "lacks": [asdict(lack) for lack in recognition.lacks],
        "notices": [asdict(notice) for notice in recognition.notices],
        "questions": [asdict(question) for question in recognition.questions],
        "rows": recognition.rows,
        "tasks": len(recognition.tasks),
        "states": asdict(recognition.states),
        "kinds": [asdict(kind) for kind in recognition.kinds],
        "finish_columns": dict(recognition.finish_columns),
        "finish_dates_corrected": recognition.corrected,
        "first_date": _iso(recognition.first),
        "last_date": _iso(recognition.last),
        "columns": [_column(column) for column in recognition.columns],
        "ignored_columns": ignored_columns(recognition),
        "projects": [
            asdict(project) | {"first": _iso(project.first), "last": _iso(project.last)}
            for project in recognition.projects
        ],
        "sprints": [_sprint(sprint) for sprint in recognition.sprints],
        "statuses": [asdict(status) for status in recognition.statuses],
        "priorities": [asdict(priority) for priority in recognition.priorities],
        "refused": [asdict(refusal) for refusal in recognition.refused],
        "warnings": list(recognition.warnings),
    }


def ignored_columns(recognition: Recognition) -> list[str]:
    """List the columns that feed no field, each name once, in the order of the file."""
    headers = {name for column in recognition.columns for name in column.names}
    names = dict.fromkeys(recognition.table.header if recognition.table else ())
    return [name for name in names if name and name not in headers]


def _column(column: RecognisedColumn) -> dict[str, object]:
    return {
        "field": column.field,
        "header": column.header,
        "names": list(column.names),
        "times": column.times,
        "asked": column.explicit,
        "format": column.format,
        "sample": column.sample,
    }


def _sprint(sprint: TrackerSprint) -> dict[str, object]:
    days = {name: _iso(getattr(sprint, name)) for name in ("start", "end", "closed")}
    return {**asdict(sprint), **days}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
