"""What became of decisions: sprints of enhanced ones beside sprints of rule-based ones."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import pytest

from domain_services.chronicle.client import ChronicleClient
from tests.services.chronicle.history import audit, retrospective

ENHANCED: dict[str, Any] = {"decision_source": "intelligence_enhanced", "confidence": 0.8}
RULED: dict[str, Any] = {"decision_source": "rule_based_only"}
YEAR = (date(2025, 1, 1), date(2025, 12, 31))


async def test_impact_compares_the_outcomes_of_both_sources(chronicle: ChronicleClient) -> None:
    outcomes: list[tuple[int, int, dict[str, Any]]] = [
        (9, 1, ENHANCED),
        (10, 0, ENHANCED),
        (7, 3, {}),
        (8, 2, {}),
    ]
    for number, (finished, left, source) in enumerate(outcomes, start=1):
        await chronicle.create_decision_audit(audit("P1", number, **source))
        note = retrospective("P1", number, finished, left, attendees=["E001", "BOSS"])
        await chronicle.create_sprint_retrospective(note)
    await chronicle.create_decision_audit(audit("P1", 1))
    found = await chronicle.decision_impact("P1", *YEAR)
    assert (found.total_decisions_analyzed, found.intelligence_enhanced_decisions) == (5, 2)
    assert (found.intelligence_outcomes, found.rule_based_outcomes) == (2, 2)
    assert found.intelligence_completion_rate_avg == pytest.approx(0.95)
    assert found.rule_based_completion_rate_avg == pytest.approx(0.75)
    assert found.completion_rate_improvement_percent == pytest.approx(20 / 75 * 100)
    assert found.task_efficiency_improvement_percent == pytest.approx(2 / 7.5 * 100)
    assert found.resource_utilization_improvement_percent == pytest.approx(0)
    # Both variances are 0.005: Welch's interval has 2 degrees of freedom, whose quantile is 4.303.
    assert found.completion_rate_difference_95 == pytest.approx(
        (0.2 - 4.303 * 0.005**0.5, 0.2 + 4.303 * 0.005**0.5), abs=1e-3
    )
    assert [each.success for each in found.details] == [True, True, False, True, None]
    assert [each.completion_rate for each in found.details] == [0.9, 1.0, 0.7, 0.8, None]
    assert found.reasons == {}


async def test_equal_completion_rates_have_no_interval(chronicle: ChronicleClient) -> None:
    for number, source in enumerate((ENHANCED, ENHANCED, RULED, RULED), start=1):
        await chronicle.create_decision_audit(audit("P1", number, **source))
        await chronicle.create_sprint_retrospective(retrospective("P1", number, 8, 2))
    impact = await chronicle.decision_impact("P1", *YEAR)
    assert impact.completion_rate_difference_95 is None
    assert "no spread" in impact.reasons["completion_rate_difference_95"]


async def test_impact_of_one_source_alone_is_null_with_reasons(chronicle: ChronicleClient) -> None:
    await chronicle.create_decision_audit(audit("P1", 1))
    await chronicle.create_sprint_retrospective(retrospective("P1", 1, 8, 2))
    await chronicle.create_decision_audit(audit("P1", 2, **ENHANCED))
    found = await chronicle.decision_impact("P1", *YEAR)
    assert found.rule_based_completion_rate_avg == pytest.approx(0.8)
    assert found.intelligence_completion_rate_avg is None
    assert found.completion_rate_improvement_percent is None
    assert "0 enhanced and 1 rule-based" in found.reasons["completion_rate_improvement_percent"]
    assert set(found.reasons) == {
        "intelligence_completion_rate_avg",
        "completion_rate_improvement_percent",
        "completion_rate_difference_95",
        "task_efficiency_improvement_percent",
        "resource_utilization_improvement_percent",
    }


async def test_impact_covers_the_last_30_days_unless_told_otherwise(
    chronicle: ChronicleClient, chronicle_url: str, http: httpx.AsyncClient
) -> None:
    now = datetime.now(UTC)
    for days in (1, 29, 31):
        await chronicle.create_decision_audit(audit("P1", timestamp=now - timedelta(days=days)))
    assert (await chronicle.decision_impact("P1")).total_decisions_analyzed == 2
    older = (now - timedelta(days=40)).date()
    assert (await chronicle.decision_impact("P1", older)).total_decisions_analyzed == 3
    url = f"{chronicle_url}/v1/analytics/decisions/impact/P1"
    for start, end in (("2025-02-01", "2025-01-31"), ("x", "2025-01-31"), ("0001-01-01", "5")):
        params = {"start_date": start, "end_date": end}
        assert (await http.get(url, params=params)).status_code == 400


async def test_an_outcome_belongs_to_the_decision_that_created_the_sprint(
    chronicle: ChronicleClient,
) -> None:
    looked: dict[str, Any] = {"decision": {"create_new_sprint": False, "close_sprint": False}}
    closed: dict[str, Any] = {"decision": {"create_new_sprint": False, "close_sprint": True}}
    decisions = [audit("P1", 1, **looked), audit("P1", 1, **ENHANCED), audit("P1", 1, **closed)]
    for decision in decisions:
        await chronicle.create_decision_audit(decision)
    await chronicle.create_sprint_retrospective(retrospective("P1", 1, 9, 1))
    found = await chronicle.decision_impact("P1", *YEAR)
    assert [each.completion_rate for each in found.details] == [None, 0.9, None]
    assert (found.intelligence_outcomes, found.rule_based_outcomes) == (1, 0)
    assert found.rule_based_decisions == 2


async def test_a_sprint_of_which_only_the_finished_tasks_are_known_has_no_outcome(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_decision_audit(audit("P1", 1))
    note = retrospective("P1", 1, 8, origin="import", duration_weeks=None)
    await chronicle.create_sprint_retrospective(note)
    found = await chronicle.decision_impact("P1", *YEAR)
    assert (found.rule_based_outcomes, found.rule_based_completion_rate_avg) == (0, None)
    assert found.details[0].success is None
    assert "all tasks are known" in found.reasons["rule_based_completion_rate_avg"]
    assert "no such decision" in found.reasons["intelligence_completion_rate_avg"]


async def test_a_sprint_without_tasks_has_no_outcome(chronicle: ChronicleClient) -> None:
    await chronicle.create_decision_audit(audit("P1", 1))
    await chronicle.create_sprint_retrospective(retrospective("P1", 1, 0, 0, attendees=["E001"]))
    found = await chronicle.decision_impact("P1", *YEAR)
    assert (found.rule_based_outcomes, found.details[0].completion_rate) == (0, None)


async def test_the_days_of_a_period_are_whole_and_belong_to_it(chronicle: ChronicleClient) -> None:
    last = datetime(2025, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)
    for moment in (datetime(2025, 3, 1, tzinfo=UTC), last, last + timedelta(microseconds=1)):
        await chronicle.create_decision_audit(audit("P1", timestamp=moment))
    found = await chronicle.decision_impact("P1", date(2025, 3, 1), date(2025, 3, 31))
    assert found.total_decisions_analyzed == 2
    found = await chronicle.decision_impact("P1", None, date(2025, 3, 31))
    assert found.time_period.end_date - found.time_period.start_date == timedelta(days=30)
