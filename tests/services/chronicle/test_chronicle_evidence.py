"""Evidence equals the answers of the single routes; derived history equals the notes."""

import asyncio
from datetime import timedelta

import psycopg
import pytest

from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from tests.services.chronicle.history import (
    FIRST_DAY,
    audit,
    daily_report,
    retrospective,
    retrospectives,
)


async def test_evidence_equals_the_answers_of_the_single_routes(chronicle: ChronicleClient) -> None:
    for project_id in ("P1", "P2"):
        history = retrospectives(
            project_id, [3, 7, 5, 4], action_items=[{"description": "Refine earlier"}]
        )
        await chronicle.create_sprint_retrospectives(history)
    await chronicle.create_daily_scrum_report(daily_report("P1", impediments=["Slow", "None."]))
    evidence = await chronicle.evidence("P1", similarity_threshold=0.1)
    assert evidence.velocity == await chronicle.velocity("P1")
    assert evidence.patterns == await chronicle.patterns("P1")
    assert evidence.impediments == await chronicle.impediments("P1")
    assert evidence.similar_projects == await chronicle.similar_projects("P1", 0.1)
    assert [project.project_id for project in evidence.similar_projects] == ["P2"]
    assert evidence.reasons == {}


async def test_evidence_lists_the_newest_sprints_and_counts_all(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_sprint_retrospectives(retrospectives("P1", [2, 4, 6, 8]))
    velocity = (await chronicle.evidence("P1", sprints=2)).velocity
    assert [sprint.completed_tasks for sprint in velocity.velocity_trend_data] == [6, 8]
    assert (velocity.sprint_count, velocity.average_velocity) == (4, 5.0)
    assert velocity.trend is not None
    assert velocity.trend.sprint_count == 4
    assert "from 2 to 8" in velocity.velocity_analysis


async def test_evidence_limits_the_similar_projects(chronicle: ChronicleClient) -> None:
    for project_id in ("P1", "P2", "P3", "P4"):
        await chronicle.create_sprint_retrospectives(retrospectives(project_id, [3, 7, 5]))
    evidence = await chronicle.evidence("P1", similar_projects=2)
    assert [project.project_id for project in evidence.similar_projects] == ["P2", "P3"]


async def test_evidence_without_similar_projects_has_a_reason(chronicle: ChronicleClient) -> None:
    with pytest.raises(PeerRefused) as refused:
        await chronicle.evidence("P1")
    assert refused.value.peer_status == 404
    await chronicle.create_decision_audit(audit("P1"))
    evidence = await chronicle.evidence("P1")
    assert (evidence.similar_projects, evidence.velocity.average_velocity) == ([], None)
    assert "0 closed sprints" in evidence.reasons["similar_projects"]
    await chronicle.create_sprint_retrospectives(retrospectives("P1", [3, 7, 5]))
    evidence = await chronicle.evidence("P1")
    assert "no project is similar" in evidence.reasons["similar_projects"]


async def test_history_of_a_project_equals_its_notes_after_simultaneous_writes(
    chronicle: ChronicleClient, chronicle_database: str
) -> None:
    metrics = {"total_team_members": 2, "total_tasks": 8, "pending_tasks": 5}
    await asyncio.gather(
        *(
            chronicle.create_sprint_retrospective(
                retrospective(project_id, number, number, 2, open_at_start=number * 3)
            )
            for project_id in ("P1", "P2")
            for number in range(1, 6)
        ),
        *(
            chronicle.create_daily_scrum_report(
                daily_report(
                    project_id,
                    FIRST_DAY + timedelta(days=day),
                    ["Slow"] * day,
                    summary_metrics=metrics | {"completed_tasks": day},
                )
            )
            for project_id in ("P1", "P2")
            for day in range(5)
        ),
    )
    with psycopg.connect(chronicle_database.replace("+psycopg", "")) as connection:
        stored = connection.execute("SELECT * FROM project_history ORDER BY project_id").fetchall()
        computed = connection.execute(
            "SELECT h.* FROM unnest(ARRAY['P1', 'P2']) AS p, history_of(p) AS h ORDER BY p"
        ).fetchall()
    assert stored == computed
    assert [(row[1], row[9]) for row in stored] == [(5, 5), (5, 5)]
