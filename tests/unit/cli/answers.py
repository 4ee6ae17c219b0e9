"""Answers of the orchestrator for the tests of pages: a project on 2016-10-03."""

from datetime import UTC, date, datetime
from uuid import UUID

from agent.cli.comparison import Comparison
from agent.cli.running_sprint import RunningSprint
from domain_services.sprint.schema import SprintTask
from graphs.answer import (
    Analysis,
    ConfidenceScores,
    Created,
    CreatedCronJob,
    CurrentSprint,
    Decisions,
    HistoricalContext,
    IntelligenceMetadata,
    Orchestration,
    PerformanceMetrics,
)
from memory.decision import DecisionSource, PlannedCall
from memory.documents import (
    AdjustmentReport,
    ConfidenceReport,
    EvidenceDetails,
    GateReport,
    NoDetails,
    ProposalReport,
    RuleBasedDecision,
)
from memory.episode import Outcome, SimilarEpisode

FIRST, LAST = date(2016, 10, 3), date(2016, 10, 16)
CREATE = PlannedCall(
    name="create_sprint",
    arguments={"project_id": "P1", "duration_weeks": 2, "start_date": str(FIRST), "task_ids": []},
    description="Create a sprint of 2 weeks with 12 tasks",
)
SCHEDULE = PlannedCall(
    name="create_cronjob",
    arguments={"schedule": "0 14 * * 1-5"},
    description="Schedule the daily scrum at '0 14 * * 1-5' UTC",
)
TAKEN = [
    "Created sprint P1-S46 with 12 tasks",
    "Created CronJob run-dailyscrum-p1-s46 (0 14 * * 1-5 UTC)",
]
CREATION = (
    "A sprint of 10 task(s) and 2 week(s) is created, because none is in progress and 12 of 12"
    " backlog tasks are unassigned. No team is known, the window has 9 working days."
)
RUNNING = CurrentSprint(
    sprint_id="P1-S46", end_date=LAST, total_tasks=12, pending_tasks=9, cronjob="run-p1-s46"
)


def task(number: int, title: str = "") -> SprintTask:
    return SprintTask(
        task_id=f"P1-TASK{number:03}",
        project_id="P1",
        sprint_id="P1-S46",
        title=title or f"P1-T{1700 + number}",
        status="assigned_to_sprint",
        progress_percentage=0,
        assigned_to=None,
        priority=3,
        version=1,
        updated_at=datetime(2016, 10, 3, tzinfo=UTC),
    )


def created(tasks: int = 12, warnings: tuple[str, ...] = ()) -> Created:
    return Created(
        sprint_id="P1-S46",
        start_date=FIRST,
        end_date=LAST,
        tasks=[task(number) for number in range(1, tasks + 1)],
        warnings=list(warnings),
        cronjob=CreatedCronJob(
            name="run-dailyscrum-p1-s46",
            project_id="P1",
            sprint_id="P1-S46",
            schedule="0 14 * * 1-5",
            timezone="UTC",
            ends_on=LAST,
            last_due_at=None,
        ),
    )


def task_count(
    rule: int, evidence: int, confidence: float | None, *, passed: bool = False
) -> AdjustmentReport:
    reason = f"task count: {rule} -> {evidence} has confidence {confidence} of 0.75 needed."
    rationale = "The team is expected to complete 16.9 tasks by 24 past sprint(s)."
    return AdjustmentReport(
        original_recommendation=rule,
        intelligence_recommendation=evidence,
        applied_value=evidence if passed else rule,
        confidence=confidence,
        sample_size=39,
        evidence_source="24 past sprints of the project, 15 similar episodes",
        expected_improvement=None,
        rationale=rationale,
        gate=GateReport(passed=passed, reason=reason),
        evidence_details=EvidenceDetails(
            similar_projects_used=["P0"],
            episodes_used=[],
            own_history=[15, 11, 24, 23, 17, 29],
            proposal=ProposalReport(
                original=rule,
                recommended=evidence,
                confidence=confidence,
                raw_confidence=confidence,
                sample_size=39,
                expected=16.9,
                low=8,
                high=27,
                wins=4,
                losses=1,
                reason=rationale,
                expected_improvement=None,
                parts=(),
            ),
            confidence=ConfidenceReport(
                raw=confidence,
                calibrated=confidence,
                calibration_version="shipped-2",
                calibration_sample_size=359,
            ),
        ),
    )


