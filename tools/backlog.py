"""Tools of the backlog service: list, read and count tasks."""

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import Task
from tools.answers import Answer, listing
from tools.arguments import Limit, Offset, Part, PartOffset, ProjectId, Ready, TaskId
from tools.documents import document
from tools.tool import Function

_FIELDS = {
    "task_id",
    "title",
    "type",
    "priority",
    "rank",
    "estimate",
    "ready",
    "depends_on",
    "carried_over",
    "assigned_to",
    "labels",
    "story_id",
    "created_on",
}


def backlog_reads(client: BacklogClient) -> tuple[Function, ...]:
    """Make list_unassigned_tasks, get_task and summarise_backlog."""

    async def list_unassigned_tasks(
        project_id: ProjectId, limit: Limit = 20, offset: Offset = 0, ready: Ready = None
    ) -> Answer:
        """List the tasks that a new sprint may take, in planning order, without descriptions."""
        tasks = await client.list_tasks(
            project_id, status="unassigned", ready=ready, limit=limit + 1, offset=offset
        )
        total = None
        if ready is None:
            total = (await client.get_summary(project_id)).status_counts.get("unassigned")
        return listing(
            "tasks",
            [_row(task) for task in tasks[:limit]],
            offset=offset,
            total=total,
            more=len(tasks) > limit,
            narrow="or narrow it by ready=true; get_task reads one with its description",
        )

    async def get_task(task_id: TaskId, part: Part = None, offset: PartOffset = 0) -> Answer:
        """Read one task with its description, dependencies, status and sprint."""
        return document(await client.get_task(task_id), part, offset)

    async def summarise_backlog(project_id: ProjectId) -> object:
        """Count the tasks of a backlog by status."""
        return await client.get_summary(project_id)

    return (list_unassigned_tasks, get_task, summarise_backlog)


def _row(task: Task) -> Answer:
    # What says nothing is left out: more tasks fit into the answer.
    row = task.model_dump(mode="json", include=_FIELDS)
    return {name: value for name, value in row.items() if value not in (None, [], False)}
