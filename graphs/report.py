"""Records of a finished run: the answer to its caller, the episode and the audit.

Each is made from the decision and the state of the run, none from another record.
"""

from typing import Any
from uuid import UUID

from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.kernel.types import utc_now
from graphs.actions_taken import created_by, taken_in_words
from graphs.answer import (
    Analysis,
    ConfidenceScores,
    CurrentSprint,
    Decisions,
    HistoricalContext,
    IntelligenceMetadata,
    Orchestration,
    PerformanceMetrics,
)
from graphs.approval import Approval
from graphs.rules.base import SprintFact
from graphs.state import Actions, Mode, State
from memory.decision import Decision, RuleDecision
from memory.documents import adjustment_reports, rule_report
from memory.episode import Episode, EpisodeReview, SimilarEpisode
from memory.run import Run, run_url

ACTOR = "project-orchestrator"
CHRONICLE_TEXT_CHARACTERS = 10_000  # the longest text that the chronicle takes
PARALLEL_NODES = ("rules", "recall")


def build_response(state: State) -> Orchestration:
    """Return the answer of section 6.3 of the specification."""
    decision, order, recall = state["decision"], state["order"], state["recall"]
    timings, actions = state["timings"], _actions(state)
    return Orchestration(
        project_id=state["project_id"],
        run_id=UUID(state["run_id"]),
        run_url=run_url(UUID(state["run_id"])),
        as_of=state["snapshot"].facts.today,
        clock=state["snapshot"].facts.clock,
        dry_run=order.dry_run,
        effect=order.effect,
        analysis=_analysis(state),
        decisions=_decisions(decision, order.mode),
        expectation=decision.expectation,
        selection=decision.selection,
        actions_planned=list(decision.plan),
        actions_taken=taken_in_words(actions),
        created=created_by(actions),
        performance_metrics=PerformanceMetrics(
            steps_ms=timings,
            total_ms=round(_critical_path(timings), 2),
            recall_path=recall.path,
            recall_ms=recall.ms,
            degraded=state["degraded"],
        ),
        intelligence_metadata=IntelligenceMetadata(
            decision_mode=order.mode.name,
            decision_mode_version=order.mode.version,
            modifications_applied=sum(
                adjustment.changes_the_rule for adjustment in decision.adjustments or ()
            ),
            similar_episodes=_similar_episodes(state),
            embedding_model=recall.model,
        ),
    )


def build_waiting_response(state: State, approval: Approval) -> Orchestration:
    """Return the answer of a run that waits for a person."""
    update = {"status": "waiting", "effect": "not_approved", "approval": approval}
    return build_response(state).model_copy(update=update)


def build_episode(state: State, run: Run, version: str) -> Episode:
    """Return the episode of the run; its outcome is not known yet."""
    actions = _actions(state)
    return Episode(
        episode_id=run.run_id,
        project_id=state["project_id"],
        origin="run",
        decided_at=utc_now(),
        agent_version=version,
        sprint_id=_created_sprint(actions),
        perception=state["snapshot"].perception,
        decision=state["decision"],
        similar_episodes=tuple(_similar_episodes(state)),
        degraded=tuple(state["degraded"]),
        actions_taken=tuple(taken_in_words(actions)),
        dry_run=state["order"].dry_run,
        shadow=state["order"].shadow,
        review=_review(run),
    )


def build_audit_draft(state: State, run: Run, version: str) -> DecisionAuditCreate:
    """Return the audit of a plan that nobody approves; its end is added to `decision`."""
    audit = build_audit(state, run, version)
    return audit.model_copy(update={"decision": audit.decision | {"effect": "not_approved"}})


def build_audit(state: State, run: Run, version: str) -> DecisionAuditCreate:
    """Return the audit of the run for the chronicle."""
    decision, order, actions = state["decision"], state["order"], _actions(state)
    reports = adjustment_reports(decision.adjustments or ())
    return DecisionAuditCreate(
        # The run's id: the chronicle stores an audit that is delivered twice once.
        audit_id=run.run_id,
        project_id=state["project_id"],
        sprint_id=_created_sprint(actions),
        decision_source=decision.source,
        decision={
            "create_new_sprint": decision.create_sprint,
            "close_sprint": decision.close_sprint,
            "tasks_to_assign": decision.tasks,
            "sprint_duration_weeks": decision.duration_weeks,
            "actions_planned": [call.description for call in decision.plan],
            "actions_taken": taken_in_words(actions),
            "dry_run": order.dry_run,
            "effect": "edited" if _review(run) == "edited" else order.effect,
            "decision_mode": order.mode.name,
            "decision_mode_version": order.mode.version,
            "degraded": state["degraded"],
        },
        rule_based_decision=rule_report(_rule(decision)).model_dump(mode="json"),
        intelligence_adjustments={
            kind: report.model_dump(mode="json") for kind, report in reports.items()
        },
        reasoning=decision.reasoning[:CHRONICLE_TEXT_CHARACTERS],
        confidence=decision.lowest_confidence,
        actor=f"{ACTOR} {version}",
        run_id=str(run.run_id),
        timestamp=utc_now(),
    )


