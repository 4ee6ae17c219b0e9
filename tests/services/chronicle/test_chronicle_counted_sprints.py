"""Velocity, patterns and similarity count worked sprints of one origin, before a day."""

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from domain_services.chronicle import schema
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database import migrate
from tests.services.chronicle.history import (
    FIRST_DAY,
    audit,
    daily_report,
    retrospective,
    retrospectives,
)
from tests.services.chronicle.test_chronicle_migrations import BEFORE_COUNTED_SPRINTS

SIMULATED: dict[str, Any] = {"progress_source": "simulated"}
REPORTED: dict[str, Any] = {"progress_source": "reported"}
IDLE: dict[str, Any] = {"progress_source": "none", "worked": False}
SHORT: dict[str, Any] = {"progress_source": "reported", "worked": False}


async def record(
    chronicle: ChronicleClient, project_id: str, *sprints: tuple[int, dict[str, Any]]
) -> None:
    """Record sprints by their finished tasks, one after the other."""
    notes = [
        retrospective(project_id, number, finished, **fields)
        for number, (finished, fields) in enumerate(sprints, start=1)
    ]
    await chronicle.create_sprint_retrospectives(schema.SprintRetrospectiveBulk(notes=notes))


async def test_velocity_counts_worked_sprints_of_people_and_names_the_others(
    chronicle: ChronicleClient,
) -> None:
    await record(
        chronicle,
        "P1",
        (4, {"origin": "import"}),
        (90, SIMULATED),
        (6, REPORTED),
        (0, IDLE),
        (80, SIMULATED),
        (1, SHORT),
    )
    velocity = await chronicle.velocity("P1")
    sprints = velocity.velocity_trend_data
    assert [(sprint.completed_tasks, sprint.progress_source) for sprint in sprints] == [
        (4, "reported"),
        (6, "reported"),
    ]
    assert (velocity.average_velocity, velocity.progress_source) == (5.0, "reported")
    assert (velocity.simulated_sprints, velocity.unworked_sprints) == (2, 2)
    words = (
        "2 simulated sprints and 1 in which nobody worked and 1 closed before half of the working"
        " days are not counted."
    )
    assert words in velocity.velocity_analysis
    patterns = await chronicle.patterns("P1")
    assert (patterns.retrospective_count, patterns.completion_rate) == (6, 1.0)


async def test_project_with_simulated_sprints_alone_has_their_velocity(
    chronicle: ChronicleClient,
) -> None:
    await record(chronicle, "P1", (4, SIMULATED), (0, IDLE), (6, SIMULATED))
    velocity = await chronicle.velocity("P1")
    assert (velocity.progress_source, velocity.average_velocity) == ("simulated", 5.0)
    assert "2 simulated sprints finished 5.0 tasks" in velocity.velocity_analysis
    assert "1 sprint in which nobody worked is not counted." in velocity.velocity_analysis


async def test_project_in_which_nobody_worked_has_no_velocity(chronicle: ChronicleClient) -> None:
    await record(chronicle, "P1", (0, IDLE))
    velocity = await chronicle.velocity("P1")
    assert (velocity.sprint_count, velocity.average_velocity, velocity.progress_source) == (
        0,
        None,
        None,
    )
    assert velocity.reasons["average_velocity"] == (
        "1 sprint in which nobody worked is not counted"
    )
    assert "no worked sprint" in (await chronicle.patterns("P1")).reasons["completion_rate"]


async def test_velocity_counts_work_outside_the_sprint_and_its_rate_does_not(
    chronicle: ChronicleClient,
) -> None:
    ended_on = FIRST_DAY + timedelta(6)
    outside = {"completed_outside": 3, "completed_arrived": 2}
    note = retrospective("P1", 1, 6, 2, ended_on=ended_on, **outside, **REPORTED)
    await chronicle.create_sprint_retrospective(note)
    velocity = await chronicle.velocity("P1")
    (sprint,) = velocity.velocity_trend_data
    assert (sprint.completed_tasks, sprint.completed_outside, sprint.total_tasks) == (6, 3, 8)
    # Those that arrived are among those outside, and counted once.
    assert (velocity.average_velocity, sprint.completed_arrived) == (9.0, 2)
    assert sprint.ended_on == ended_on
    patterns = await chronicle.patterns("P1")
    assert (patterns.completion_rate, patterns.avg_sprint_duration_days) == (0.75, 7.0)


async def test_projects_are_similar_only_to_those_of_their_kind(
    chronicle: ChronicleClient,
) -> None:
    for project_id, fields in (("P1", REPORTED), ("P2", SIMULATED), ("P3", {"origin": "import"})):
        await chronicle.create_sprint_retrospectives(
            retrospectives(project_id, [3, 7, 5], **fields)
        )
    similar = await chronicle.similar_projects("P1", 0.1)
    assert [project.project_id for project in similar] == ["P3"]


