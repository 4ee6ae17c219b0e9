"""Upgrade of databases of the release before, whose closed sprints kept their completed tasks."""

import asyncio
from datetime import date

import psycopg
import pytest
from sqlalchemy import text

from domain_services.backlog.schema import TaskUpdate
from domain_services.events import SprintClosed
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database import migrate
from domain_services.sprint.schema import ProgressReport, SprintCreate
from tests.services.sprint.conftest import MONDAY, Town

REOPENED = TaskUpdate(status="unassigned", progress_percentage=60)


async def complete(town: Town, *task_ids: str) -> None:
    for task_id in task_ids:
        await town.sprint.report_progress(task_id, ProgressReport(progress_percentage=100))
    await town.backlog_is_up_to_date()


# The sprint service's database without what the kernel has added to it since.
KERNEL_BEFORE = (
    "DROP TABLE keyed_requests",
    "DROP INDEX outbox_closed, deliveries_delivered, dead_letters_resolved",
    "ALTER TABLE deliveries DROP COLUMN refusals, DROP COLUMN error, DROP COLUMN set_aside_at",
    "ALTER TABLE sprints DROP COLUMN saga_tries, DROP COLUMN saga_error,"
    " DROP COLUMN saga_set_aside_at",
    "ALTER TABLE outbox DROP COLUMN tries, DROP COLUMN next_try, DROP COLUMN error,"
    " DROP COLUMN set_aside_at",
)


async def go_back_a_release(town: Town, backlog_database_url: str) -> None:
    """Make both databases what the release before would have made of the same calls."""
    url = backlog_database_url.replace("+psycopg", "")
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(
            "ALTER TABLE tasks DROP COLUMN rank, DROP COLUMN order_number,"
            " DROP COLUMN carried_over, DROP COLUMN finished_on, DROP COLUMN ended_sprint_id,"
            " DROP COLUMN in_source_sprint, DROP COLUMN source_sprint, DROP COLUMN started_on,"
            " DROP COLUMN begun"
        )
        await connection.execute(
            "CREATE INDEX tasks_in_order"
            " ON tasks (project_id, ready DESC, priority, created_on, number)"
        )
        await connection.execute("DROP TABLE past_tasks, keyed_requests")
        await connection.execute("DROP INDEX dead_letters_resolved")
        await connection.execute("UPDATE alembic_version SET version_num = 'backlog_0001'")
    await _execute(
        town,
        "ALTER TABLE sprints DROP COLUMN created_on, DROP COLUMN working_days,"
        " DROP COLUMN ended_on, DROP COLUMN worked, DROP COLUMN completed_outside,"
        " DROP COLUMN completed_arrived",
    )
    await _execute(town, "ALTER TABLE sprint_tasks DROP COLUMN finished_on, DROP COLUMN estimate")
    for statement in KERNEL_BEFORE:
        await _execute(town, statement)
    await town.rows("DELETE FROM outbox RETURNING 1")
    await town.rows("UPDATE alembic_version SET version_num = 'sprint_0001' RETURNING 1")


async def _execute(town: Town, statement: str) -> None:
    async with town.database.transaction() as connection:
        await connection.execute(text(statement))


async def upgrade(town: Town, backlog_database_url: str) -> None:
    await asyncio.to_thread(migrate.upgrade, backlog_database_url, "domain_services.backlog")
    await asyncio.to_thread(migrate.upgrade, town.database.url, "domain_services.sprint")
    await town.backlog_is_up_to_date()


