"""All tasks of a backlog, read page by page."""

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from domain_services.kernel.errors import Unavailable

if TYPE_CHECKING:
    from domain_services.backlog.client import BacklogClient
    from domain_services.backlog.schema import Task

# Some megabytes while they are parsed.
PAGE_TASKS = 2_000


async def all_tasks(backlog: "BacklogClient", project_id: str) -> AsyncIterator["Task"]:
    """Yield every task of a project, each once, in the order of their creation.

    Raises: `PeerRefused` for an unknown project, `Unavailable` when no page comes after the first.
    """
    after = ""
    while page := await backlog.list_tasks(project_id, after=after, limit=PAGE_TASKS):
        # A release that does not know `after` answers each page with the first one.
        if page[-1].task_id == after:
            raise Unavailable("the backlog service is of an earlier release: upgrade it first")
        for task in page:
            yield task
        after = page[-1].task_id
