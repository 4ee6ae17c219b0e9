"""Sample backlog for a project that has none: ten tasks that most products need."""

from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.backlog.logic import creation
from domain_services.backlog.schema import TaskCreate

SAMPLES = (
    TaskCreate(title="Set up the repository and continuous integration", priority=1, type="chore"),
    TaskCreate(title="Model the core entities and their database schema", priority=1, type="story"),
    TaskCreate(title="Sign users up and log them in", priority=1, type="story"),
    TaskCreate(title="Authorise requests by role", priority=2, type="story"),
    TaskCreate(title="Serve the main resource through a REST API", priority=2, type="story"),
    TaskCreate(title="Show the main list with paging and filters", priority=2, type="story"),
    TaskCreate(title="Notify users by e-mail of changes", priority=3, type="story"),
    TaskCreate(title="Log and trace requests across services", priority=3, type="chore"),
    TaskCreate(title="Test the main workflow end to end", priority=3, type="chore"),
    TaskCreate(title="Write the deployment guide", priority=4, type="chore"),
)


async def generate(connection: AsyncConnection, project_id: str, *, actor: str) -> tuple[int, int]:
    """Add the samples to a project without tasks; returns the counts of added and of all tasks."""
    # Tasks are never deleted, so the last number is the count of all tasks.
    count = await creation.count_up(connection, project_id, 0)
    if count:
        return 0, count
    await creation.create(connection, project_id, SAMPLES, actor=actor)
    return len(SAMPLES), len(SAMPLES)