async def test_evidence_of_a_day_knows_only_what_ended_before_it(
    chronicle: ChronicleClient,
) -> None:
    for project_id in ("P1", "P2"):
        await chronicle.create_sprint_retrospectives(
            retrospectives(project_id, [2, 4, 6, 20], action_items=[{"description": "Refine"}])
        )
    third_ends = FIRST_DAY + timedelta(41)
    before = await chronicle.evidence("P1", until=third_ends, similarity_threshold=0.1)
    assert [sprint.completed_tasks for sprint in before.velocity.velocity_trend_data] == [2, 4]
    assert before.velocity == await chronicle.velocity("P1", until=third_ends)
    assert before.patterns == await chronicle.patterns("P1", until=third_ends)
    assert "2 closed sprints" in before.reasons["similar_projects"]
    assert before.patterns.common_retrospective_action_items == {"Refine": 2}
    with pytest.raises(PeerRefused):
        await chronicle.similar_projects("P1", 0.1, until=third_ends)
    after = await chronicle.evidence(
        "P1", until=third_ends + timedelta(1), similarity_threshold=0.1
    )
    (similar,) = after.similar_projects
    assert (similar.sprint_count, similar.average_velocity) == (3, 4.0)
    assert after.patterns.retrospective_count == 3
    assert await chronicle.evidence("P1", until=date(2030, 1, 1)) == await chronicle.evidence("P1")


def blocked(words: str, day: int, **fields: Any) -> schema.DailyScrumReportCreate:
    """Report an impediment to task 1 on a day of sprint 1."""
    return daily_report("P1", FIRST_DAY + timedelta(day), [words], **fields)


async def test_impediment_is_open_from_its_report_until_a_later_one_says_otherwise(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_daily_scrum_report(blocked("No test data", 0))
    assert (await chronicle.impediments("P1")).open_impediments == ["No test data"]
    await chronicle.create_daily_scrum_report(blocked("No licence.", 1))
    assert (await chronicle.evidence("P1")).impediments.open_impediments == ["No licence."]
    yesterday = await chronicle.evidence("P1", until=FIRST_DAY)
    assert yesterday.impediments.open_impediments == ["No test data"]
    await chronicle.create_daily_scrum_report(blocked("None.", 2))
    assert (await chronicle.impediments("P1")).open_impediments == []


async def test_closed_sprint_leaves_the_open_action_items_of_its_retrospective(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_daily_scrum_report(blocked("No test data", 0))
    items = [
        {"description": "Remove the impediment: No licence", "impediment": "No licence"},
        {"description": "Decide about P1-TASK001", "task_id": "P1-TASK001"},
    ]
    await chronicle.create_sprint_retrospective(retrospective("P1", 1, action_items=items))
    assert (await chronicle.impediments("P1")).open_impediments == ["No licence"]


async def test_impact_has_no_sprint_in_which_nobody_worked_and_counts_simulated_ones_apart(
    chronicle: ChronicleClient,
) -> None:
    await record(chronicle, "P1", (8, REPORTED), (0, SIMULATED), (0, IDLE))
    for number in (1, 2, 3):
        await chronicle.create_decision_audit(audit("P1", number))
    impact = await chronicle.decision_impact("P1", FIRST_DAY, FIRST_DAY)
    assert impact.rule_based_decisions == 3
    assert (impact.rule_based_outcomes, impact.rule_based_completion_rate_avg) == (1, 1.0)
    assert impact.simulated_outcomes == 1
    assert [outcome.simulated for outcome in impact.details] == [False, True, False]


async def test_imported_windows_before_the_first_work_are_marked_by_the_upgrade(
    chronicle: ChronicleClient, chronicle_database: str
) -> None:
    imported = {"origin": "import"}
    await record(chronicle, "P1", *((count, imported) for count in (0, 0, 4, 0)))
    await record(chronicle, "P2", (0, imported))
    with psycopg.connect(chronicle_database.replace("+psycopg", "")) as connection:
        connection.execute(BEFORE_COUNTED_SPRINTS)
    migrate.upgrade(chronicle_database, "domain_services.chronicle")
    velocity = await chronicle.velocity("P1")
    assert [sprint.completed_tasks for sprint in velocity.velocity_trend_data] == [4, 0]
    assert (velocity.average_velocity, velocity.unworked_sprints) == (2.0, 2)
    assert (await chronicle.velocity("P2")).average_velocity is None
    assert (await chronicle.patterns("P1")).retrospective_count == 4
