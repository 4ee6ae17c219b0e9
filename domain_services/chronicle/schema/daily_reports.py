"""Wire types of daily scrum reports."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import AliasChoices, Field

from domain_services.chronicle.schema.notes import MAX_TASKS, SprintNote
from domain_services.chronicle.values import Day, Instant
from domain_services.kernel.types import Answer, Count, EmployeeId, Line, Prose, Wire


class SummaryMetrics(Wire):
    """Counts of a sprint on the day of a report."""

    total_team_members: Count
    """People on the team."""
    total_tasks: Count
    """Tasks of the sprint."""
    completed_tasks: Count
    """Tasks that are finished."""
    pending_tasks: Count
    """Tasks that are not finished."""


class TaskReportCreate(Wire):
    """Report on one task of one person."""

    id: Line
    """Id of the task."""
    yesterday_work: Prose = ""
    """Work done since the report before."""
    today_work: Prose = ""
    """Work planned until the next report."""
    impediments: Prose = ""
    """Impediment; empty, or a phrase like "none": there is none."""
    created_at: Instant | None = None
    """Time of the report; null: not known."""


class EmployeeReportCreate(Wire):
    """Reports of one person."""

    # The specification names the person `assigned_to` in requests and `employee_id` in answers.
    employee_id: EmployeeId | None = Field(
        default=None, validation_alias=AliasChoices("assigned_to", "employee_id")
    )
    """The person, also called `assigned_to`; null: tasks that nobody holds."""
    tasks: Annotated[list[TaskReportCreate], Field(max_length=MAX_TASKS)]
    """Reports by task."""


class DailyScrumReportCreate(SprintNote):
    """Daily scrum of one sprint on one day, to be recorded."""

    report_id: UUID | None = None
    """Id of the report; null: the chronicle makes one."""
    report_date: Day
    """Day of the daily scrum; one report a sprint and day."""
    summary: Prose = ""
    """Summary for people."""
    summary_metrics: SummaryMetrics | None = None
    """Counts of the sprint on that day; null: not known."""
    reports: Annotated[
        dict[Day, Annotated[list[EmployeeReportCreate], Field(max_length=500)]],
        Field(max_length=31),
    ]
    """Reports by day and person."""


class SprintMetrics(Answer):
    """Recorded counts of a sprint on the day of a report."""

    total_team_members: int
    """People on the team."""
    total_tasks: int
    """Tasks of the sprint."""
    completed_tasks: int
    """Tasks that were finished."""
    pending_tasks: int
    """Tasks that were not finished."""


class TaskReport(Answer):
    """Recorded report on one task of one person."""

    id: str
    """Id of the task."""
    yesterday_work: str
    """Work done since the report before."""
    today_work: str
    """Work planned until the next report."""
    impediments: str
    """Impediment; empty, or a phrase like "none": there is none."""
    created_at: datetime | None
    """Time of the report; null: not known."""


class EmployeeReport(Answer):
    """Recorded reports of one person."""

    employee_id: str | None
    """The person; null: tasks that nobody held."""
    tasks: list[TaskReport]
    """Reports by task."""


class SprintDailyScrums(Answer):
    """Recorded daily scrums of one sprint by day. Summary and metrics are of its newest report."""

    project_id: str
    """The project."""
    sprint_id: str
    """The sprint."""
    created_at: datetime
    """Time of recording of the newest report, UTC."""
    summary: str
    """Summary of the newest report."""
    summary_metrics: SprintMetrics | None
    """Counts of the newest report; null: not known."""
    reports: dict[date, list[EmployeeReport]]
    """Reports by day and person."""


class DailyScrumReports(Answer):
    """Recorded daily scrums by day.

    Of one project, summary and metrics are those of the newest report. Of several projects each
    sprint has its own under `sprints`: nothing is merged.
    """

    project_id: str | None
    """The project; null when the answer spans several."""
    sprint_id: str | None
    """The sprint; null when the answer spans several."""
    sprints: list[SprintDailyScrums] = []
    """Daily scrums by sprint, the one with the newest report last; empty for one sprint alone."""
    created_at: datetime
    """Time of recording of the newest report, UTC."""
    summary: str
    """Summary of the newest report; of several projects the sentence that names them."""
    summary_metrics: SprintMetrics | None
    """Counts of the newest report; null: not known, or of several projects."""
    reports: dict[date, list[EmployeeReport]]
    """Reports by day and person; empty when the answer spans several projects."""
