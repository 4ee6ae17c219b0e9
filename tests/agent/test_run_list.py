"""GET /runs by project, states, kind and time; pages that new runs do not move; names of runs."""

from datetime import UTC, datetime, timedelta

import pytest

from agent.cli.run_names import find_run
from agent.client import OrchestratorClient
from domain_services.kernel.errors import Invalid, NotFound
from tests.agent.conftest import get
from tests.graphs.conftest import System


async def test_runs_are_found_by_project_states_kind_and_time(whole: System) -> None:
    for name in ("FIRST", "SECOND"):
        await whole.make_project(name, 2)
        await whole.orchestrate(name)
    await whole.orchestrate("NOBODY")
    client = OrchestratorClient(whole.http, whole.urls["orchestrator"])
    now = datetime.now(UTC)
    day = timedelta(days=1)

    async def projects(*arguments: object, **filters: object) -> list[str]:
        page = await client.runs(*arguments, **filters)  # type: ignore[arg-type]
        return [run.project_id for run in page.runs]

    assert await projects() == ["NOBODY", "SECOND", "FIRST"]
    assert await projects("FIRST") == ["FIRST"]
    assert await projects(status=["failed", "waiting"]) == ["NOBODY"]
    assert await projects(status=["done", "failed"]) == ["NOBODY", "SECOND", "FIRST"]
    assert await projects(kind="undo") == []
    assert await projects(since=now - day, until=now + day) == ["NOBODY", "SECOND", "FIRST"]
    assert await projects(since=now + day) == await projects(until=now - day) == []
    url = f"{whole.urls['orchestrator']}/runs"
    for bad in ("status=asleep", "kind=none", "since=yesterday", "limit=0", "before=first"):
        assert (await whole.http.get(f"{url}?{bad}")).status_code == 400


async def test_a_page_stays_where_it_is_when_runs_begin_meanwhile(whole: System) -> None:
    await whole.make_project("PAGES", 2)
    for _ in range(3):
        await whole.orchestrate("PAGES", dry_run=True)
    first = await get(whole, "/runs?limit=2")
    await whole.orchestrate("PAGES", dry_run=True)
    second = await get(whole, f"/runs?limit=2&before={first['next_before']}")
    ids = [run["run_id"] for run in first["runs"] + second["runs"]]
    assert len(set(ids)) == 3
    assert second["next_before"] is None
    # A page that is full and the last names no other.
    assert (await get(whole, "/runs?limit=4"))["next_before"] is None


async def test_a_run_is_named_by_its_id_by_the_begin_of_it_or_as_the_last(whole: System) -> None:
    client = OrchestratorClient(whole.http, whole.urls["orchestrator"])
    with pytest.raises(NotFound):
        await find_run(client, "last")
    await whole.make_project("NAMED", 2)
    ids = [(await whole.orchestrate("NAMED", dry_run=True)).json()["run_id"] for _ in range(2)]
    assert str(await find_run(client, "last")) == ids[1]
    assert str(await find_run(client, ids[0])) == ids[0]
    assert str(await find_run(client, ids[0][:20].upper())) == ids[0]
    with pytest.raises(Invalid, match="several runs"):
        await find_run(client, ids[0][:6])
    for unknown, error in (
        ("0000", NotFound),
        ("the first; DROP", Invalid),
        ("", Invalid),
        (ids[0][:3], Invalid),
    ):
        with pytest.raises(error):
            await find_run(client, unknown)
