"""Decision impact: outcomes of enhanced decisions compared with those of rule-based ones."""

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
    for number, (finished, unfinished, source) in enumerate(outcomes, start=1):
        await chronicle.create_decision_audit(audit("P1", number, **source))
        note = retrospective("P1", number, finished, unfinished, attendees=["E001", "BOSS"])
        await chronicle.create_sprint_retrospective(note)
    await chronicle.create_decision_audit(audit("P1", 1))
    impact = await chronicle.decision_impact("P1", *YEAR)
    assert (impact.total_decisions_analyzed, impact.intelligence_enhanced_decisions) == (5, 2)
    assert (impact.intelligence_outcomes, impact.rule_based_outcomes) == (2, 2)
    assert impact.intelligence_completion_rate_avg == pytest.approx(0.95)
    assert impact.rule_based_completion_rate_avg == pytest.approx(0.75)
    assert impact.completion_rate_improvement_percent == pytest.approx(20 / 75 * 100)
    assert impact.task_efficiency_improvement_percent == pytest.approx(2 / 7.5 * 100)
    assert impact.resource_utilization_improvement_percent == pytest.approx(0)
    # Both variances are 0.005: Welch's interval has 2 degrees of freedom, whose quantile is 4.303.
    assert impact.completion_rate_difference_95 == pytest.approx(
        (0.2 - 4.303 * 0.005**0.5, 0.2 + 4.303 * 0.005**0.5), abs=1e-3
    )
    assert [detail.success for detail in impact.details] == [True, True, False, True, None]
    assert [detail.completion_rate for detail in impact.details] == [0.9, 1.0, 0.7, 0.8, None]
    assert impact.reasons == {}


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
    impact = await chronicle.decision_impact("P1", *YEAR)
    assert impact.rule_based_completion_rate_avg == pytest.approx(0.8)
    assert impact.intelligence_completion_rate_avg is None
    assert impact.completion_rate_improvement_percent is None
    assert "0 enhanced and 1 rule-based" in impact.reasons["completion_rate_improvement_percent"]
    assert set(impact.reasons) == {
        "intelligence_completion_rate_avg",
        "completion_rate_improvement_percent",
        "completion_rate_difference_95",
        "task_efficiency_improvement_percent",
        "resource_utilization_improvement_percent",
    }


async def test_impact_covers_the_last_30_days_by_default(
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


async def test_outcome_belongs_to_the_decision_that_created_the_sprint(
    chronicle: ChronicleClient,
) -> None:
    inspection: dict[str, Any] = {"decision": {"create_new_sprint": False, "close_sprint": False}}
    closed: dict[str, Any] = {"decision": {"create_new_sprint": False, "close_sprint": True}}
    decisions = [audit("P1", 1, **inspection), audit("P1", 1, **ENHANCED), audit("P1", 1, **closed)]
    for decision in decisions:
        await chronicle.create_decision_audit(decision)
    await chronicle.create_sprint_retrospective(retrospective("P1", 1, 9, 1))
    impact = await chronicle.decision_impact("P1", *YEAR)
    assert [detail.completion_rate for detail in impact.details] == [None, 0.9, None]
    assert (impact.intelligence_outcomes, impact.rule_based_outcomes) == (1, 0)
    assert impact.rule_based_decisions == 2


async def test_sprint_with_only_finished_tasks_known_has_no_outcome(
    chronicle: ChronicleClient,
) -> None:
    await chronicle.create_decision_audit(audit("P1", 1))
    note = retrospective("P1", 1, 8, origin="import", duration_weeks=None)
    await chronicle.create_sprint_retrospective(note)
    impact = await chronicle.decision_impact("P1", *YEAR)
    assert (impact.rule_based_outcomes, impact.rule_based_completion_rate_avg) == (0, None)
    assert impact.details[0].success is None
    assert "all tasks are known" in impact.reasons["rule_based_completion_rate_avg"]
    assert "no such decision acted" in impact.reasons["intelligence_completion_rate_avg"]


async def test_a_sprint_without_tasks_has_no_outcome(chronicle: ChronicleClient) -> None:
    await chronicle.create_decision_audit(audit("P1", 1))
    await chronicle.create_sprint_retrospective(retrospective("P1", 1, 0, 0, attendees=["E001"]))
    impact = await chronicle.decision_impact("P1", *YEAR)
    assert (impact.rule_based_outcomes, impact.details[0].completion_rate) == (0, None)


async def test_period_includes_whole_days_at_both_ends(chronicle: ChronicleClient) -> None:
    last = datetime(2025, 3, 31, 23, 59, 59, 999999, tzinfo=UTC)
    for moment in (datetime(2025, 3, 1, tzinfo=UTC), last, last + timedelta(microseconds=1)):
        await chronicle.create_decision_audit(audit("P1", timestamp=moment))
    impact = await chronicle.decision_impact("P1", date(2025, 3, 1), date(2025, 3, 31))
    assert impact.total_decisions_analyzed == 2
    impact = await chronicle.decision_impact("P1", None, date(2025, 3, 31))
    assert impact.time_period.end_date - impact.time_period.start_date == timedelta(days=30)


async def test_dry_runs_and_shadow_decisions_are_counted_apart(chronicle: ChronicleClient) -> None:
    earlier: dict[str, Any] = {"dry_run": True, "decision_mode": "intelligence_enhanced"}
    in_shadow: dict[str, Any] = {"dry_run": True, "decision_mode": "shadow"}
    for decision in (earlier, in_shadow, in_shadow | {"effect": "dry_run"}, {"dry_run": False}):
        await chronicle.create_decision_audit(audit("P1", decision=decision))
    impact = await chronicle.decision_impact("P1", *YEAR)
    assert (impact.total_decisions_analyzed, impact.rule_based_decisions) == (1, 1)
    assert (impact.shadow_decisions, impact.dry_runs) == (1, 2)
    assert len(impact.details) == 1
    audits = await chronicle.list_decision_audits("P1")
    assert [item.effect for item in audits] == ["dry_run", "shadow", "dry_run", "acted"]
    assert (await chronicle.verify_decision_audits("P1")).verified


async def test_a_dry_run_that_names_a_sprint_has_no_outcome(chronicle: ChronicleClient) -> None:
    dry: dict[str, Any] = {"decision": {"create_new_sprint": True, "dry_run": True}}
    await chronicle.create_decision_audit(audit("P1", 1, **dry))
    await chronicle.create_decision_audit(audit("P1", 1, **ENHANCED))
    await chronicle.create_sprint_retrospective(retrospective("P1", 1, 9, 1))
    impact = await chronicle.decision_impact("P1", *YEAR)
    assert (impact.intelligence_outcomes, impact.rule_based_outcomes) == (1, 0)
