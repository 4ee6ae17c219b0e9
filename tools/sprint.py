"""Tools of the sprint service: list, create, close and cancel sprints."""

from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import Unavailable
from domain_services.sprint.client import SprintClient
from domain_services.sprint.schema import SprintCreate
from tools.answers import Answer, listing
from tools.arguments import (
    FirstDay,
    Key,
    Limit,
    Offset,
    Part,
    PartOffset,
    ProjectId,
    Reason,
    SprintId,
    TaskIds,
    Weeks,
)
from tools.documents import document
from tools.refusals import checking_arguments
from tools.tool import Function

_MOST_SPRINTS = 1000
_FIELDS = {
    "sprint_id",
    "sprint_name",
    "sprint_goal",
    "status",
    "start_date",
    "end_date",
    "total_tasks",
    "completed_tasks",
    "progress_percentage",
    "worked",
}


def sprint_reads(client: SprintClient, chronicle: ChronicleClient) -> tuple[Function, ...]:
    """Make list_sprints and get_sprint."""

    async def list_sprints(project_id: ProjectId, limit: Limit = 20, offset: Offset = 0) -> Answer:
        """List the sprints of a project, newest first.

        A sprint with status `imported` was held elsewhere: only its days and counts are known.
        """
        sprints = await client.list_sprints(project_id, limit=_MOST_SPRINTS)
        rows = [sprint.model_dump(mode="json", include=_FIELDS) for sprint in sprints]
        imported, missing = await _imported(
            chronicle, project_id, {row["sprint_id"] for row in rows}
        )
        rows = sorted(rows + imported, key=lambda row: str(row["start_date"]), reverse=True)
        page = rows[offset : offset + limit]
        answer = listing("sprints", page, offset=offset, total=len(rows))
        return answer | ({"missing": missing} if missing else {})

    async def get_sprint(sprint_id: SprintId, part: Part = None, offset: PartOffset = 0) -> Answer:
        """Read one sprint with its tasks and their progress; imported ones are not stored here."""
        return document(await client.get_sprint(sprint_id), part, offset)

    return (list_sprints, get_sprint)


async def _imported(
    chronicle: ChronicleClient, project_id: str, known: set[str]
) -> tuple[list[Answer], str | None]:
    """List the sprints that only the chronicle knows, and say when it did not answer."""
    try:
        velocity = await chronicle.velocity(project_id)
    except PeerRefused as refusal:
        # 404 for a project without history.
        return [], None if refusal.peer_status == 404 else refusal.detail
    except Unavailable as error:
        return [], f"imported sprints: {error.detail}; get_velocity lists them later"
    names = {"sprint_id", "sprint_name", "start_date", "end_date", "total_tasks", "completed_tasks"}
    return [
        {**sprint.model_dump(mode="json", include=names), "status": "imported"}
        for sprint in velocity.velocity_trend_data
        if sprint.sprint_id not in known
    ], None


def sprint_writes(client: SprintClient) -> tuple[Function, ...]:
    """Make create_sprint, close_sprint and cancel_sprint."""

    async def create_sprint(
        project_id: ProjectId,
        duration_weeks: Weeks,
        task_ids: TaskIds,
        start_date: FirstDay,
        idempotency_key: Key = None,
    ) -> dict[str, object]:
        """Start a sprint with exactly the tasks named."""
        with checking_arguments("create_sprint"):
            body = SprintCreate(
                duration_weeks=duration_weeks,
                task_ids=task_ids,
                start_date=start_date,
                requested_by="orchestrator",
            )
        sprint = await client.create_sprint(project_id, body, key=idempotency_key)
        return sprint.model_dump(mode="json")

    async def close_sprint(sprint_id: SprintId, idempotency_key: Key = None) -> dict[str, object]:
        """Close a sprint; unfinished tasks go back to the backlog. It cannot be opened again."""
        sprint = await client.close_sprint(sprint_id, key=idempotency_key)
        return sprint.model_dump(mode="json")

    async def cancel_sprint(
        sprint_id: SprintId, reason: Reason = None, idempotency_key: Key = None
    ) -> dict[str, object]:
        """Cancel a sprint in which nobody has worked; its tasks are free again."""
        sprint = await client.cancel_sprint(sprint_id, reason, key=idempotency_key)
        return sprint.model_dump(mode="json")

    return (create_sprint, close_sprint, cancel_sprint)
