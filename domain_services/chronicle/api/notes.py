"""Routes of the chronicle's notes (section 5.3 of the specification)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Request

from domain_services.chronicle import schema
from domain_services.chronicle.logic import (
    audits,
    cancellations,
    daily_reports,
    imported_sprints,
    planning,
    retrospectives,
)
from domain_services.chronicle.settings import ChronicleSettings
from domain_services.chronicle.values import Day
from domain_services.kernel.database.database import UnitOfWork
from domain_services.kernel.types import ProjectId, SprintId
from domain_services.kernel.web.auth import for_services
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems

router = APIRouter(prefix="/v1/notes", tags=["notes"], route_class=IdempotentRoute)

Limit = Annotated[int, Query(ge=1, le=1000)]
WithTasks = Annotated[bool, Query(description="false leaves `tasks_summary` empty")]
# Repeating a note is no conflict: it answers the id of the first. Only other content is one.
_CREATED = problems(400, 409)


@router.post("/sprint_planning", status_code=201, responses=_CREATED)
async def create_sprint_planning(
    body: schema.SprintPlanningCreate, db: UnitOfWork
) -> schema.NoteCreated:
    """Record the planning of a sprint; the same again answers the same id."""
    note_id = await planning.record(db, body)
    return schema.NoteCreated(message=f"Planning of {body.sprint_id} recorded", note_id=note_id)


@router.get("/sprint_planning", responses=problems(404))
async def list_sprint_planning(
    db: UnitOfWork,
    project_id: ProjectId | None = None,
    sprint_id: SprintId | None = None,
    limit: Limit = 1000,
) -> list[schema.SprintPlanning]:
    """List the newest plannings, oldest first."""
    return await planning.find(db, project_id, sprint_id, limit)


@router.post("/sprint_retrospective", status_code=201, responses=_CREATED)
async def create_sprint_retrospective(
    body: schema.SprintRetrospectiveCreate, db: UnitOfWork
) -> schema.NoteCreated:
    """Record a closed sprint; the same again answers the same id."""
    ids, _ = await retrospectives.record(db, [body])
    return schema.NoteCreated(
        message=f"Retrospective of {body.sprint_id} recorded", note_id=ids[body.sprint_id]
    )


@router.post("/sprint_retrospective/bulk", status_code=201, responses=_CREATED)
async def create_sprint_retrospectives(
    body: schema.SprintRetrospectiveBulk, db: UnitOfWork
) -> schema.BulkRecorded:
    """Record up to 100 closed sprints: all of them, or none."""
    ids, created = await retrospectives.record(db, body.notes)
    return schema.BulkRecorded(created=created, existing=len(ids) - created)


@router.post(
    "/sprint_cancellation",
    status_code=201,
    responses=problems(400),
    **for_services("cancel a sprint by POST /sprints/{sprint_id}/cancel of the sprint service"),
)
async def create_sprint_cancellation(
    body: schema.SprintCancellationCreate, db: UnitOfWork
) -> schema.NoteCreated:
    """Record a cancelled sprint: its decision has no outcome to come."""
    note_id = await cancellations.record(db, body)
    return schema.NoteCreated(message=f"Cancellation of {body.sprint_id} recorded", note_id=note_id)


@router.put("/sprint_retrospective/imported/{project_id}", responses=problems(400, 409))
async def replace_imported_sprints(
    project_id: ProjectId, body: schema.ImportedSprints, db: UnitOfWork
) -> schema.ImportedReplaced:
    """Replace imported sprints of a project: all that are named, or none.

    A sprint that was closed here, or that has action items, never changes.
    """
    return await imported_sprints.replace(db, project_id, body)


@router.get("/sprint_retrospective", responses=problems(404))
async def list_sprint_retrospectives(
    db: UnitOfWork,
    project_id: ProjectId | None = None,
    sprint_id: SprintId | None = None,
    limit: Limit = 1000,
    with_tasks: WithTasks = True,
) -> list[schema.SprintRetrospective]:
    """List the newest retrospectives, oldest first."""
    return await retrospectives.find(db, project_id, sprint_id, limit, with_tasks=with_tasks)


@router.post("/daily_scrum_report", status_code=201, responses=_CREATED)
async def create_daily_scrum_report(
    body: schema.DailyScrumReportCreate, db: UnitOfWork
) -> schema.NoteCreated:
    """Record a sprint's daily scrum; the same again answers the same id."""
    note_id = await daily_reports.record(db, body)
    return schema.NoteCreated(
        message=f"Daily scrum of {body.sprint_id} on {body.report_date} recorded", note_id=note_id
    )


@router.get("/daily_scrum_report", responses=problems(404))
async def get_daily_scrum_reports(
    db: UnitOfWork,
    project_id: ProjectId | None = None,
    sprint_id: SprintId | None = None,
    daily_scrum_date: Annotated[Day | None, Query(description="only reports of this day")] = None,
) -> schema.DailyScrumReports:
    """List the newest 1,000 daily scrum reports, by day."""
    return await daily_reports.find(db, project_id, sprint_id, daily_scrum_date)


@router.post(
    "/decision_audit",
    status_code=201,
    responses=_CREATED,
    **for_services("decide by POST /orchestrate/project/{project_id} of the orchestrator"),
)
async def create_decision_audit(
    body: schema.DecisionAuditCreate, db: UnitOfWork
) -> schema.NoteCreated:
    """Add a decision to its project's chain; the same again changes nothing."""
    note_id = await audits.append(db, body)
    return schema.NoteCreated(message=f"Decision for {body.project_id} recorded", note_id=note_id)


@router.get("/decision_audit", responses=problems(404))
async def list_decision_audits(
    db: UnitOfWork,
    project_id: ProjectId | None = None,
    sprint_id: SprintId | None = None,
    limit: Limit = 1000,
) -> list[schema.DecisionAudit]:
    """List the newest decisions, oldest first."""
    return await audits.find(db, project_id, sprint_id, limit)


@router.get("/decision_audit/verify")
async def verify_decision_audits(
    request: Request,
    db: UnitOfWork,
    project_id: ProjectId | None = None,
    noted_head: Annotated[
        schema.Hash | None,
        Query(description="hash that was noted elsewhere; the chain must hold it"),
    ] = None,
) -> schema.ChainVerification:
    """Verify the chain of one project, or of all."""
    settings: ChronicleSettings = request.app.state.settings
    return await audits.verify(db, project_id, noted_head, keys=settings.audit_keys)


@router.get("/decision_audit/identities")
async def list_audit_identities(
    db: UnitOfWork,
    project_id: ProjectId | None = None,
    after: UUID | None = None,
    up_to: Annotated[UUID | None, Query(description="last id that may be in the answer")] = None,
    limit: Limit = 1000,
) -> list[schema.AuditIdentity]:
    """List audits by their ids, beyond `after` and up to `up_to` where given; maybe none."""
    return await audits.identities(db, project_id, after, up_to, limit)
