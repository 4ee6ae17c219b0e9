"""Patterns, impediments, similar projects and the summary follow from the recorded notes."""

from collections.abc import Sequence
from datetime import timedelta
from math import exp, log
from typing import Any

import httpx
import pytest

from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.logic.similarity import SPREADS
from domain_services.kernel.client.http_client import PeerRefused
from tests.services.chronicle.history import (
    FIRST_DAY,
    audit,
    daily_report,
    retrospective,
    retrospectives,
)


async def test_patterns_count_recurring_action_items(chronicle: ChronicleClient) -> None:
    items = ["Refine earlier", "refine  earlier.", "Pair more"]
    for number, words in enumerate(items, start=1):
        note = retrospective(
            "P1", number, finished=6, open_=2, action_items=[{"description": words}]
        )
        await chronicle.create_sprint_retrospective(note)
    for day, done in ((0, 3), (1, 5)):
        metrics = {"total_team_members": 2, "total_tasks": 8, "completed_tasks": done}
        report = daily_report(
            "P1",
            FIRST_DAY + timedelta(days=day),
            summary_metrics=metrics | {"pending_tasks": 8 - done},
        )
        await chronicle.create_daily_scrum_report(report)
    patterns = await chronicle.patterns("P1")
    assert patterns.model_dump(exclude={"patterns_analysis_summary"}) == {
        "project_id": "P1",
        "daily_scrum_count": 2,
        "retrospective_count": 3,
        "sprint_count": 3,
        "total_tasks_completed_in_daily_scrums": 5,
        "common_retrospective_action_items": {"Refine earlier": 2, "Pair more": 1},
        "avg_sprint_duration_days": 14.0,
        "completion_rate": 0.75,
        "reasons": {},
    }
    assert "75% of the tasks" in patterns.patterns_analysis_summary


async def test_completion_rate_needs_sprints_with_all_tasks_known(
    chronicle: ChronicleClient,
) -> None:
    imported: dict[str, Any] = {"origin": "import", "duration_weeks": None}
    await chronicle.create_sprint_retrospectives(retrospectives("P1", [4, 4], **imported))
    patterns = await chronicle.patterns("P1")
    assert patterns.completion_rate is None
    assert "only the finished ones" in patterns.reasons["completion_rate"]
    assert patterns.avg_sprint_duration_days == 14.0
    planned = retrospective("P1", 3, finished=4, planned_tasks_count=5, **imported)
    await chronicle.create_sprint_retrospective(planned)
    assert (await chronicle.patterns("P1")).completion_rate == 0.8


