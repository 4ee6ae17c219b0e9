"""The deprecated daily-scrum service: events that move the sprint, and none that is lost."""

import asyncio
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx
from sqlalchemy import text

from domain_services.daily_scrum.client import DailyScrumClient
from domain_services.kernel.database.database import Database
from domain_services.sprint.schema import ProgressReport, SprintCreate
from domain_services.sprint.simulation import work
from tests.ports import free_port
from tests.services.daily_scrum.conftest import Start
from tests.services.sprint.conftest import MONDAY, Town, eventually


async def begin(town: Town, **project: object) -> list[str]:
    """A sprint P1-S01 of two people and four tasks; the ids of the tasks."""
    await town.create_project("P1", "E1", "E2", **project)
    ids = await town.plan("P1", 4)
    await town.sprint.create_sprint("P1", SprintCreate())
    return ids


async def progress_of(town: Town) -> dict[str, int]:
    tasks = await town.sprint.list_tasks("P1-S01")
    return {task.task_id: task.progress_percentage for task in tasks}


async def events(url: str, which: str = "true") -> int:
    """Count the events that the service has written, of those for which the SQL `which` holds."""
    database = Database(url, pool_size=1)
    async with database.transaction() as connection:
        counted = await connection.scalar(text(f"SELECT count(*) FROM outbox WHERE {which}"))
    await database.close()
    return int(counted or 0)


async def unconfirmed_count(url: str) -> int:
    """Events that the sprint service has not confirmed."""
    return await events(url, "closed_at IS NULL")


async def test_simulated_day_reaches_sprint_and_backlog_by_events(
    town: Town, start_scrums: Start, http: httpx.AsyncClient, scrum_database: str
) -> None:
    await begin(town)
    tasks = await town.sprint.list_tasks("P1-S01")
    expected = {task.task_id: 0 for task in tasks} | {
        task.task_id: report.progress_percentage or 0
        for task, report in work(tasks, ["E1", "E2"], MONDAY)
    }
    client = DailyScrumClient(http, await start_scrums())
    run = await client.run_scrum("P1-S01")
    assert (run.events_count, run.scrum_date, run.warnings) == (2, MONDAY, [])
    assert sum(event.progress_made for event in run.events) == sum(expected.values())

    async def applied() -> bool:
        return await progress_of(town) == expected and await unconfirmed_count(scrum_database) == 0

    await eventually(applied)

    async def confirmed() -> bool:
        backlog = await town.backlog_of("P1")
        return {i: task.progress_percentage for i, task in backlog.items()} == expected

    await eventually(confirmed)
    rows = await town.rows("SELECT yesterday_work, source FROM progress_history")
    assert {row.yesterday_work for row in rows} == {event.yesterday_work for event in run.events}
    assert {row.source for row in rows} == {"simulated"}


async def test_day_is_simulated_once_in_both_services(
    town: Town, start_scrums: Start, http: httpx.AsyncClient, scrum_database: str
) -> None:
    await begin(town)
    client = DailyScrumClient(http, await start_scrums())
    runs = await asyncio.gather(*(client.run_scrum("P1-S01") for _ in range(5)))
    assert all(run == runs[0] for run in runs)
    assert await events(scrum_database) == 2

    async def confirmed() -> bool:
        return await unconfirmed_count(scrum_database) == 0

    await eventually(confirmed)
    after = await progress_of(town)
    assert len([percentage for percentage in after.values() if percentage]) == 2
    scrum_run = await town.sprint.run_daily_scrum("P1-S01")
    assert (scrum_run.updated_tasks_count, await progress_of(town)) == (2, after)
    assert len(await town.rows("SELECT 1 FROM progress_history")) == 2


async def test_day_simulated_by_the_sprint_service_has_no_second_effect(
    town: Town, start_scrums: Start, http: httpx.AsyncClient, scrum_database: str
) -> None:
    await begin(town)
    await town.sprint.run_daily_scrum("P1-S01")
    after = await progress_of(town)
    await DailyScrumClient(http, await start_scrums()).run_scrum("P1-S01")

    async def confirmed() -> bool:
        return await unconfirmed_count(scrum_database) == 0

    await eventually(confirmed)
    assert await progress_of(town) == after


