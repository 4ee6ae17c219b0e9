"""Outcome of an import as JSON: the same for `dsm import csv --json` and for the routes."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from agent.importing.history.filling import PastSprint
from agent.importing.history.study import Study, study_notes, study_warnings
from agent.importing.reading import recognition_json

if TYPE_CHECKING:
    from agent.importing.loading.load import LoadResult


def to_json(
    study: Study,
    results: Sequence["LoadResult"],
    rejected_files: Sequence[str],
    release_command: Callable[[str], str],
) -> dict[str, Any]:
    """Convert the outcome to JSON types.

    `rejected_files` name the refused rows of files; `release_command` is what lets a project
    follow the clock.
    """
    files = [recognition_json.to_json(recognition) for recognition in study.recognitions]
    changes = study.changes()
    # People may have released a project that an older export updates.
    live = {result.project_id for result in results if result.clock == "live"}
    return {
        # The first file keeps the key that it had when there was only one.
        "recognised": files[0],
        "files": files,
        "repeated_tasks": study.repeated,
        "rejected_file": rejected_files[0] if rejected_files else None,
        "rejected_files": [*rejected_files],
        "as_of": study.day.isoformat(),
        "clock": study.clock,
        "warnings": study_warnings(study),
        "notes": study_notes(study),
        "projects": {
            history.project_id: {
                "backlog": len(history.backlog),
                "past_sprints": len(history.sprints),
                "created_later": len(history.created_later),
                "sprints": [_sprint_json(sprint) for sprint in history.sprints],
                "running_sprints": [sprint.name for sprint in history.timeline.running],
                "release_command": None
                if study.clock == "live" or history.project_id in live
                else release_command(history.project_id),
                "changes": asdict(changes[history.project_id])
                if history.project_id in changes
                else None,
            }
            for history in study.histories
        },
        "imported": [result_json(result) for result in results],
    }


def _sprint_json(sprint: PastSprint) -> dict[str, Any]:
    return {
        "name": sprint.name,
        "start_date": sprint.start_date.isoformat(),
        "end_date": sprint.end_date.isoformat(),
        "ended_on": (sprint.ended_on or sprint.end_date).isoformat(),
        "inferred": sprint.inferred,
        "committed": sprint.committed,
        "completed": [task.id for task in sprint.completed],
        "unfinished": [task.id for task in sprint.unfinished],
        "outside": [task.id for task in sprint.outside],
    }


def result_json(result: "LoadResult") -> dict[str, Any]:
    """Convert what became of one project to JSON types."""
    closed = result.closed_sprint
    return asdict(result) | {
        "changed": result.changed,
        "today": result.today.isoformat(),
        "closed_sprint": closed.model_dump(mode="json") if closed else None,
    }