async def test_patterns_of_a_project_without_closed_sprints_are_null_with_reasons(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_decision_audit(audit("P1"))
    patterns = await chronicle.patterns("P1")
    assert (patterns.avg_sprint_duration_days, patterns.completion_rate) == (None, None)
    assert set(patterns.reasons) == {"avg_sprint_duration_days", "completion_rate"}


async def test_impediments_are_counted_except_words_for_none(
    chronicle: ChronicleClient,
) -> None:
    none = ["None.", "none", "", "No impediments", "no impediments reported.", "N/A", " - ", "No."]
    real = ["Waiting for access", "waiting for  access.", "None of the servers answer"]
    await chronicle.create_daily_scrum_report(daily_report("P1", impediments=none + real))
    items = [("Waiting for access", "open"), ("Waiting for access", "closed"), ("Pair", "open")]
    note = retrospective(
        "P1", 1, action_items=[{"description": words, "status": status} for words, status in items]
    )
    await chronicle.create_sprint_retrospective(note)
    impediments = await chronicle.impediments("P1")
    assert impediments.impediment_frequency == {
        "Waiting for access": 4,
        "None of the servers answer": 1,
        "Pair": 1,
    }
    assert impediments.impediment_status_counts == {
        "Waiting for access": {"open": 1, "closed": 1},
        "Pair": {"open": 1},
    }
    assert "3 impediments" in impediments.impediment_analysis_summary
    assert "3 action items" in impediments.impediment_analysis_summary


async def test_action_item_to_remove_an_impediment_counts_as_its_status(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_daily_scrum_report(
        daily_report("P1", impediments=["No test data.", "no  test data", "Slow"])
    )
    items = [
        {"description": "Get test data", "impediment": "No test data"},
        {"description": "Get data", "impediment": "no test data.", "status": "closed"},
        {"description": "Call somebody", "impediment": "Never in a report"},
        {"description": "Decide about P1-TASK002, left at 40 %", "task_id": "P1-TASK002"},
        {"description": "Decide about the budget"},
    ]
    note = retrospective("P1", 1, action_items=items)
    await chronicle.create_sprint_retrospective(note)
    impediments = await chronicle.impediments("P1")
    assert impediments.impediment_frequency == {
        "No test data.": 2,
        "Decide about the budget": 1,
        "Never in a report": 1,
        "Slow": 1,
    }
    assert impediments.impediment_status_counts == {
        "No test data.": {"open": 1, "closed": 1},
        "Decide about the budget": {"open": 1},
        "Never in a report": {"open": 1},
    }
    assert (
        "3 impediments in daily reports and 4 action items"
        in impediments.impediment_analysis_summary
    )


async def _record(
    chronicle: ChronicleClient, project_id: str, counts: Sequence[int], **fields: Any
) -> None:
    history = retrospectives(project_id, counts, **fields)
    await chronicle.create_sprint_retrospectives(history)


async def test_identical_histories_are_similar_by_exactly_1(chronicle: ChronicleClient) -> None:
    for project_id, counts in (("P1", [3, 7, 5, 4]), ("P2", [4, 5, 7, 3])):
        await _record(chronicle, project_id, counts, open_=2, open_at_start=12)
        await chronicle.create_daily_scrum_report(
            daily_report(project_id, impediments=["Slow", "None."])
        )
    (similar,) = await chronicle.similar_projects("P1", 1.0)
    assert (similar.project_id, similar.similarity_score) == ("P2", 1.0)
    assert (similar.sprint_count, similar.average_velocity) == (4, 4.75)
    assert similar.shared_features == sorted(SPREADS)


async def test_similarity_is_the_stated_function_of_shared_features(
    chronicle: ChronicleClient,
) -> None:
    known: dict[str, Any] = {"origin": "import", "open_at_start": 20}
    await _record(chronicle, "P1", [4, 4, 4], **known)
    await _record(chronicle, "P2", [8, 8, 8], **known, planned_tasks_count=8)
    (similar,) = await chronicle.similar_projects("P1", 0.1)
    shared = ["mean_velocity", "open_work_at_start", "sprint_duration", "velocity_variation"]
    assert similar.shared_features == shared
    distance = (log(9) - log(5)) / SPREADS["mean_velocity"]
    assert similar.similarity_score == pytest.approx(exp(-(distance**2) / 4))


async def test_variation_of_velocity_is_the_sample_deviation(chronicle: ChronicleClient) -> None:
    await _record(chronicle, "P1", [4, 4, 4], origin="import")
    await _record(chronicle, "P2", [2, 4, 6], origin="import")
    (similar,) = await chronicle.similar_projects("P1", 0.1)
    # The same mean and duration; a sample deviation of 2 on a mean of 4.
    distance = 0.5 / SPREADS["velocity_variation"]
    assert similar.similarity_score == pytest.approx(exp(-(distance**2) / 3))


async def test_projects_with_another_cadence_are_less_similar(
    chronicle: ChronicleClient,
) -> None:
    await _record(chronicle, "P1", [4, 6, 5])
    await _record(chronicle, "P2", [4, 6, 5], duration_weeks=1)
    (similar,) = await chronicle.similar_projects("P1", 0.1)
    distance = log(2) / SPREADS["sprint_duration"]
    assert similar.similarity_score == pytest.approx(
        exp(-(distance**2) / len(similar.shared_features))
    )
    assert similar.similarity_score < 1


async def test_a_project_of_another_size_is_less_similar_than_one_of_the_same(
    chronicle: ChronicleClient,
) -> None:
    for project_id, size in (("P1", 1), ("SAME", 1), ("TWICE", 2), ("TENFOLD", 10)):
        await _record(chronicle, project_id, [4 * size, 6 * size, 5 * size])
    similar = await chronicle.similar_projects("P1", 0.0)
    assert [project.project_id for project in similar] == ["SAME", "TWICE", "TENFOLD"]
    assert similar[0].similarity_score == 1.0
    assert similar[1].similarity_score < 0.95


async def test_most_different_projects_are_hardly_similar(
    chronicle: ChronicleClient,
) -> None:
    await _record(chronicle, "P1", [0, 0, 0])
    await _record(chronicle, "P2", [1, 1, 1])
    await chronicle.create_daily_scrum_report(daily_report("P1"))
    await chronicle.create_daily_scrum_report(daily_report("P2", impediments=["Slow"] * 500))
    (similar,) = await chronicle.similar_projects("P1", 0.0)
    assert similar.similarity_score < 1e-100


async def test_similar_projects_are_sorted_and_cut_at_the_threshold(
    chronicle: ChronicleClient,
) -> None:
    histories = {"P1": [5, 6, 5], "NEAR": [5, 6, 6], "FAR": [9, 9, 12], "OFF": [90, 1, 50]}
    for project_id, counts in histories.items():
        await _record(chronicle, project_id, counts)
    await _record(chronicle, "SHORT", [5, 6])
    everybody = await chronicle.similar_projects("P1", 0.0)
    assert [project.project_id for project in everybody] == ["NEAR", "FAR", "OFF"]
    scores = [project.similarity_score for project in everybody]
    assert scores == sorted(scores, reverse=True)
    near = await chronicle.similar_projects("P1", scores[1])
    assert [project.project_id for project in near] == ["NEAR", "FAR"]


async def test_without_a_similar_project_the_answer_is_404_and_a_bad_threshold_400(
    chronicle: ChronicleClient, chronicle_url: str, http: httpx.AsyncClient
) -> None:
    await _record(chronicle, "P1", [5, 6, 5])
    await _record(chronicle, "SHORT", [5, 6])
    for project_id in ("P1", "SHORT"):
        with pytest.raises(PeerRefused) as refused:
            await chronicle.similar_projects(project_id)
        assert refused.value.peer_status == 404
    for threshold in ("-0.1", "1.1", "nan", "inf", "x", ""):
        params = {"reference_project_id": "P1", "similarity_threshold": threshold}
        url = f"{chronicle_url}/v1/analytics/projects/similar"
        assert (await http.get(url, params=params)).status_code == 400


async def test_the_summary_counts_everything_and_judges_by_finished_tasks(
    chronicle: ChronicleClient,
) -> None:
    with pytest.raises(PeerRefused) as refused:
        await chronicle.metrics_summary()
    assert refused.value.peer_status == 404
    await chronicle.create_daily_scrum_report(daily_report("P1"))
    before = await chronicle.metrics_summary()
    assert before.overall_system_health is None
    assert "overall_system_health" in before.reasons
    await _record(chronicle, "P1", [3, 3], open_=2, action_items=[{"description": "Pair"}])
    await chronicle.create_decision_audit(audit("P2"))
    summary = await chronicle.metrics_summary()
    assert summary.model_dump(exclude={"summary_analysis", "reasons"}) == {
        "total_projects": 2,
        "total_sprints": 2,
        "total_daily_scrum_reports": 1,
        "total_retrospectives": 2,
        "total_action_items": 2,
        "overall_system_health": "Fair",
    }
    assert "60% of the tasks of 2 closed sprints" in summary.summary_analysis
