"""Migrations carry the notes of earlier releases over."""

from datetime import timedelta

import psycopg

from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.database import migrate
from tests.services.chronicle.history import FIRST_DAY, daily_report, retrospective

BEFORE_COUNTED_SPRINTS = """
    DROP VIEW decision_outcomes;
    DROP TABLE keyed_requests;
    DROP FUNCTION history_of(text, date);
    ALTER TABLE sprint_retrospectives
        DROP COLUMN last_day, DROP COLUMN simulated, DROP COLUMN velocity,
        ALTER COLUMN duration_days SET EXPRESSION AS
            (coalesce(duration_weeks * 7, end_date - start_date + 1));
    ALTER TABLE project_history DROP COLUMN retrospective_count, DROP COLUMN progress_source;
    CREATE FUNCTION history_of(project text) RETURNS project_history LANGUAGE sql
        RETURN CAST(NULL AS project_history);
    UPDATE alembic_version SET version_num = 'chronicle_0003';
"""
BEFORE_WORKED_SPRINTS = f"""
    {BEFORE_COUNTED_SPRINTS}
    ALTER TABLE sprint_retrospectives DROP COLUMN ended_on, DROP COLUMN progress_source,
        DROP COLUMN worked, DROP COLUMN completed_outside, DROP COLUMN completed_arrived;
    UPDATE alembic_version SET version_num = 'chronicle_0002';
"""
TO_THE_FIRST_RELEASE = f"""
    {BEFORE_WORKED_SPRINTS}
    ALTER TABLE retrospective_action_items DROP COLUMN impediment, DROP COLUMN task_id;
    UPDATE alembic_version SET version_num = 'chronicle_0001';
"""


async def test_sentences_of_action_items_become_columns(
    chronicle: ChronicleClient, chronicle_database: str
) -> None:
    sentences = [
        "Remove the impediment: No test data",
        "Decide about P1-TASK002, left at 40 %",
        "Decide about the budget",
    ]
    items = [{"description": sentence} for sentence in sentences]
    await chronicle.create_daily_scrum_report(daily_report("P1", impediments=["No test data"]))
    await chronicle.create_sprint_retrospective(retrospective("P1", 1, action_items=items))
    url = chronicle_database.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TO_THE_FIRST_RELEASE)
        migrate.upgrade(chronicle_database, "domain_services.chronicle")
        rows = connection.execute(
            "SELECT impediment, task_id FROM retrospective_action_items ORDER BY position"
        ).fetchall()
    assert rows == [("No test data", None), (None, "P1-TASK002"), (None, None)]
    impediments = await chronicle.impediments("P1")
    assert impediments.impediment_frequency == {"Decide about the budget": 1, "No test data": 1}
    assert impediments.impediment_status_counts["No test data"] == {"open": 1}


async def test_closed_sprints_are_marked_by_their_daily_reports(
    chronicle: ChronicleClient, chronicle_database: str
) -> None:
    simulated = "Daily stand-up for sprint P1-S01. Progress was simulated on 2 tasks."
    nothing = "Daily stand-up for sprint P3-S01. Progress was simulated on 0 tasks."
    await chronicle.create_daily_scrum_report(daily_report("P1", FIRST_DAY, ["-"]))
    next_day = FIRST_DAY + timedelta(days=1)
    await chronicle.create_daily_scrum_report(
        daily_report("P1", next_day, ["-"], summary=simulated)
    )
    await chronicle.create_daily_scrum_report(daily_report("P2", impediments=["-"]))
    await chronicle.create_daily_scrum_report(daily_report("P3", summary=nothing))
    for project_id in ("P1", "P2", "P3", "P4"):
        await chronicle.create_sprint_retrospective(retrospective(project_id, 1))
    await chronicle.create_sprint_retrospective(retrospective("P5", 1, origin="import"))
    url = chronicle_database.replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BEFORE_WORKED_SPRINTS)
        migrate.upgrade(chronicle_database, "domain_services.chronicle")
        rows = connection.execute(
            "SELECT project_id, progress_source, worked FROM sprint_retrospectives ORDER BY 1"
        ).fetchall()
    assert rows == [
        ("P1", "simulated", True),
        ("P2", "reported", True),
        ("P3", "none", False),
        ("P4", "none", False),
        ("P5", None, True),
    ]
