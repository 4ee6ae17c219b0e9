"""Answers of the orchestrator for the tests of pages: a project on 2016-10-03."""

from datetime import UTC, date, datetime
from uuid import UUID

from agent.cli.comparison import Comparison, ExpectedTasks
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
from memory.decision import (
    EvidenceKind,
    ExpectedSprint,
    LeftOutTask,
    Odds,
    PlannedCall,
    Range,
    SelectedTask,
    Selection,
)
from memory.documents import (
    AdjustmentReport,
    ConfidenceReport,
    EvidenceDetails,
    GateReport,
    NoDetails,
    PartReport,
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
PACE = (
    "The last six sprints finished 5, 11, 8, 9, 12 and 7 of the tasks open at their start; without"
    " the best and the worst 8.75 a sprint. 10 tasks are as likely reached as not."
)
CREATION = (
    "A sprint of 10 task(s) and 2 week(s) is to be created, because none is in progress and 12 of"
    f" 12 backlog tasks are free to be planned. {PACE} No team is known, the window has 9 working"
    " days."
)
WORDS = "The chances of the 12 open tasks, by their age, add up to 11.9 (8 to 15 are usual)."
BY_AGE = "how often tasks of its age are finished"
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


def _proposal(
    rule: int, evidence: int, confidence: float | None, kind: EvidenceKind | None, reason: str
) -> ProposalReport:
    return ProposalReport(
        original=rule,
        recommended=evidence,
        confidence=confidence,
        raw_confidence=0.6 if confidence else None,
        sample_size=48,
        expected=11.9,
        low=8,
        high=15,
        wins=14,
        losses=5,
        reason=reason,
        expected_improvement=None,
        parts=(
            PartReport(name="own_pace", value=9.7, sample_size=6),
            PartReport(name="sum_of_chances", value=11.9, sample_size=76),
        ),
        kind=kind,
        windows=24,
        rule_error=2.1,
        evidence_error=1.4,
    )


def _confidence(raw: float | None) -> ConfidenceReport:
    return ConfidenceReport(
        raw=raw,
        calibrated=0.62 if raw else None,
        calibration_version="shipped-2",
        calibration_sample_size=359,
    )


def task_count(
    rule: int,
    evidence: int,
    confidence: float | None,
    *,
    passed: bool = False,
    kind: EvidenceKind | None = "chances",
    words: str = WORDS,
) -> AdjustmentReport:
    reason = f"task count: {rule} -> {evidence} has confidence {confidence} of 0.75 needed."
    rationale = (
        f"{words} In 24 past windows of this project its plans missed by 1.4 tasks on average, the"
        " rule's by 2.1."
    )
    return AdjustmentReport(
        original_recommendation=rule,
        intelligence_recommendation=evidence,
        applied_value=evidence if passed else rule,
        confidence=confidence,
        sample_size=48,
        evidence_source="24 past sprints of the project, chances of 12 open tasks by age",
        expected_improvement=None,
        rationale=rationale,
        gate=GateReport(passed=passed, reason=reason),
        evidence_details=EvidenceDetails(
            similar_projects_used=["P0"],
            episodes_used=[],
            own_history=[15, 11, 24, 23, 17, 29],
            proposal=_proposal(rule, evidence, confidence, kind, rationale),
            confidence=_confidence(0.6 if confidence else None),
        ),
    )


def expectation(
    arriving: Range | None = None, notes: tuple[str, ...] = (), pace: str = PACE
) -> ExpectedSprint:
    """Build the expectation of a plan of 12 tasks."""
    return ExpectedSprint(
        certainty=50,
        pace=pace,
        planned=Range(expected=11.9, low=8, high=15, promise=8),
        arriving=arriving,
        odds=(Odds(tasks=12, probability=0.53), Odds(tasks=8, probability=0.86)),
        sentence="all 12 with 53%, 10 with 70%, 8 with 86% (the promise); 8 to 15 are usual",
        review=None,
        notes=notes,
    )


def selected(number: int, **changes: object) -> SelectedTask:
    values: dict[str, object] = {
        "task_id": f"P1-TASK{number:03}",
        "title": f"P1-T{1700 + number}",
        "reason": BY_AGE,
        "rank": None,
        "carried_over": False,
        "priority": 3,
        "points": None,
        "age_days": 3,
        "chance": 0.62,
        "chance_in_words": "finished within two weeks: 6 of 10 of this age",
        "is_stale": False,
    }
    return SelectedTask.model_validate(values | changes)


def selection(
    tasks: tuple[SelectedTask, ...],
    left_out: tuple[LeftOutTask, ...] = (),
    warnings: tuple[str, ...] = (),
) -> Selection:
    points = [task.points for task in tasks if task.points is not None]
    return Selection(
        tasks=tasks,
        left_out=left_out,
        left_out_count=len(left_out),
        expected_finished=sum(task.chance for task in tasks),
        points=sum(points) if points else None,
        estimated_tasks=len(points),
        warnings=warnings,
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
SIMILAR = SimilarEpisode(
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


def _decisions(report: AdjustmentReport | None, reasoning: str, *, close: bool) -> Decisions:
    return Decisions(
        create_new_sprint=report is not None,
        close_sprint=close,
        tasks_to_assign=report.applied_value if report else None,
        sprint_duration_weeks=2 if report else None,
        reasoning=reasoning,
        decision_source="intelligence_enhanced",
        rule_based_decision=RuleBasedDecision(
            tasks_to_assign=None, sprint_duration_weeks=None, reasoning=reasoning
        ),
        intelligence_adjustments={"task_count_modification": report} if report else {},
        confidence_scores=ConfidenceScores(
            overall_decision_confidence=None,
            intelligence_threshold_met=False,
            minimum_threshold=0.75,
        ),
    )


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
    expected: ExpectedSprint | None = None,
    chosen: Selection | None = None,
) -> Orchestration:
    """Build an answer; by default evidence changed 10 tasks to 12 and the sprint was created."""
    tasks = report.applied_value if report else 0
    return Orchestration.model_validate(
        {
            "project_id": "P1",
            "run_id": UUID(int=1),
            "as_of": FIRST,
            "dry_run": dry_run,
            "clock": "held",
            "analysis": analysis(sprint),
            "decisions": _decisions(report, rule_reasoning, close=close),
            "expectation": (expected or expectation()) if report else None,
            "selection": (chosen or selection(tuple(map(selected, range(1, tasks + 1)))))
            if report
            else None,
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
                similar_episodes=[SIMILAR],
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
    from_backlog=11,
    chosen_finished=9,
    applied=12,
    rule=10,
    recommended=12,
    expected=ExpectedTasks(11.9, 8, 15),
    expected_arriving=ExpectedTasks(14.2, 8, 22),
)