def without_forecast(rule: int, rationale: str) -> AdjustmentReport:
    """Build the report of a number that no forecast speaks about."""
    return AdjustmentReport(
        original_recommendation=rule,
        intelligence_recommendation=rule,
        applied_value=rule,
        confidence=None,
        sample_size=0,
        evidence_source="0 past sprints of the project, 0 similar episodes",
        expected_improvement=None,
        rationale=rationale,
        gate=GateReport(passed=False, reason=rationale),
        evidence_details=NoDetails(),
    )


CHANGED = task_count(10, 12, 0.78, passed=True)


def answer(
    *,
    report: AdjustmentReport | None = CHANGED,
    rule_reasoning: str = CREATION,
    close: bool = False,
    plan: tuple[PlannedCall, ...] = (CREATE, SCHEDULE),
    actions: list[str] = TAKEN,
    new: Created | None = None,
    dry_run: bool = False,
    shadow: bool = False,
    sprint: CurrentSprint | None = None,
    degraded: tuple[str, ...] = (),
) -> Orchestration:
    """Build an answer; by default evidence changed 10 tasks to 12 and the sprint was created."""
    source: DecisionSource = "intelligence_enhanced"
    return Orchestration.model_validate(
        {
            "project_id": "P1",
            "run_id": UUID(int=1),
            "as_of": FIRST,
            "dry_run": dry_run,
            "clock": "held",
            "analysis": analysis(sprint),
            "decisions": Decisions(
                create_new_sprint=report is not None,
                close_sprint=close,
                tasks_to_assign=report.applied_value if report else None,
                sprint_duration_weeks=2 if report else None,
                reasoning=rule_reasoning,
                decision_source=source,
                rule_based_decision=RuleBasedDecision(
                    tasks_to_assign=None, sprint_duration_weeks=None, reasoning=rule_reasoning
                ),
                intelligence_adjustments={"task_count_modification": report} if report else {},
                confidence_scores=ConfidenceScores(
                    overall_decision_confidence=None,
                    intelligence_threshold_met=False,
                    minimum_threshold=0.75,
                ),
            ),
            "actions_planned": list(plan),
            "actions_taken": list(actions),
            "created": new,
            "performance_metrics": PerformanceMetrics(
                steps_ms={"analyse": 12.0, "act": 30.0},
                total_ms=42.0,
                recall_path="service",
                recall_ms=20.0,
                degraded=list(degraded),
            ),
            "intelligence_metadata": IntelligenceMetadata(
                decision_mode="shadow" if shadow else "intelligence_enhanced",
                decision_mode_version=1,
                modifications_applied=1,
                similar_episodes=[
                    SimilarEpisode(
                        episode_id=UUID(int=2),
                        project_id="P0",
                        sprint_id="P0-S39",
                        day=date(2013, 9, 30),
                        similarity=0.98,
                        structured_similarity=0.98,
                        text_similarity=None,
                        found_by="structured",
                        outcome=Outcome(completed_tasks=18, duration_days=14),
                    )
                ],
                embedding_model=None,
            ),
        }
    )


def analysis(sprint: CurrentSprint | None) -> Analysis:
    return Analysis(
        backlog_tasks=12,
        unassigned_tasks=12,
        active_sprints=int(sprint is not None),
        team_size=None,
        working_days=9,
        team_working_days=None,
        days_off=["2016-10-10 Columbus Day"],
        current_sprint=sprint,
        historical_context=HistoricalContext(
            past_sprints=45,
            completed_per_sprint=[15, 11, 24, 23, 17, 29],
            average_velocity=10.9,
            velocity_trend="stable",
            completion_rate=None,
            avg_sprint_duration=None,
            open_impediments=[],
            similar_projects=[],
            similar_episodes=1,
        ),
    )


def running(probability: float | None = 0.3, *, simulated: bool = False) -> RunningSprint:
    return RunningSprint(
        sprint_id="P1-S46",
        start_date=FIRST,
        end_date=LAST,
        today=date(2016, 10, 6),
        done_tasks=3,
        total_tasks=12,
        done_points=None,
        total_points=None,
        working_day=4,
        working_days=9,
        open_probability=probability,
        open_probability_reason="Not enough evidence: 2 past sprints (3 needed).",
        expected=14.2,
        low=8,
        high=21,
        simulated=simulated,
        progress_mode="simulated" if simulated else "reported",
    )


OUTCOME = Comparison(
    window_end=str(LAST),
    window_days=14,
    decided_days=14,
    finished=26,
    from_backlog=6,
    chosen_finished=6,
    applied=12,
    rule=10,
    recommended=12,
)
