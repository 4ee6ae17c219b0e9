"""Daily scrum notes: one a sprint and day."""

from datetime import date
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.chronicle.logic import notes
from domain_services.chronicle.logic.content import digest
from domain_services.chronicle.schema import DailyScrumReportCreate, DailyScrumReports
from domain_services.kernel.errors import NotFound

# Reports in one answer; a sprint has some ten.
NEWEST = 1000


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
    by_day: dict[str, list[object]] = {}
    for row in rows:
        # The close of a sprint sends reports under the first free day, not under their own.
        for report_day, reports in row.additional_data["reports"].items():
            by_day.setdefault(report_day, []).extend(reports)
    newest = rows[-1]
    return DailyScrumReports.model_validate(
        {
            "project_id": _only({row.project_id for row in rows}),
            "sprint_id": _only({row.sprint_id for row in rows}),
            "created_at": newest.created_at,
            "summary": newest.summary,
            "summary_metrics": newest.summary_metrics,
            "reports": dict(sorted(by_day.items())),
        }
    )


def _only(ids: set[str]) -> str | None:
    return next(iter(ids)) if len(ids) == 1 else None
