"""Migrations carry the notes of earlier releases over."""

import psycopg

from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.database import migrate
from tests.services.chronicle.history import daily_report, retrospective

TO_THE_FIRST_RELEASE = """
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
