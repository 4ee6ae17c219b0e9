"""Tools of the chronicle service: read velocity and impediments."""

from domain_services.chronicle.client import ChronicleClient
from tools.answers import Answer, listing
from tools.arguments import Limit, Offset, Part, PartOffset, ProjectId
from tools.documents import document
from tools.tool import Function


def chronicle_reads(client: ChronicleClient) -> tuple[Function, ...]:
    """Make get_velocity and get_impediments."""

    async def get_velocity(project_id: ProjectId, limit: Limit = 20, offset: Offset = 0) -> Answer:
        """Read mean and trend of the completed tasks, and the past sprints, newest first.

        Imported sprints count as well.
        """
        velocity = await client.velocity(project_id)
        newest = velocity.velocity_trend_data[::-1]
        rows = [sprint.model_dump(mode="json") for sprint in newest[offset : offset + limit]]
        summary = velocity.model_dump(mode="json", exclude={"velocity_trend_data"})
        return listing("sprints", rows, offset=offset, total=len(newest), **summary)

    async def get_impediments(
        project_id: ProjectId, part: Part = None, offset: PartOffset = 0
    ) -> Answer:
        """Read the impediments of a project, with how often and whether still open."""
        return document(await client.impediments(project_id), part, offset)

    return (get_velocity, get_impediments)