def _review(run: Run) -> EpisodeReview | None:
    """Return how a person answered the plan of a run that acts; None when it did not wait."""
    if run.reviewed_by is None:
        return None
    return "approved" if run.proposal is None else "edited"


def _critical_path(timings: dict[str, float]) -> float:
    # `rules` and `recall` run side by side, so that only the longer one delays the answer.
    in_sequence = sum(ms for node, ms in timings.items() if node not in PARALLEL_NODES)
    return in_sequence + max(timings.get(node, 0.0) for node in PARALLEL_NODES)


def _analysis(state: State) -> Analysis:
    snapshot, patterns = state["snapshot"], state["patterns"]
    facts = snapshot.facts
    return Analysis(
        backlog_tasks=facts.backlog_tasks,
        unassigned_tasks=facts.unassigned_tasks,
        active_sprints=int(facts.active_sprint is not None),
        team_size=facts.team_size,
        working_days=facts.working_days,
        team_working_days=facts.team_working_days,
        days_off=list(facts.days_off),
        current_sprint=_current_sprint(facts.active_sprint),
        historical_context=HistoricalContext(
            past_sprints=snapshot.perception.past_sprints,
            completed_per_sprint=list(snapshot.perception.completed),
            average_velocity=snapshot.average_velocity,
            velocity_trend=snapshot.trend,
            completion_rate=patterns.completion_rate,
            avg_sprint_duration=patterns.average_sprint_days,
            open_impediments=list(patterns.open_impediments),
            similar_projects=list(patterns.similar_projects),
            similar_episodes=len(state["recall"].neighbours),
        ),
    )


def _current_sprint(sprint: SprintFact | None) -> CurrentSprint | None:
    return sprint and CurrentSprint(
        sprint_id=sprint.sprint_id,
        end_date=sprint.end_date,
        total_tasks=sprint.total_tasks,
        pending_tasks=sprint.pending_tasks,
        cronjob=sprint.cronjob,
    )


def _decisions(decision: Decision, mode: Mode) -> Decisions:
    adjustments = decision.adjustments or ()
    return Decisions(
        create_new_sprint=decision.create_sprint,
        close_sprint=decision.close_sprint,
        tasks_to_assign=decision.tasks,
        sprint_duration_weeks=decision.duration_weeks,
        reasoning=decision.reasoning,
        decision_source=decision.source,
        rule_based_decision=rule_report(_rule(decision)),
        intelligence_adjustments={**adjustment_reports(adjustments)},
        confidence_scores=ConfidenceScores(
            overall_decision_confidence=decision.lowest_confidence,
            intelligence_threshold_met=any(adjustment.gate.passed for adjustment in adjustments),
            minimum_threshold=mode.confidence_threshold,
        ),
    )


def _rule(decision: Decision) -> RuleDecision:
    return decision.rule or RuleDecision(tasks=None, duration_weeks=None, reasoning="")


def _actions(state: State) -> Actions:
    return state.get("actions", Actions())  # a run that acts on nothing never reaches `act`


def closed_sprint(state: State) -> str | None:
    """Return the id of the sprint that the run closed; None when it closed none."""
    calls = (call for call in _actions(state).made if call.name == "close_sprint")
    return next((str(call.result["sprint_id"]) for call in calls), None)


def unscheduled_sprint(state: State, run: Run) -> str | None:
    """Return the sprint that the run created and whose daily scrum a person rejected.

    None when there is no such sprint.
    """
    # Only the call that created the sprint knows its id; the answer came before.
    review: Any = run.review or {}
    rejected = {step["name"] for step in review.get("decisions", ()) if step["type"] == "reject"}
    return _created_sprint(_actions(state)) if "create_cronjob" in rejected else None


def _created_sprint(actions: Actions) -> str | None:
    created = created_by(actions)
    return created.sprint_id if created else None


def _similar_episodes(state: State) -> list[SimilarEpisode]:
    # Without the state that each was decided in, which would make up most of the answer.
    return [
        SimilarEpisode(
            episode_id=neighbour.episode_id,
            project_id=neighbour.project_id,
            sprint_id=neighbour.sprint_id,
            day=neighbour.day,
            known_on=neighbour.known_on,
            simulated=neighbour.simulated,
            completed_outside=neighbour.completed_outside,
            similarity=neighbour.similarity,
            structured_similarity=neighbour.structured_similarity,
            text_similarity=neighbour.text_similarity,
            found_by=neighbour.found_by,
            outcome=neighbour.outcome,
        )
        for neighbour in state["recall"].neighbours
    ]
