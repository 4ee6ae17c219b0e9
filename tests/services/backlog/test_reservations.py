"""Tasks reserved for a sprint and released again."""

import asyncio

import pytest

from domain_services.backlog.client import BacklogClient
from domain_services.backlog.schema import (
    Reservation,
    ReservationCreate,
    Returned,
    TaskCreate,
    TasksCreate,
    TaskUpdate,
)
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.types import utc_now

IDS = [f"P1-TASK{number:03d}" for number in range(1, 6)]


@pytest.fixture
async def backlog_of_five(backlog: BacklogClient) -> BacklogClient:
    tasks = [TaskCreate(title=f"task {n}", priority=5 - n % 5) for n in range(5)]
    await backlog.create_tasks("P1", TasksCreate(tasks=tasks))
    return backlog


def request_for(sprint: str, *task_ids: str) -> ReservationCreate:
    return ReservationCreate(sprint_id=sprint, task_ids=list(task_ids) or None)


async def test_named_tasks_are_reserved(backlog_of_five: BacklogClient) -> None:
    reserved = await backlog_of_five.reserve("P1", request_for("P1-S01", *IDS[:2]))
    assert {task.task_id for task in reserved.tasks} == set(IDS[:2])
    task = await backlog_of_five.get_task(IDS[0])
    assert (task.sprint_id, task.status, task.version) == ("P1-S01", "assigned_to_sprint", 2)
    assert (await backlog_of_five.get_summary("P1")).unassigned_tasks == 3


async def test_reservation_without_names_takes_every_free_task_in_order(
    backlog_of_five: BacklogClient,
) -> None:
    await backlog_of_five.update_task(IDS[0], TaskUpdate(status="blocked"))
    free = await backlog_of_five.list_tasks("P1", status="unassigned")
    reserved = await backlog_of_five.reserve("P1", request_for("P1-S01"))
    assert [task.task_id for task in reserved.tasks] == [task.task_id for task in free]


async def test_repeated_reservation_answers_the_same_tasks(backlog_of_five: BacklogClient) -> None:
    first = await backlog_of_five.reserve("P1", request_for("P1-S01", *IDS[:2]))
    again = await backlog_of_five.reserve("P1", request_for("P1-S01", *IDS[:2]))
    anew = await backlog_of_five.reserve("P1", request_for("P1-S01"))
    assert first == again == anew
    with pytest.raises(PeerRefused) as refused:
        await backlog_of_five.reserve("P1", request_for("P1-S01", *IDS[1:3]))
    assert refused.value.problem["errors"][0]["task_id"] == IDS[2]


async def test_reserving_twice_at_once_gives_the_same_tasks(
    backlog_of_five: BacklogClient,
) -> None:
    for request in (request_for("P1-S01"), request_for("P1-S02", *IDS[:2])):
        answers = await asyncio.gather(*(backlog_of_five.reserve("P1", request) for _ in range(8)))
        assert all(answer == answers[0] for answer in answers)
        await backlog_of_five.release("P1", request.sprint_id)


async def test_one_task_that_is_not_free_refuses_the_reservation(
    backlog_of_five: BacklogClient,
) -> None:
    await backlog_of_five.reserve("P1", request_for("P1-S01", IDS[0]))
    await backlog_of_five.update_task(IDS[1], TaskUpdate(status="completed"))
    with pytest.raises(PeerRefused) as refused:
        await backlog_of_five.reserve("P1", request_for("P1-S02", *IDS[:3], "P1-TASK999"))
    assert refused.value.peer_status == 409
    reasons = {error["task_id"]: error["message"] for error in refused.value.problem["errors"]}
    assert reasons == {
        IDS[0]: "is assigned_to_sprint in P1-S01",
        IDS[1]: "is completed",
        "P1-TASK999": "is no task of P1",
    }
    assert (await backlog_of_five.get_task(IDS[2])).sprint_id is None


async def test_backlog_without_free_tasks_has_its_own_error_code(
    backlog_of_five: BacklogClient,
) -> None:
    await backlog_of_five.reserve("P1", request_for("P1-S01"))
    for project in ("P1", "P2"):
        with pytest.raises(PeerRefused) as refused:
            await backlog_of_five.reserve(project, request_for(f"{project}-S02"))
        assert refused.value.peer_status == 409
        assert refused.value.problem["code"] == "no_unassigned_tasks"


async def test_one_of_racing_sprints_gets_the_tasks(
    backlog_of_five: BacklogClient,
) -> None:
    for round_number in range(5):
        sprints = [f"P1-S{round_number}{n}" for n in range(8)]
        outcomes = await asyncio.gather(
            # Overlapping sets in opposite orders: what deadlocks when locks are taken one by one.
            *(
                backlog_of_five.reserve("P1", request_for(sprint, *IDS[:: 1 if n % 2 else -1]))
                for n, sprint in enumerate(sprints)
            ),
            return_exceptions=True,
        )
        won = [outcome for outcome in outcomes if isinstance(outcome, Reservation)]
        assert len(won) == 1
        lost = [outcome for outcome in outcomes if isinstance(outcome, PeerRefused)]
        assert [outcome.peer_status for outcome in lost] == [409] * 7
        sprint_ids = {task.sprint_id for task in await backlog_of_five.list_tasks("P1")}
        assert sprint_ids == {won[0].sprint_id}
        assert (await backlog_of_five.release("P1", won[0].sprint_id)).released == 5


async def test_released_tasks_are_free_again_with_their_progress(
    backlog_of_five: BacklogClient,
) -> None:
    begun = TaskUpdate(progress_percentage=40, status="unassigned")
    await backlog_of_five.update_task(IDS[0], begun)
    await backlog_of_five.reserve("P1", request_for("P1-S01", *IDS[:3]))
    assert (await backlog_of_five.release("P1", "P1-S01")).released == 3
    assert (await backlog_of_five.release("P1", "P1-S01")).released == 0
    open_again = await backlog_of_five.get_task(IDS[0])
    assert (open_again.status, open_again.sprint_id) == ("unassigned", None)
    assert open_again.progress_percentage == 40


async def test_another_projects_sprint_reserves_nothing(backlog_of_five: BacklogClient) -> None:
    with pytest.raises(PeerRefused) as refused:
        await backlog_of_five.reserve("P1", request_for("P2-S01"))
    assert refused.value.peer_status == 422
    assert (await backlog_of_five.get_summary("P1")).unassigned_tasks == 5


async def test_tasks_of_the_last_sprint_are_free_before_their_events_arrive(
    backlog_of_five: BacklogClient,
) -> None:
    await backlog_of_five.reserve("P1", request_for("P1-S01"))
    returned = [
        Returned(
            task_id=task_id,
            progress_percentage=30,
            assigned_to="E001",
            version=7,
            left_at=utc_now(),
        )
        for task_id in IDS[:2]
    ]
    again = request_for("P1-S02").model_copy(update={"returned": returned})
    for _ in range(2):
        reserved = await backlog_of_five.reserve("P1", again)
        assert {task.task_id for task in reserved.tasks} == set(IDS[:2])
    task = reserved.tasks[0]
    assert (task.progress_percentage, task.assigned_to, task.version) == (30, "E001", 8)
    changes = [change.to_status for change in await backlog_of_five.list_history(IDS[0])]
    assert changes == ["unassigned", "assigned_to_sprint", "unassigned", "assigned_to_sprint"]
