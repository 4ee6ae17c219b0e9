"""Answers about a project and its decisions, without deciding anything."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import date, datetime
from statistics import fmean
from typing import TypeVar

from agent import schema as orchestration
from agent.intelligence import impact, quality, risk, schema
from domain_services.chronicle.schema import ProjectVelocity, SimilarProject
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.errors import NotFound, Problem
from domain_services.kernel.types import utc_now
from graphs.deps import Sources
from graphs.evidence.distribution import predict
from graphs.evidence.neighbours import POOL
from graphs.evidence.throughput import Sprint
from graphs.nodes.analyse import ProjectState, read_project
from graphs.nodes.optional import ask
from graphs.rules.base import RequestOptions
from graphs.state import Snapshot
from graphs.thresholds import (
    HISTORY_SPRINTS,
    MIN_OWN_SPRINTS,
    RECALL_EPISODES,
)
from memory.audits import WaitingAudits
from memory.decision_outcomes import EndedDecisions
from memory.pool import Pool
from memory.recall import Recall, Recaller
from memory.runs import RunTable
from memory.statistics import decisions_by_source, memory_statistics

T = TypeVar("T")

ANSWER_SECONDS = 2.0  # for the chronicle: nothing waits for these answers as a decision does
SHOWN_SIMILAR = 3  # similar projects whose own patterns are asked for
SHOWN_WORDS = 3  # impediments or lessons named


@dataclass(frozen=True)
class Views:
    """`usual` are the options of a request that names none."""

    sources: Sources
    recaller: Recaller
    runs: RunTable
    lessons: EndedDecisions
    audits: WaitingAudits
    pool: Pool
    usual: RequestOptions

    async def status(self, project_id: str) -> orchestration.ProjectStatus:
        """What is going on in a project. Raises: `NotFound`."""
        seen, backlog, jobs, last = await asyncio.gather(
            read_project(self.sources, project_id, self.usual, ANSWER_SECONDS),
            _known(project_id, self.sources.backlog.get_summary(project_id)),
            self.sources.cronjobs.list_jobs(project_id),
            self.runs.last(project_id),
        )
        known = seen.history.patterns if seen.history else None
        assessed = risk.assess(seen.snapshot, None, await self._began(seen.snapshot))
        sprint = seen.snapshot.facts.active_sprint
        return orchestration.ProjectStatus(
            project_id=project_id,
            last_analysis=last.started_at if last else None,
            current_sprint=sprint.sprint_id if sprint else None,
            sprint_status="in_progress" if sprint else "no active sprint",
            backlog_status=orchestration.BacklogStatus(
                total_tasks=backlog.total_tasks,
                unassigned=backlog.unassigned_tasks,
                in_progress=backlog.status_counts.get("in_progress", 0),
                completed=backlog.status_counts.get("completed", 0),
            ),
            cronjobs=[job.name for job in jobs],
            historical_trends=orchestration.HistoricalTrends(
                avg_sprint_duration=known.avg_sprint_duration_days if known else None,
                completion_rate=known.completion_rate if known else None,
                velocity_trend=seen.snapshot.trend,
            ),
            predictive_insights=orchestration.PredictiveInsights(
                overall_risk=assessed.overall_risk,
                sprint_failure_probability=assessed.sprint_failure_probability,
            ),
            reasons=_trend_reasons(seen) | assessed.reasons,
            degraded=seen.missing,
        )

    async def data_quality(self, project_id: str) -> schema.DataQuality:
        """What there is to decide by, and what to do about what is missing. Raises: `NotFound`."""
        asked = self.sources.chronicle.evidence(project_id, sprints=HISTORY_SPRINTS)
        team, (history, missing), ended = await asyncio.gather(
            _known(project_id, self.sources.project.list_team_members(project_id)),
            ask(asked, "history", ANSWER_SECONDS),
            self.lessons.read(project_id),
        )
        team_size = len(team.team_members) or None
        report, recommendations = quality.assess(
            quality.Known(not missing, history, team_size, len(ended))
        )
        return schema.DataQuality(
            project_id=project_id,
            data_quality_report=report,
            recommendations=recommendations,
            degraded=missing,
        )

    async def decision_impact(self, project_id: str) -> schema.DecisionImpact:
        """Enhanced beside rule-based decisions, by outcome. Raises: `NotFound`."""
        _, ended, decisions = await asyncio.gather(
            self.exists(project_id),
            self.lessons.read(project_id),
            decisions_by_source(self.pool, project_id),
        )
        return impact.compare(project_id, ended, decisions)

    async def decision_audit(self, project_id: str) -> schema.DecisionAuditTrail:
        """The newest decisions that the chronicle answers at once (1,000), oldest first.

        How many there are is the highest place in the chain, which has no gaps. Raises: `NotFound`;
        `Unavailable` without the chronicle.
        """
        _, waiting = await asyncio.gather(self.exists(project_id), self.audits.waiting(project_id))
        try:
            audits = await self.sources.chronicle.list_decision_audits(project_id)
        except PeerRefused as refused:
            if refused.peer_status != 404:
                raise
            audits = []
        pending = len(waiting - {each.audit_id for each in audits})  # some arrived meanwhile
        recorded = max((each.sequence for each in audits), default=0)
        return schema.DecisionAuditTrail(
            project_id=project_id,
            total=recorded + pending,
            pending=pending,
            truncated=recorded > len(audits),
            audits=audits,
        )

    async def similar_projects(
        self, project_id: str, threshold: float
    ) -> schema.SimilarProjectsAnalysis:
        """Projects of at least `threshold` (0..1) similarity. Raises: as `decision_audit`."""
        await self.exists(project_id)
        velocity = await self._velocity(project_id)
        found, reason = await self._similar(project_id, threshold)
        return schema.SimilarProjectsAnalysis(
            project_id=project_id,
            similarity_threshold=threshold,
            similar_projects=found,
            count=len(found),
            average_similarity=fmean(each.similarity_score for each in found) if found else None,
            velocity_of_similar=fmean(each.average_velocity for each in found) if found else None,
            own_velocity=velocity.average_velocity,
            reason=reason,
        )

    async def velocity_trends(self, project_id: str) -> schema.VelocityTrends:
        """Tasks by sprint, the trend, and the next sprint's. Raises: as `decision_audit`."""
        await self.exists(project_id)
        found = await self._velocity(project_id)
        past = [
            Sprint(
                each.completed_tasks, (each.end_date - each.start_date).days + 1, each.total_tasks
            )
            for each in found.velocity_trend_data[-HISTORY_SPRINTS:]
        ]
        enough = len(past) >= MIN_OWN_SPRINTS
        prediction = predict(past, POOL) if enough else None
        low, high = prediction.interval() if prediction else (None, None)
        few = f"{len(past)} closed sprints are recorded, a forecast needs {MIN_OWN_SPRINTS}"
        missing = {} if enough else dict.fromkeys(("expected", "low", "high"), few)
        told = found.model_dump() | {"reasons": found.reasons | missing}
        expected = prediction.mean if prediction else None
        return schema.VelocityTrends(**told, expected=expected, low=low, high=high)

    async def insights(self, project_id: str) -> schema.ProjectInsights:
        """History, similar projects and risks, with nothing decided. Raises: `NotFound`."""
        seen, fresh, ended = await asyncio.gather(
            read_project(self.sources, project_id, self.usual, ANSWER_SECONDS),
            memory_statistics(self.pool, project_id),
            self.lessons.read(project_id),
        )
        similar = seen.history.similar_projects if seen.history else []
        began = await self._began(seen.snapshot)
        recalled, *compared = await asyncio.gather(
            self._recall(seen.snapshot),
            *(self._insight(each) for each in similar[:SHOWN_SIMILAR]),
        )
        assessed = risk.assess(seen.snapshot, recalled, began)
        known = quality.Known(
            not seen.missing, seen.history, seen.snapshot.facts.team_size, len(ended)
        )
        lacking = [f"recall: {recalled.degraded}"] if recalled.degraded else []
        return schema.ProjectInsights(
            project_id=project_id,
            historical_context=schema.HistoricalContext(
                project_patterns=_patterns(seen),
                similar_projects=compared,
                risk_assessment=assessed,
            ),
            recommendations=quality.assess(known)[1],
            intelligence_metadata=schema.InsightsMetadata(
                historical_data_points=seen.snapshot.perception.past_sprints,
                similar_projects_analyzed=len(similar),
                similar_episodes_analyzed=len(recalled.neighbours),
                prediction_confidence=assessed.confidence,
                data_freshness_hours=hours_since(fresh.newest_outcome),
                recall_path=recalled.path,
                degraded=[*seen.missing, *lacking],
            ),
        )

    async def exists(self, project_id: str) -> None:
        """Raises: `NotFound`."""
        await _known(project_id, self.sources.project.get_project(project_id))

    async def _velocity(self, project_id: str) -> ProjectVelocity:
        try:
            return await self.sources.chronicle.velocity(project_id)
        except PeerRefused as refused:
            if refused.peer_status != 404:
                raise
            return _no_velocity(project_id, refused.detail)

    async def _similar(
        self, project_id: str, threshold: float
    ) -> tuple[list[SimilarProject], str | None]:
        try:
            return await self.sources.chronicle.similar_projects(project_id, threshold), None
        except PeerRefused as refused:
            if refused.peer_status != 404:
                raise
            return [], refused.detail

    async def _recall(self, snapshot: Snapshot) -> Recall:
        try:
            return await self.recaller.recall(
                snapshot.perception, limit=RECALL_EPISODES, deadline_seconds=ANSWER_SECONDS
            )
        except Problem as problem:
            return Recall.nothing(problem.detail)

    async def _began(self, snapshot: Snapshot) -> date | None:
        """The first day of the sprint in progress; None without one."""
        sprint = snapshot.facts.active_sprint
        if sprint is None:
            return None
        return (await self.sources.sprint.get_sprint(sprint.sprint_id)).start_date

    async def _insight(self, similar: SimilarProject) -> schema.SimilarProjectInsight:
        asked = self.sources.chronicle.patterns(similar.project_id)
        found, _ = await ask(asked, "patterns of a similar project", ANSWER_SECONDS)
        return schema.SimilarProjectInsight(
            project_id=similar.project_id,
            similarity_score=similar.similarity_score,
            success_rate=found.completion_rate if found else None,
            lessons_learned=list(found.common_retrospective_action_items)[:SHOWN_WORDS]
            if found
            else [],
        )


