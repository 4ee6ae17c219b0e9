"""Daily scrum notes: one a sprint and day."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic import notes
from domain_services.chronicle.logic.content import digest
from domain_services.chronicle.schema import DailyScrumReportCreate, DailyScrumReports
from domain_services.kernel.errors import NotFound

# Reports in one answer; a sprint has some ten.
NEWEST = 1000
NAMED_PROJECTS = 5  # in a summary


async def record(connection: AsyncConnection, report: DailyScrumReportCreate) -> UUID:
    """Store the report of a sprint's day, once. Raises: `Conflict` for other content."""
    metrics = report.summary_metrics
    return await notes.record(
        connection,
        "daily_scrum_report",
        report.report_id,
        project_id=report.project_id,
        sprint_id=report.sprint_id,
        note_date=report.report_date,
        summary=report.summary,
        additional_data=report.model_dump(mode="json", include={"reports"}),
        summary_metrics=metrics.model_dump() if metrics else None,
        content_sha256=digest(report, exclude={"report_id"}),
    )


async def find(
    connection: AsyncConnection, project_id: str | None, sprint_id: str | None, day: date | None
) -> DailyScrumReports:
    """Find the newest 1,000 reports that match, by day. Raises: `NotFound` for none."""
    rows = await notes.find(
        connection,
        "daily_scrum_report",
        project_id=project_id,
        sprint_id=sprint_id,
        note_date=day,
        limit=NEWEST,
    )
    if not rows:
        raise NotFound("no such daily scrum report is recorded: check project, sprint and day")
    by_sprint: dict[str, list[Row[Any]]] = {}
    for row in rows:
        # A sprint moves to the end with each newer report of it.
        by_sprint[row.sprint_id] = [*by_sprint.pop(row.sprint_id, []), row]
    projects = sorted({row.project_id for row in rows})
    answer = _describe(rows)
    if len(projects) > 1:
        # One summary over people of several projects would be of none of them.
        named = ", ".join(projects[:NAMED_PROJECTS])
        more = len(projects) - NAMED_PROJECTS
        named += f" and {more} more" if more > 0 else ""
        summary = f"Daily scrums of {len(projects)} projects ({named}): read each under `sprints`."
        answer |= {"summary": summary, "summary_metrics": None, "reports": {}}
    return DailyScrumReports.model_validate(
        answer
        | {
            "project_id": _only(set(projects)),
            "sprint_id": _only({row.sprint_id for row in rows}),
            "sprints": [
                _describe(reports) | {"project_id": reports[-1].project_id, "sprint_id": sprint}
                for sprint, reports in by_sprint.items()
            ]
            if len(by_sprint) > 1
            else [],
        }
    )


def _describe(rows: Sequence[Row[Any]]) -> dict[str, object]:
    """Return the fields of an answer that reports, oldest first, share."""
    by_day: dict[str, list[object]] = {}
    for row in rows:
        # The close of a sprint sends reports under the first free day, not under their own.
        for report_day, reports in row.additional_data["reports"].items():
            by_day.setdefault(report_day, []).extend(reports)
    newest = rows[-1]
    return {
        "created_at": newest.created_at,
        "summary": newest.summary,
        "summary_metrics": newest.summary_metrics,
        "reports": dict(sorted(by_day.items())),
    }


def _only(ids: set[str]) -> str | None:
    return next(iter(ids)) if len(ids) == 1 else None
