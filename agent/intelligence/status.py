"""Status of a project: its sprint, backlog, schedules, trends and risks."""

import asyncio

from agent import schema
from agent.intelligence import risk
from agent.intelligence.reader import ProjectReader
from agent.intelligence.schema import RiskAssessment
from graphs.nodes.analyse import ProjectState
from graphs.thresholds import MIN_OWN_SPRINTS


async def project_status(reader: ProjectReader, project_id: str) -> schema.ProjectStatus:
    """Describe the project as it is now. Raises: `NotFound`."""
    state, backlog, jobs, last_run = await asyncio.gather(
        reader.state(project_id),
        reader.backlog(project_id),
        reader.sources.cronjobs.list_jobs(project_id),
        reader.runs.last(project_id),
    )
    patterns = state.history.patterns if state.history else None
    # With similar episodes, as a decision: without them the two would expect different numbers
    # (docs/adr/0090-one-expectation.md).
    recalled, window = await asyncio.gather(
        reader.recall(state.snapshot), reader.sprint_window(state.snapshot)
    )
    work = await reader.expected(state, window, recalled)
    assessment = risk.assess(state.snapshot, work, window)
    recall_missing = [f"recall: {recalled.degraded}"] if recalled.degraded else []
    sprint = state.snapshot.facts.active_sprint
    return schema.ProjectStatus(
        project_id=project_id,
        today=state.snapshot.facts.today,
        clock=state.clock,
        last_analysis=last_run.started_at if last_run else None,
        current_sprint=sprint.sprint_id if sprint else None,
        sprint_status="in_progress" if sprint else "no active sprint",
        backlog_status=schema.BacklogStatus(
            total_tasks=backlog.total_tasks,
            unassigned=backlog.unassigned_tasks,
            in_progress=backlog.status_counts.get("in_progress", 0),
            completed=backlog.status_counts.get("completed", 0),
        ),
        cronjobs=[job.name for job in jobs],
        historical_trends=schema.HistoricalTrends(
            avg_sprint_duration=patterns.avg_sprint_duration_days if patterns else None,
            completion_rate=patterns.completion_rate if patterns else None,
            velocity_trend=state.snapshot.trend,
        ),
        predictive_insights=_insights(assessment),
        reasons=_trend_reasons(state) | assessment.reasons,
        degraded=[*state.missing, *recall_missing],
    )


def _insights(assessment: RiskAssessment) -> schema.PredictiveInsights:
    return schema.PredictiveInsights(
        overall_risk=assessment.overall_risk,
        sprint_failure_probability=assessment.sprint_failure_probability,
        expected=assessment.expected,
        low=assessment.low,
        high=assessment.high,
        promise=assessment.promise,
        arriving=assessment.arriving,
        expectation=assessment.expectation,
        review=assessment.review,
    )


def _trend_reasons(state: ProjectState) -> dict[str, str]:
    """Explain each null trend; a chronicle that did not answer is also named under `degraded`."""
    patterns = state.history.patterns if state.history else None
    snapshot, reasons = state.snapshot, dict[str, str]()
    unknown = "the chronicle did not answer" if state.missing else "no closed sprint is recorded"
    if patterns is None or patterns.avg_sprint_duration_days is None:
        reasons["avg_sprint_duration"] = unknown
    if patterns is None or patterns.completion_rate is None:
        chronicle_reasons = patterns.reasons if patterns else {}
        reasons["completion_rate"] = chronicle_reasons.get("completion_rate", unknown)
    if snapshot.trend is None:
        sprints = snapshot.perception.past_sprints
        reasons["velocity_trend"] = f"{sprints} past sprints are known, {MIN_OWN_SPRINTS} needed"
    return reasons
