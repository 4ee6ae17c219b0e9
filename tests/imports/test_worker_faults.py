"""Processes of imports that die, hang, grow or lose their import: nothing is lost or doubled."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.graphs.conftest import System
from tests.imports.conftest import export
from tests.imports.faults import Disturbed, disturbed, wait_for_end, worker, workers

TEAM = export(40, finished=16)
# Read for longer than a test needs to find its process.
LARGE = export(60_000, "LARGE")


@pytest.fixture
async def place(system: System) -> AsyncIterator[Disturbed]:
    async with disturbed(system) as place:
        yield place


async def expected(place: Disturbed) -> list[int]:
    """Import the same tasks as another project, undisturbed, and count what that leaves."""
    place.backlog.set("pass")
    import_id = await place.uploaded(export(40, "TWIN", finished=16))
    await place.completes(import_id)
    return place.count_stored("TWIN")


async def test_reading_whose_process_is_killed_is_said_and_read_again(place: Disturbed) -> None:
    upload = asyncio.create_task(place.room.upload(LARGE))
    (await worker()).kill()
    answer = await upload
    problem = answer.json()
    assert answer.status_code == 422, answer.text
    assert "the process of this import ended without an answer" in problem["detail"]
    again = await place.room.post(problem["import_id"], "/options", {})
    assert (again.status_code, again.json()["rows_read"]) == (200, 60_000)
    assert place.count_stored("LARGE") == [0] * 6


@pytest.mark.parametrize("mode", ["blackhole", "lost_answer"])
async def test_writing_whose_process_is_killed_is_completed_once(
    place: Disturbed, mode: str
) -> None:
    import_id = await place.stuck(TEAM, mode)
    (await worker()).kill()
    failed = await place.room.ended(import_id)
    assert failed["state"] == "failed"
    assert "What was written of SHOP stays" in failed["message"]
    await place.completes(import_id)
    assert place.count_stored("SHOP") == await expected(place)
    again = await place.room.load(TEAM)
    assert (again["state"], again["imported"][0]["changed"]) == ("done", False)


async def test_import_that_another_took_is_written_no_longer(place: Disturbed) -> None:
    import_id = await place.stuck(TEAM)
    process = await worker()
    place.execute("orchestrator", "UPDATE imports SET worker = gen_random_uuid()")
    await wait_for_end(process)
    # The other one's hold is left as it is.
    assert (await place.room.get(import_id)).json()["state"] == "importing"


async def test_import_whose_lease_ended_says_what_may_stand_and_goes_on(place: Disturbed) -> None:
    import_id = await place.stuck(TEAM)
    process = await worker()
    place.execute(
        "orchestrator",
        "UPDATE imports SET busy_until = now() - interval '1 s', worker = gen_random_uuid(),"
        " has_written = false",
    )
    failed = (await place.room.get(import_id)).json()
    assert failed["state"] == "failed"
    assert "the same start goes on from there" in failed["message"]
    # Nobody knows how far the lost process was.
    assert "Nothing was written" not in failed["message"]
    await wait_for_end(process)
    await place.completes(import_id)
    assert place.count_stored("SHOP") == await expected(place)


async def test_service_that_is_down_is_named_and_the_import_goes_on(place: Disturbed) -> None:
    import_id = await place.uploaded(TEAM)
    place.backlog.set("refuse")
    await place.started(import_id)
    failed = await place.room.ended(import_id)
    assert failed["state"] == "failed"
    assert "backlog" in failed["message"] and "try again" in failed["message"]
    await place.completes(import_id)
    assert place.count_stored("SHOP") == await expected(place)


async def test_preview_without_a_service_does_not_say_what_the_project_is(
    place: Disturbed,
) -> None:
    await place.room.system.stop("project")
    import_id = await place.uploaded(TEAM)
    shown = (await place.room.get(import_id)).json()
    assert (shown["state"], shown["preview"]["projects"]["SHOP"]["standing"]) == ("previewed", None)
    await place.started(import_id)
    failed = await place.room.ended(import_id)
    assert failed["state"] == "failed"
    assert "project" in failed["message"] and "Nothing was written" in failed["message"]
    await place.room.system.start("project")
    await place.completes(import_id)
    assert place.count_stored("SHOP") == await expected(place)


async def test_chronicle_that_is_down_is_named_and_the_import_goes_on(place: Disturbed) -> None:
    import_id = await place.uploaded(TEAM)
    await place.room.system.stop("chronicle")
    await place.started(import_id)
    failed = await place.room.ended(import_id)
    assert failed["state"] == "failed"
    assert "chronicle" in failed["message"] and "try again" in failed["message"]
    await place.room.system.start("chronicle")
    await place.completes(import_id)
    assert place.count_stored("SHOP") == await expected(place)


async def test_cancel_while_reading_ends_the_process_and_leaves_nothing(place: Disturbed) -> None:
    upload = asyncio.create_task(place.room.upload(LARGE))
    process = await worker()
    listed = (await place.room.system.http.get(place.room.url)).json()["imports"]
    cancelled = (await place.room.delete(listed[0]["import_id"])).json()
    assert cancelled["state"] == "cancelled"
    assert "Nothing was written" in cancelled["message"]
    await wait_for_end(process)
    assert (await upload).json()["state"] == "cancelled"
    assert place.execute("orchestrator", "SELECT count(*) FROM import_parts") == [(0,)]


async def test_cancel_while_writing_says_what_stands_and_a_later_import_goes_on(
    place: Disturbed,
) -> None:
    import_id = await place.stuck(TEAM)
    process = await worker()
    cancelled = (await place.room.delete(import_id)).json()
    assert (cancelled["state"], cancelled["files"]) == ("cancelled", [])
    assert "What was written of SHOP stays" in cancelled["message"]
    await wait_for_end(process)
    assert place.execute("orchestrator", "SELECT count(*) FROM import_parts") == [(0,)]
    assert (await place.room.post(import_id, "/start")).status_code == 409
    place.backlog.set("pass")
    assert (await place.room.load(TEAM))["state"] == "done"
    assert place.count_stored("SHOP") == await expected(place)


async def test_decision_is_answered_while_an_import_waits(place: Disturbed) -> None:
    await place.room.load(export(20, "OTHER", finished=8))
    import_id = await place.uploaded(LARGE)
    await place.started(import_id)
    process = await worker()
    process.suspend()
    answer = await place.room.system.orchestrate("OTHER", dry_run=True)
    assert answer.status_code == 200, answer.text
    assert (await place.room.get(import_id)).json()["state"] == "importing"
    process.kill()
    assert (await place.room.ended(import_id))["state"] == "failed"


async def test_file_that_needs_too_much_memory_is_refused_in_words(system: System) -> None:
    async with disturbed(system, memory_bytes=32 * 1024**2) as place:
        answer = await place.room.upload(LARGE)
        assert answer.status_code == 422, answer.text
        assert "memory" in answer.json()["detail"] and "divide them" in answer.json()["detail"]
        # The orchestrator reads the next one.
        small = await place.room.upload(export(5))
        assert small.status_code == 201, small.text


async def test_file_that_takes_too_long_is_refused_in_words(system: System) -> None:
    async with disturbed(system, read_seconds=0.5) as place:
        answer = await place.room.upload(LARGE)
        assert answer.status_code == 422, answer.text
        assert "time" in answer.json()["detail"] and "divide them" in answer.json()["detail"]
        assert workers() == []