def _patterns(seen: ProjectState) -> schema.ProjectPatterns:
    history = seen.history
    return schema.ProjectPatterns(
        avg_sprint_duration=history.patterns.avg_sprint_duration_days if history else None,
        completion_rate=history.patterns.completion_rate if history else None,
        velocity_trend=seen.snapshot.trend,
        common_impediments=list(history.impediments.impediment_frequency)[:SHOWN_WORDS]
        if history
        else [],
    )


def _no_velocity(project_id: str, why: str) -> ProjectVelocity:
    return ProjectVelocity(
        project_id=project_id,
        sprint_count=0,
        velocity_trend_data=[],
        average_velocity=None,
        trend=None,
        velocity_trend=None,
        velocity_analysis=f"{why}.",
        reasons=dict.fromkeys(("average_velocity", "trend", "velocity_trend"), why),
    )


def hours_since(moment: datetime | None) -> float | None:
    """Hours from `moment` to now, 0 when it is yet to come, None of None."""
    if moment is None:
        return None
    return max(0.0, round((utc_now() - moment).total_seconds() / 3600, 2))


async def _known(project_id: str, answer: Awaitable[T]) -> T:
    """A peer's 404 is ours. Raises: `NotFound`."""
    try:
        return await answer
    except PeerRefused as refused:
        if refused.peer_status == 404:
            raise NotFound(f"there is no project {project_id}", project_id=project_id) from refused
        raise


def _trend_reasons(seen: ProjectState) -> dict[str, str]:
    """Why a trend is null; a chronicle that did not answer is also named under `degraded`."""
    patterns = seen.history.patterns if seen.history else None
    snapshot, reasons = seen.snapshot, dict[str, str]()
    nothing = "the chronicle did not answer" if seen.missing else "no closed sprint is recorded"
    if patterns is None or patterns.avg_sprint_duration_days is None:
        reasons["avg_sprint_duration"] = nothing
    if patterns is None or patterns.completion_rate is None:
        told = patterns.reasons if patterns else {}
        reasons["completion_rate"] = told.get("completion_rate", nothing)
    if snapshot.trend is None:
        sprints = snapshot.perception.past_sprints
        reasons["velocity_trend"] = f"{sprints} past sprints are known, {MIN_OWN_SPRINTS} needed"
    return reasons
