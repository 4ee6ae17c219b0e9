"""Answers about a project with history, without history, and that does not exist."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from agent.intelligence.freshness import hours_since
from tests.agent.conftest import get, give_history, until
from tests.graphs.conftest import System
from tests.services.chronicle.history import audit

OF_A_PROJECT = (
    "/orchestrate/project/{}/status",
    "/orchestrate/project/{}/decision-mode",
    "/orchestrate/intelligence/data-quality/{}",
    "/orchestrate/intelligence/decision-impact/{}",
    "/orchestrate/intelligence/decision-audit/{}",
    "/orchestrate/intelligence/patterns/similar-projects/{}",
    "/orchestrate/intelligence/patterns/velocity-trends/{}",
    "/orchestrate/intelligence/project/{}/insights",
    "/orchestrate/intelligence/project/{}/forecast",
    "/orchestrate/intelligence/project/{}/similar-episodes",
)


async def test_project_without_history_has_nulls_with_reasons(whole: System) -> None:
    await whole.make_project("NEW", 0)
    for path in OF_A_PROJECT:
        await get(whole, path.format("NEW"))
        unknown = await whole.http.get(whole.urls["orchestrator"] + path.format("NOBODY"))
        assert (unknown.status_code, unknown.json()["code"]) == (404, "not_found"), path
        bad = await whole.http.get(whole.urls["orchestrator"] + path.format("lower"))
        assert bad.status_code == 400, path

    status = await get(whole, "/orchestrate/project/NEW/status")
    assert status["last_analysis"] is None
    assert (status["current_sprint"], status["sprint_status"]) == (None, "no active sprint")
    assert set(status["predictive_insights"].values()) == {None}
    assert set(status["historical_trends"].values()) == {None}
    assert status["reasons"].keys() >= {"overall_risk", "completion_rate", "velocity_trend"}

    quality = await get(whole, "/orchestrate/intelligence/data-quality/NEW")
    report = quality["data_quality_report"]
    assert (report["data_available"], report["historical_sprints"]) == (False, None)
    assert report["data_quality_score"] == 0
    assert len(quality["recommendations"]) == 6

    impact = await get(whole, "/orchestrate/intelligence/decision-impact/NEW")
    assert impact["conclusion"].startswith("not enough data")
    assert impact["completion_rate_difference"] == {"value": None, "interval_95": None}

    similar = await get(whole, "/orchestrate/intelligence/patterns/similar-projects/NEW")
    assert similar["similar_projects"] == []
    assert similar["reason"] == "nothing is recorded of project NEW"

    risks = (await get(whole, "/orchestrate/intelligence/project/NEW/insights"))[
        "historical_context"
    ]["risk_assessment"]
    assert risks["sprint_failure_probability"] is None
    assert risks["reasons"]["sprint_failure_probability"].startswith("Nothing is planned")


async def make_old_and_twin(system: System) -> None:
    """Create two projects with the same history of six sprints."""
    await system.make_project("OLD", 12)
    await system.make_project("TWIN", 1)
    for project in ("OLD", "TWIN"):
        await give_history(system, project, [6, 7, 5, 6, 7, 6])


async def test_history_of_a_project_is_reported(whole: System) -> None:
    await make_old_and_twin(whole)

    risks = (await get(whole, "/orchestrate/intelligence/project/OLD/insights"))[
        "historical_context"
    ]["risk_assessment"]
    assert risks["planned_tasks"] == 7
    assert 0.3 < risks["sprint_failure_probability"] <= 0.5
    assert risks["promise"] <= risks["planned_tasks"]

    trends = await get(whole, "/orchestrate/intelligence/patterns/velocity-trends/OLD")
    assert trends["low"] <= trends["expected"] <= trends["high"]
    assert trends["velocity_trend"] == "stable"

    path = "/orchestrate/intelligence/patterns/similar-projects/OLD"
    assert (await get(whole, path))["similar_projects"][0]["project_id"] == "TWIN"
    for wrong in ("1.01", "-1", "nan", "much"):
        refused = await whole.http.get(
            whole.urls["orchestrator"] + path, params={"similarity_threshold": wrong}
        )
        assert refused.status_code == 422, wrong

    quality = await get(whole, "/orchestrate/intelligence/data-quality/OLD")
    assert quality["data_quality_report"]["historical_sprints"] == 6
    assert quality["data_quality_report"]["common_team_velocity"] == 6
    assert 0 < quality["data_quality_report"]["data_quality_score"] < 1
    assert not any("completion rate" in text for text in quality["recommendations"])


async def test_every_decision_is_audited_and_a_project_deletes_only_its_own_schedule(
    whole: System,
) -> None:
    await make_old_and_twin(whole)

    async def history_answered() -> bool:
        trial = (await whole.orchestrate("TWIN", dry_run=True)).json()
        degraded = trial["performance_metrics"]["degraded"]
        return not any(name.startswith("history") for name in degraded)

    # A first question to a cold chronicle may take longer than a decision waits for evidence.
    await until(history_answered)
    created = (await whole.orchestrate("OLD")).json()
    idle = (await whole.orchestrate("OLD")).json()
    dry = (await whole.orchestrate("OLD", dry_run=True)).json()

    async def complete_trail() -> Any:
        trail = await get(whole, "/orchestrate/intelligence/decision-audit/OLD")
        assert trail["total"] == 3
        return trail if not trail["pending"] else None

    audits = (await until(complete_trail))["audits"]
    assert [audit["run_id"] for audit in audits] == [
        answer["run_id"] for answer in (created, idle, dry)
    ]
    assert audits[0]["sprint_id"] == "OLD-S07"
    assert audits[0]["rule_based_decision"]["tasks_to_assign"] == 7
    assert "sprint_duration_modification" in audits[0]["intelligence_adjustments"]
    assert [audit["decision"]["dry_run"] for audit in audits] == [False, False, True]

    job = created["created"]["cronjob"]["name"]
    orchestrator = whole.urls["orchestrator"]
    foreign = await whole.http.delete(f"{orchestrator}/orchestrate/project/TWIN/cronjob/{job}")
    assert foreign.status_code == 404
    own = await whole.http.delete(f"{orchestrator}/orchestrate/project/OLD/cronjob/{job}")
    assert (own.status_code, own.json()["cronjob_name"]) == (200, job)
    assert (await get(whole, "/orchestrate/project/OLD/status"))["cronjobs"] == []


@pytest.mark.parametrize("missing", ["chronicle", "embedding"])
async def test_health_is_degraded_when_a_peer_is_missing(whole: System, missing: str) -> None:
    if missing == "chronicle":
        await whole.stop("chronicle")
        await whole.make_project("HALF", 3)
        status = await get(whole, "/orchestrate/project/HALF/status")
        assert status["degraded"][0].startswith("history:")
        assert status["backlog_status"]["total_tasks"] == 3
        insights = await get(whole, "/orchestrate/intelligence/project/HALF/insights")
        assert insights["intelligence_metadata"]["degraded"]
    url = f"{whole.urls['orchestrator']}/orchestrate/intelligence/models/health"
    answer = await whole.http.get(url)
    assert answer.status_code == 503
    report = answer.json()
    assert report["intelligence_status"] == "degraded"
    assert f"the {missing} service does not answer" in report["problems"]
    assert report["calibration"]["version"] == 0
    assert report["model_last_updated"] is None


async def test_sprints_are_counted_beyond_those_that_are_listed(whole: System) -> None:
    await whole.make_project("LONG", 3)
    await give_history(whole, "LONG", [6] * 26)
    report = (await get(whole, "/orchestrate/intelligence/data-quality/LONG"))[
        "data_quality_report"
    ]
    assert report["historical_sprints"] == 26
    assert report["observation_note"].startswith("26 closed sprints are recorded.")


async def test_decisions_are_counted_beyond_those_that_are_listed(whole: System) -> None:
    await whole.make_project("LONG", 3)
    url = whole.databases["chronicle"].replace("+psycopg", "")
    first = datetime(2025, 1, 6, tzinfo=UTC)
    records = [
        [audit("LONG", timestamp=first + timedelta(minutes=n)).model_dump_json()]
        for n in range(1003)
    ]
    path = "/orchestrate/intelligence/decision-audit/LONG"
    async with await psycopg.AsyncConnection.connect(url) as connection:
        insert = "INSERT INTO decision_audits (record) VALUES (%s)"
        await connection.cursor().executemany(insert, records[:1000])
        await connection.commit()
        trail = await get(whole, path)
        assert (trail["total"], len(trail["audits"]), trail["truncated"]) == (1000, 1000, False)
        await connection.cursor().executemany(insert, records[1000:])
    trail = await get(whole, path)
    assert (trail["total"], len(trail["audits"]), trail["truncated"]) == (1003, 1000, True)
    assert [trail["audits"][place]["sequence"] for place in (0, -1)] == [4, 1003]


@pytest.mark.parametrize(("project", "completed", "planned"), [("DONE", 5, 5), ("SLOW", 6, 10)])
async def test_all_answers_expect_the_same_of_the_next_sprint(
    whole: System, project: str, completed: int, planned: int
) -> None:
    await whole.make_project(project, 20)
    await give_history(whole, project, [completed] * 6, planned=planned)

    async def decided() -> Any:
        trial = await whole.orchestrate(project, dry_run=True, record=False)
        # A first question to a cold chronicle may take longer than a decision waits for evidence.
        missing = trial.json()["performance_metrics"]["degraded"]
        return None if any(name.startswith("history") for name in missing) else trial.json()

    answer = await until(decided)
    expectation = answer["expectation"]
    planned_work = expectation["planned"]
    expected = {name: planned_work[name] for name in ("expected", "low", "high")}
    trends = await get(whole, f"/orchestrate/intelligence/patterns/velocity-trends/{project}")
    status = await get(whole, f"/orchestrate/project/{project}/status")
    insights = await get(whole, f"/orchestrate/intelligence/project/{project}/insights")
    risks = insights["historical_context"]["risk_assessment"]
    for other in (trends, status["predictive_insights"], risks):
        assert {name: other[name] for name in expected} == pytest.approx(expected)
    assert risks["promise"] == planned_work["promise"]
    plan = answer["decisions"]["tasks_to_assign"]
    assert expectation["odds"][0]["tasks"] == plan == risks["planned_tasks"]
    failure = 1 - expectation["odds"][0]["probability"]
    assert risks["sprint_failure_probability"] == pytest.approx(failure)
    assert status["predictive_insights"]["sprint_failure_probability"] == pytest.approx(failure)


async def test_risk_of_a_sprint_in_progress_is_that_of_its_pending_tasks(whole: System) -> None:
    await whole.make_project("FAST", 12)
    await give_history(whole, "FAST", [6, 7, 5, 6, 7, 6])

    async def risk() -> float:
        status = await get(whole, "/orchestrate/project/FAST/status")
        insights = await get(whole, "/orchestrate/intelligence/project/FAST/insights")
        assessed = insights["historical_context"]["risk_assessment"]
        failure = status["predictive_insights"]["sprint_failure_probability"]
        assert failure == pytest.approx(assessed["sprint_failure_probability"])
        return failure

    answer = await whole.orchestrate("FAST", options={"sprint_duration_weeks": 4})
    created = answer.json()["created"]
    assert 0 < (at_start := await risk()) < 1
    for task in created["tasks"][1:]:
        path = f"/tasks/{task['task_id']}/progress"
        await whole.post("sprint", path, {"progress_percentage": 100})
    assert 0 < await risk() < at_start / 5
    last = f"/tasks/{created['tasks'][0]['task_id']}/progress"
    await whole.post("sprint", last, {"progress_percentage": 100})
    assert await risk() == 0


async def test_a_sprint_of_all_tasks_has_the_risk_that_its_decision_stated(whole: System) -> None:
    await whole.make_project("ALL", 8)
    await give_history(whole, "ALL", [6, 7, 5, 6, 7, 6])
    await whole.post(
        "orchestrator", "/orchestrate/project/ALL/decision-mode", {"mode": "rule_based_only"}
    )
    before = await get(whole, "/orchestrate/project/ALL/status")
    assert (await whole.orchestrate("ALL")).json()["created"]["sprint_id"] == "ALL-S07"
    after = await get(whole, "/orchestrate/project/ALL/status")
    for name in ("expected", "low", "high", "sprint_failure_probability"):
        expected = before["predictive_insights"][name]
        assert after["predictive_insights"][name] == pytest.approx(expected, abs=1e-4), name


def test_data_of_the_future_is_zero_hours_old() -> None:
    now = datetime.now(UTC)
    assert hours_since(now + timedelta(days=3)) == 0
    assert hours_since(now - timedelta(hours=2)) == pytest.approx(2, abs=0.02)


def test_data_of_a_held_project_are_as_old_as_on_its_day() -> None:
    outcome = datetime(2016, 10, 16, tzinfo=UTC)
    assert hours_since(outcome, date(2016, 10, 17)) == 48
    assert hours_since(outcome, date(2016, 10, 10)) == 0
    now = datetime.now(UTC)
    assert hours_since(now - timedelta(hours=2), now.date()) == pytest.approx(2, abs=0.02)
