"""All tasks of a backlog, read page by page."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from domain_services.backlog.client import BacklogClient
    from domain_services.backlog.schema import Task

# Some megabytes while they are parsed.
PAGE_TASKS = 2_000


async def all_tasks(backlog: "BacklogClient", project_id: str) -> AsyncIterator["Task"]:
    """Yield every task of a project, each once, in the order of their creation.

    Raises: `PeerRefused` for an unknown project.
    """
    after = ""
    while page := await backlog.list_tasks(project_id, after=after, limit=PAGE_TASKS):
        for task in page:
            yield task
        after = page[-1].task_id
