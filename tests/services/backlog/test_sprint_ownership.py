"""Sprints decide status, progress and assignee of their tasks until they release them."""

from typing import Any

import pytest

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import (
    ReservationCreate,
    Task,
    TaskCreate,
    TasksCreate,
    TaskUpdate,
)
from domain_services.events import TaskUpdated
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.messaging.envelope import Envelope, wrap
from domain_services.kernel.types import utc_now
from tests.services.backlog.test_events import SOURCE, Stream, stream

__all__ = ["stream"]  # a fixture

FIRST = "P1-TASK001"
COMPLETED: dict[str, Any] = {"status": "completed", "progress_percentage": 100}
REOPENED = TaskUpdate(status="unassigned", progress_percentage=60)


def updated(version: int, **values: Any) -> Envelope:
    """Make an event of a running sprint."""
    state: dict[str, Any] = {
        "task_id": FIRST,
        "project_id": "P1",
        "sprint_id": "P1-S01",
        "status": "in_progress",
        "progress_percentage": 50,
        "updated_at": utc_now(),
        "assigned_to": "E001",
        "version": version,
    }
    return wrap(TaskUpdated.model_validate(state | values), source=SOURCE)


def completed(version: int) -> Envelope:
    """Make the event by which a running sprint completes the task."""
    return updated(version, **COMPLETED)


def released(version: int) -> Envelope:
    """Make the event by which a closed sprint releases the completed task."""
    return updated(version, sprint_id=None, **COMPLETED)


@pytest.fixture
async def reserved(backlog: BacklogClient) -> BacklogClient:
    """A backlog whose only task is reserved for P1-S01."""
    await backlog.create_tasks("P1", TasksCreate(tasks=[TaskCreate(title="task")]))
    await backlog.reserve("P1", ReservationCreate(sprint_id="P1-S01"))
    return backlog


async def refused(backlog: BacklogClient, request: TaskUpdate) -> PeerRefused:
    with pytest.raises(PeerRefused) as refusal:
        await backlog.update_task(FIRST, request)
    assert f"POST /tasks/{FIRST}/progress" in refusal.value.detail
    return refusal.value


def state(task: Task) -> tuple[str, int, str | None]:
    return task.status, task.progress_percentage, task.sprint_id


@pytest.mark.parametrize("status", ["reserved", "in_progress", "completed"])
async def test_change_of_a_task_in_a_running_sprint_is_refused_with_the_right_route(
    reserved: BacklogClient, stream: Stream, status: str
) -> None:
    if status != "reserved":
        await stream.send(completed(3) if status == "completed" else updated(3))
        await stream.confirmed(1)
    before = await reserved.get_task(FIRST)
    for request in (REOPENED, TaskUpdate(progress_percentage=75), TaskUpdate(assigned_to="E002")):
        assert (await refused(reserved, request)).peer_status == 422
    assert await reserved.get_task(FIRST) == before
    renamed = TaskUpdate(title="renamed", progress_percentage=before.progress_percentage)
    await reserved.update_task(FIRST, renamed)
    assert (await reserved.get_task(FIRST)).title == "renamed"


async def test_completed_task_may_be_opened_again_once_its_sprint_has_released_it(
    reserved: BacklogClient, stream: Stream
) -> None:
    await stream.send(completed(3))
    await stream.confirmed(1)
    before = await reserved.get_task(FIRST)
    await refused(reserved, REOPENED)
    await stream.send(released(3))
    await stream.confirmed(1)
    # The release changes nothing that a reader sees, so that an ETag stays valid.
    assert await reserved.get_task(FIRST) == before
    await reserved.update_task(FIRST, REOPENED, version=before.version)
    assert state(await reserved.get_task(FIRST)) == ("unassigned", 60, None)
    again = ReservationCreate(sprint_id="P1-S02")
    [task] = (await reserved.reserve("P1", again)).tasks
    assert state(task) == ("assigned_to_sprint", 60, "P1-S02")
    assert (await refused(reserved, REOPENED)).peer_status == 422


async def test_assignee_of_a_released_task_may_change_while_it_stays_completed(
    reserved: BacklogClient, stream: Stream
) -> None:
    await stream.send(completed(3), released(3))
    await stream.confirmed(2)
    await reserved.update_task(FIRST, TaskUpdate(assigned_to="E002"))
    await stream.send(released(3), completed(3))
    await stream.confirmed(2)
    task = await reserved.get_task(FIRST)
    assert (state(task), task.assigned_to) == (("completed", 100, "P1-S01"), "E002")


async def test_release_that_overtakes_earlier_events_is_final(
    reserved: BacklogClient, stream: Stream
) -> None:
    await stream.send(released(5))
    await stream.confirmed(1)
    assert state(await reserved.get_task(FIRST)) == ("completed", 100, "P1-S01")
    await reserved.update_task(FIRST, REOPENED)
    reopened = await reserved.get_task(FIRST)
    await stream.send(updated(3), updated(4), completed(5))
    await stream.confirmed(3)
    assert await reserved.get_task(FIRST) == reopened


async def test_repeated_release_does_not_undo_an_accepted_change(
    reserved: BacklogClient, stream: Stream
) -> None:
    await stream.send(completed(3), released(3))
    await stream.confirmed(2)
    await reserved.update_task(FIRST, REOPENED)
    reopened = await reserved.get_task(FIRST)
    # Another event id: the inbox alone does not stop it.
    await stream.send(released(3))
    await stream.confirmed(1)
    assert await reserved.get_task(FIRST) == reopened
    await reserved.reserve("P1", ReservationCreate(sprint_id="P1-S02"))
    await stream.send(released(3))
    await stream.confirmed(1)
    assert state(await reserved.get_task(FIRST)) == ("assigned_to_sprint", 60, "P1-S02")
    assert (await refused(reserved, TaskUpdate(assigned_to="E002"))).peer_status == 422


async def test_release_by_an_earlier_sprint_does_not_end_the_present_one(
    reserved: BacklogClient, stream: Stream
) -> None:
    await stream.send(completed(3), released(3))
    await stream.confirmed(2)
    await reserved.update_task(FIRST, REOPENED)
    await reserved.reserve("P1", ReservationCreate(sprint_id="P1-S02"))
    await stream.send(updated(9, sprint_id="P1-S02", **COMPLETED), released(3))
    await stream.confirmed(2)
    assert (await refused(reserved, REOPENED)).peer_status == 422


async def test_task_that_a_running_sprint_opens_again_is_still_held(
    reserved: BacklogClient, stream: Stream
) -> None:
    await stream.send(completed(3), updated(4))
    await stream.confirmed(2)
    assert (await refused(reserved, TaskUpdate(progress_percentage=75))).peer_status == 422


async def test_release_of_a_reservation_releases_its_completed_tasks(
    reserved: BacklogClient, stream: Stream
) -> None:
    await stream.send(completed(3))
    await stream.confirmed(1)
    assert (await reserved.release("P1", "P1-S01")).released == 0
    assert state(await reserved.get_task(FIRST)) == ("completed", 100, "P1-S01")
    await reserved.update_task(FIRST, REOPENED)
    assert state(await reserved.get_task(FIRST)) == ("unassigned", 60, None)
