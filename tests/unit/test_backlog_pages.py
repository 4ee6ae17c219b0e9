"""All tasks of a backlog are read once, or not at all."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.pages import PAGE_TASKS, all_tasks
from domain_services.kernel.errors import Unavailable

MOST_PAGES = 5


class EarlierBacklog:
    """Client of a backlog service whose release knows no pages."""

    def __init__(self) -> None:
        self.calls = 0

    async def list_tasks(self, project_id: str, **options: Any) -> list[SimpleNamespace]:
        self.calls += 1
        assert self.calls < MOST_PAGES, "it reads pages without an end"
        return [SimpleNamespace(task_id=f"{project_id}-{n}") for n in range(PAGE_TASKS)]


async def test_service_that_answers_the_same_page_again_is_refused() -> None:
    backlog = EarlierBacklog()
    with pytest.raises(Unavailable, match="earlier release"):
        [task async for task in all_tasks(cast("BacklogClient", backlog), "P1")]
    assert backlog.calls == 2