async def test_answered_events_survive_a_redis_that_is_down(
    town: Town, start_scrums: Start, http: httpx.AsyncClient, scrum_database: str
) -> None:
    await begin(town)
    url = await start_scrums(redis_url=f"redis://127.0.0.1:{free_port()}")
    health = await http.get(f"{url}/health")
    assert (health.status_code, health.json()) == (
        503,
        {"status": "error", "redis": "disconnected"},
    )

    async def warned() -> bool:
        answer = await http.post(f"{url}/scrums/P1-S01/run")
        assert answer.status_code == 200
        return answer.json()["warnings"] == ["events are delayed: Redis does not answer"]

    await eventually(warned)
    assert await unconfirmed_count(scrum_database) == 2
    again = await http.get(f"{await start_scrums()}/health")
    assert (again.status_code, again.json()) == (200, {"status": "ok", "redis": "connected"})

    async def applied() -> bool:
        return len([progress for progress in (await progress_of(town)).values() if progress]) == 2

    await eventually(applied)


async def test_every_answer_has_deprecation_headers(
    town: Town, start_scrums: Start, http: httpx.AsyncClient
) -> None:
    await begin(town, progress_mode="reported")
    url = await start_scrums()
    refused = {"P1-S01": 200, "P1-S09": 404}
    for sprint_id, status in refused.items():
        answer = await http.post(f"{url}/scrums/{sprint_id}/run")
        assert answer.status_code == status
        deprecated, sunset = answer.headers["Deprecation"], answer.headers["Sunset"]
        since = datetime.fromtimestamp(int(deprecated.removeprefix("@")), UTC)
        assert since < parsedate_to_datetime(sunset)
        assert sunset.endswith("GMT")
        successor = f"{town.sprint_url}/sprints/{sprint_id}/run-daily-scrum"
        assert answer.headers["Link"] == f'<{successor}>; rel="successor-version"'
    document = (await http.get(f"{url}/openapi.json")).json()
    operation = document["paths"]["/scrums/{sprint_id}/run"]["post"]
    assert operation["deprecated"] is True
    assert {"200", "404", "500", "503"} <= set(operation["responses"])
    assert set(operation["responses"]["200"]["headers"]) == {"Deprecation", "Sunset", "Link"}


async def test_reported_project_and_free_day_simulate_nothing(
    town: Town, start_scrums: Start, http: httpx.AsyncClient
) -> None:
    client = DailyScrumClient(http, await start_scrums())
    ids = await begin(town, progress_mode="reported")
    await town.sprint.report_progress(ids[0], ProgressReport(progress_percentage=30))
    run = await client.run_scrum("P1-S01")
    assert (run.events_count, run.message) == (
        0,
        "P1 reports its progress itself: nothing was simulated.",
    )
    await town.create_project("P2", as_of=MONDAY.replace(day=8))
    await town.plan("P2", 1, assigned_to="E1")
    await town.sprint.create_sprint("P2", SprintCreate())
    assert (await client.run_scrum("P2-S01")).events_count == 0


async def test_hostile_sprint_is_refused(start_scrums: Start, http: httpx.AsyncClient) -> None:
    url = await start_scrums()
    for path in ("lower-S01", "P1", "P1-S01%00", "x" * 300):
        answer = await http.post(f"{url}/scrums/{path}/run")
        assert (path, answer.status_code) == (path, 422)
        assert answer.headers["content-type"] == "application/problem+json"


async def test_closed_sprint_is_a_conflict_and_silent_sprint_service_unavailable(
    town: Town, start_scrums: Start, http: httpx.AsyncClient, scrum_database: str
) -> None:
    await begin(town)
    silent = town.peers.model_copy(update={"sprint": f"http://127.0.0.1:{free_port()}"})
    answer = await http.post(f"{await start_scrums(peers=silent)}/scrums/P1-S01/run")
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    assert "Sunset" in answer.headers
    await town.sprint.close_sprint("P1-S01")
    refusal = await http.post(f"{await start_scrums()}/scrums/P1-S01/run")
    assert (refusal.status_code, refusal.json()["code"]) == (409, "sprint_not_in_progress")
    assert await unconfirmed_count(scrum_database) == 0
