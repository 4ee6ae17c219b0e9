"""Typed client of the chronicle service: one method a route."""

from datetime import date
from uuid import UUID

from domain_services.chronicle import schema
from domain_services.kernel.client.http_client import ServiceClient
from domain_services.kernel.types import Liveness

NOTES = "/v1/notes"
ANALYTICS = "/v1/analytics"


class ChronicleClient(ServiceClient):
    """Client of the chronicle service; every method raises as `ServiceClient` does."""

    peer = "chronicle_service"

    async def health(self) -> Liveness:
        return await self._call("GET", "/health", Liveness)

    async def create_sprint_planning(
        self, body: schema.SprintPlanningCreate, *, key: str | None = None
    ) -> schema.NoteCreated:
        path = f"{NOTES}/sprint_planning"
        return await self._call("POST", path, schema.NoteCreated, body=body, key=key)

    async def list_sprint_planning(
        self, project_id: str | None = None, sprint_id: str | None = None, limit: int = 1000
    ) -> list[schema.SprintPlanning]:
        """List the newest. Raises: `PeerRefused` (404) when nothing is recorded."""
        params = {"project_id": project_id, "sprint_id": sprint_id, "limit": limit}
        path = f"{NOTES}/sprint_planning"
        return await self._call("GET", path, list[schema.SprintPlanning], params=params)

    async def create_sprint_retrospective(
        self, body: schema.SprintRetrospectiveCreate, *, key: str | None = None
    ) -> schema.NoteCreated:
        path = f"{NOTES}/sprint_retrospective"
        return await self._call("POST", path, schema.NoteCreated, body=body, key=key)

    async def create_sprint_cancellation(
        self, body: schema.SprintCancellationCreate, *, key: str | None = None
    ) -> schema.NoteCreated:
        path = f"{NOTES}/sprint_cancellation"
        return await self._call("POST", path, schema.NoteCreated, body=body, key=key)

    async def create_sprint_retrospectives(
        self, body: schema.SprintRetrospectiveBulk, *, key: str | None = None
    ) -> schema.BulkRecorded:
        path = f"{NOTES}/sprint_retrospective/bulk"
        return await self._call("POST", path, schema.BulkRecorded, body=body, key=key)

    async def replace_imported_sprints(
        self, project_id: str, body: schema.ImportedSprints
    ) -> schema.ImportedReplaced:
        """Replace imported sprints. Raises: `PeerRefused` (409) for one that was closed here."""
        path = f"{NOTES}/sprint_retrospective/imported/{project_id}"
        return await self._call("PUT", path, schema.ImportedReplaced, body=body)

    async def list_sprint_retrospectives(
        self,
        project_id: str | None = None,
        sprint_id: str | None = None,
        limit: int = 1000,
        *,
        with_tasks: bool = True,
    ) -> list[schema.SprintRetrospective]:
        """List the newest, `with_tasks=False` with an empty `tasks_summary`.

        Raises: `PeerRefused` (404) when nothing is recorded.
        """
        params: dict[str, object] = {"project_id": project_id, "sprint_id": sprint_id}
        params |= {"limit": limit, "with_tasks": None if with_tasks else "false"}
        path = f"{NOTES}/sprint_retrospective"
        return await self._call("GET", path, list[schema.SprintRetrospective], params=params)

    async def list_action_items(
        self,
        project_id: str | None = None,
        status: schema.ActionItemStatus | None = None,
        limit: int = 1000,
    ) -> list[schema.TrackedActionItem]:
        params = {"project_id": project_id, "status": status, "limit": limit}
        return await self._call(
            "GET", "/v1/action_items", list[schema.TrackedActionItem], params=params
        )

    async def change_action_item(
        self,
        retrospective_id: UUID,
        position: int,
        body: schema.ActionItemChange,
        *,
        if_match: int | None = None,
    ) -> schema.TrackedActionItem:
        """Change the status of an item, which must still have the version `if_match`."""
        path = f"/v1/action_items/{retrospective_id}/{position}"
        return await self._call("PUT", path, schema.TrackedActionItem, body=body, if_match=if_match)

    async def list_action_item_changes(
        self, retrospective_id: UUID, position: int
    ) -> list[schema.RecordedChange]:
        path = f"/v1/action_items/{retrospective_id}/{position}/changes"
        return await self._call("GET", path, list[schema.RecordedChange])

    async def create_daily_scrum_report(
        self, body: schema.DailyScrumReportCreate, *, key: str | None = None
    ) -> schema.NoteCreated:
        path = f"{NOTES}/daily_scrum_report"
        return await self._call("POST", path, schema.NoteCreated, body=body, key=key)

    async def get_daily_scrum_reports(
        self,
        project_id: str | None = None,
        sprint_id: str | None = None,
        daily_scrum_date: date | None = None,
    ) -> schema.DailyScrumReports:
        """List the newest. Raises: `PeerRefused` (404) when nothing is recorded."""
        params = {
            "project_id": project_id,
            "sprint_id": sprint_id,
            "daily_scrum_date": daily_scrum_date.isoformat() if daily_scrum_date else None,
        }
        path = f"{NOTES}/daily_scrum_report"
        return await self._call("GET", path, schema.DailyScrumReports, params=params)

    async def create_decision_audit(
        self, body: schema.DecisionAuditCreate, *, key: str | None = None
    ) -> schema.NoteCreated:
        path = f"{NOTES}/decision_audit"
        return await self._call("POST", path, schema.NoteCreated, body=body, key=key)

    async def list_decision_audits(
        self, project_id: str | None = None, sprint_id: str | None = None, limit: int = 1000
    ) -> list[schema.DecisionAudit]:
        """List the newest `limit` (at most 1,000), oldest first; older ones cannot be listed.

        Raises: `PeerRefused` (404) when nothing is recorded.
        """
        params = {"project_id": project_id, "sprint_id": sprint_id, "limit": limit}
        path = f"{NOTES}/decision_audit"
        return await self._call("GET", path, list[schema.DecisionAudit], params=params)

    async def verify_decision_audits(
        self,
        project_id: str | None = None,
        noted_head: str | None = None,
        *,
        timeout: float | None = None,
    ) -> schema.ChainVerification:
        """Verify the chains; `timeout` in seconds replaces the client's own, too short for them."""
        path = f"{NOTES}/decision_audit/verify"
        params = {"project_id": project_id, "noted_head": noted_head}
        return await self._call(
            "GET", path, schema.ChainVerification, params=params, timeout=timeout
        )

    async def list_audit_identities(
        self,
        project_id: str | None = None,
        after: UUID | None = None,
        up_to: UUID | None = None,
        limit: int = 1000,
        *,
        timeout: float | None = None,
    ) -> list[schema.AuditIdentity]:
        """List audits by their ids; `timeout` in seconds replaces the client's own."""
        path = f"{NOTES}/decision_audit/identities"
        params = {
            "project_id": project_id,
            "after": None if after is None else str(after),
            "up_to": None if up_to is None else str(up_to),
            "limit": limit,
        }
        return await self._call(
            "GET", path, list[schema.AuditIdentity], params=params, timeout=timeout
        )

    async def patterns(
        self, project_id: str, *, until: date | None = None
    ) -> schema.ProjectPatterns:
        """Find recurring facts; `until` leaves out what ended on that day or later."""
        path = f"{ANALYTICS}/project/{project_id}/patterns"
        params = {"until": _day(until)}
        return await self._call("GET", path, schema.ProjectPatterns, params=params)

    async def velocity(
        self, project_id: str, *, until: date | None = None
    ) -> schema.ProjectVelocity:
        """Measure the sprints that count; `until` leaves out those that ended then or later."""
        path = f"{ANALYTICS}/project/{project_id}/velocity"
        params = {"until": _day(until)}
        return await self._call("GET", path, schema.ProjectVelocity, params=params)

    async def impediments(self, project_id: str) -> schema.ProjectImpediments:
        path = f"{ANALYTICS}/project/{project_id}/impediments"
        return await self._call("GET", path, schema.ProjectImpediments)

    async def evidence(
        self,
        project_id: str,
        *,
        sprints: int = 24,
        similarity_threshold: float = 0.7,
        similar_projects: int = 10,
        until: date | None = None,
    ) -> schema.ProjectEvidence:
        """Read velocity of the newest `sprints`, patterns, impediments, similar projects.

        `until` leaves out what ended on that day or later, in every project.
        """
        params = {
            "sprints": sprints,
            "similarity_threshold": similarity_threshold,
            "similar_projects": similar_projects,
            "until": _day(until),
        }
        path = f"{ANALYTICS}/project/{project_id}/evidence"
        return await self._call("GET", path, schema.ProjectEvidence, params=params)

    async def similar_projects(
        self,
        reference_project_id: str,
        similarity_threshold: float = 0.7,
        *,
        until: date | None = None,
    ) -> list[schema.SimilarProject]:
        """List similar projects. Raises: `PeerRefused` (404) when there is none."""
        params = {
            "reference_project_id": reference_project_id,
            "similarity_threshold": similarity_threshold,
            "until": _day(until),
        }
        path = f"{ANALYTICS}/projects/similar"
        return await self._call("GET", path, list[schema.SimilarProject], params=params)

    async def metrics_summary(self) -> schema.MetricsSummary:
        """Read counts of all projects. Raises: `PeerRefused` (404) when nothing is recorded."""
        return await self._call("GET", f"{ANALYTICS}/metrics/summary", schema.MetricsSummary)

    async def decision_impact(
        self, project_id: str, start_date: date | None = None, end_date: date | None = None
    ) -> schema.DecisionImpact:
        """Compare decisions of the days `start_date` to `end_date`, by default the last 30."""
        params = {
            "start_date": start_date.isoformat() if start_date else None,
            "end_date": end_date.isoformat() if end_date else None,
        }
        path = f"{ANALYTICS}/decisions/impact/{project_id}"
        return await self._call("GET", path, schema.DecisionImpact, params=params)


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None