async def test_upgrade_releases_the_completed_tasks_of_closed_sprints_and_no_others(
    town: Town, backlog_database_url: str
) -> None:
    await town.create_project("P1", "E1")
    done, reopened, carried, again = await town.plan("P1", 4)
    await town.sprint.create_sprint("P1", SprintCreate())
    await complete(town, done, reopened, again)
    await town.sprint.close_sprint("P1-S01")
    await town.backlog_is_up_to_date()
    await town.backlog.update_task(reopened, REOPENED)
    await town.backlog.update_task(again, REOPENED)
    await town.sprint.create_sprint("P1", SprintCreate(task_ids=[carried, again]))
    await complete(town, carried, again)
    tasks = await town.backlog_of("P1")
    # The earlier release has no day of completion.
    before = {i: task.model_copy(update={"finished_on": None}) for i, task in tasks.items()}
    await go_back_a_release(town, backlog_database_url)
    await upgrade(town, backlog_database_url)

    assert await town.backlog_of("P1") == before
    for task_id in (carried, again):
        with pytest.raises(PeerRefused) as refused:
            await town.backlog.update_task(task_id, REOPENED)
        assert refused.value.peer_status == 422
    await town.backlog.update_task(done, REOPENED)
    task = await town.backlog.get_task(done)
    assert (task.status, task.sprint_id, task.progress_percentage) == ("unassigned", None, 60)
    await town.sprint.close_sprint("P1-S02")
    await town.backlog_is_up_to_date()
    await town.backlog.update_task(again, REOPENED)
    assert (await town.backlog.get_task(again)).sprint_id is None


async def test_upgrade_announces_only_the_last_sprint_of_a_task(
    town: Town, backlog_database_url: str
) -> None:
    await town.create_project("P1", "E1")
    [task_id] = await town.plan("P1", 1)
    for sprint_id in ("P1-S01", "P1-S02"):
        await town.sprint.create_sprint("P1", SprintCreate())
        await complete(town, task_id)
        await town.sprint.close_sprint(sprint_id)
        await town.backlog_is_up_to_date()
        if sprint_id == "P1-S01":
            await town.backlog.update_task(task_id, REOPENED)
    [row] = await town.rows("SELECT version FROM sprint_tasks WHERE sprint_id = 'P1-S02'")
    await go_back_a_release(town, backlog_database_url)
    await upgrade(town, backlog_database_url)
    [event] = await town.rows(
        "SELECT payload->'event_data' AS data FROM outbox WHERE stream = 'daily_scrum_events'"
    )
    assert (event.data["version"], event.data["status"]) == (row.version, "completed")
    assert event.data["sprint_id"] is None
    await town.backlog.update_task(task_id, REOPENED)


async def test_upgrade_marks_closed_sprints_and_announces_them_again(
    town: Town, backlog_database_url: str
) -> None:
    await town.create_project("P1", "E1")
    [task_id, _] = await town.plan("P1", 2)
    for number, percentage in enumerate((0, 10, 100), start=1):
        await town.sprint.create_sprint("P1", SprintCreate())
        if percentage:
            report = ProgressReport(progress_percentage=percentage)
            await town.sprint.report_progress(task_id, report)
        await town.sprint.close_sprint(f"P1-S0{number}")
        await town.backlog_is_up_to_date()
    # A daily scrum of the last sprint was held ahead, on its second Monday.
    await town.rows(
        "INSERT INTO daily_scrums (sprint_id, scrum_date, report_id, updated_tasks)"
        " VALUES ('P1-S03', '2025-03-10', gen_random_uuid(), 0) RETURNING 1"
    )
    await town.rows(
        "UPDATE progress_history SET source = 'simulated', employee_id = 'E1'"
        " WHERE sprint_id = 'P1-S03' RETURNING 1"
    )
    await go_back_a_release(town, backlog_database_url)
    await upgrade(town, backlog_database_url)

    closed = reversed(await town.sprint.list_sprints("P1"))
    assert [(sprint.progress_source, sprint.worked, sprint.ended_on) for sprint in closed] == [
        ("none", False, MONDAY),
        ("reported", False, MONDAY),
        ("simulated", True, date(2025, 3, 10)),
    ]
    rows = await town.rows(
        "SELECT payload->'event_data' AS data FROM outbox WHERE stream = 'sprint_events'"
        " ORDER BY id"
    )
    announced = [SprintClosed.model_validate(row.data) for row in rows]
    assert [(event.sprint_id, event.worked) for event in announced] == [
        ("P1-S01", False),
        ("P1-S02", False),
        ("P1-S03", True),
    ]
    last = announced[-1]
    assert (last.progress_source, last.ended_on) == ("simulated", date(2025, 3, 10))
    assert (last.planned_tasks, last.completed_tasks, last.spill_over) == (2, 1, 1)
    assert (last.completion_rate, last.duration_days) == (0.5, 14)
    [task] = [task for task in await town.sprint.list_tasks("P1-S03") if task.task_id == task_id]
    assert task.finished_on == MONDAY
