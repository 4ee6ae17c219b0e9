"""Insights into a project: history, similar projects, risks, and what its data lack."""

import asyncio
from datetime import date

from agent.intelligence import quality, risk
from agent.intelligence.freshness import hours_since
from agent.intelligence.reader import ANSWER_SECONDS, ProjectReader
from agent.intelligence.schema import (
    DataQuality,
    InsightsContext,
    InsightsMetadata,
    ProjectInsights,
    ProjectPatterns,
    SimilarProjectInsight,
)
from domain_services.chronicle.schema import SimilarProject
from graphs.nodes.analyse import ProjectState
from graphs.nodes.optional import ask
from memory.statistics import memory_statistics

SHOWN_SIMILAR = 3  # similar projects described; each costs one request to the chronicle
SHOWN_NAMES = 3  # impediments, or action items, named of a project


async def data_quality(reader: ProjectReader, project_id: str) -> DataQuality:
    """Rate the data that decisions rest on, and recommend what to add. Raises: `NotFound`."""
    until = await reader.held_at(project_id)
    team_size, (history, missing), outcomes = await asyncio.gather(
        reader.team_size(project_id),
        reader.history(project_id, until),
        reader.ended_decisions.read(project_id),
    )
    data = quality.ProjectData(not missing, history, team_size, len(outcomes))
    report, recommendations = quality.assess(data)
    return DataQuality(
        project_id=project_id,
        data_quality_report=report,
        recommendations=recommendations,
        degraded=missing,
    )


async def describe(reader: ProjectReader, project_id: str) -> ProjectInsights:
    """Describe history, similar projects and risks, without deciding. Raises: `NotFound`."""
    state, statistics, outcomes = await asyncio.gather(
        reader.state(project_id),
        memory_statistics(reader.pool, project_id),
        reader.ended_decisions.read(project_id),
    )
    similar = state.history.similar_projects if state.history else []
    # All follow from the state that was just read, so they cannot be part of the first gather.
    recalled, window, compared = await asyncio.gather(
        reader.recall(state.snapshot),
        reader.sprint_window(state.snapshot),
        asyncio.gather(
            *(_compare(reader, project, state.until) for project in similar[:SHOWN_SIMILAR])
        ),
    )
    work = await reader.expected(state, window, recalled)
    assessment = risk.assess(state.snapshot, work, window)
    data = quality.ProjectData(
        not state.missing, state.history, state.snapshot.facts.team_size, len(outcomes)
    )
    recall_missing = [f"recall: {recalled.degraded}"] if recalled.degraded else []
    return ProjectInsights(
        project_id=project_id,
        today=state.snapshot.facts.today,
        clock=state.clock,
        historical_context=InsightsContext(
            project_patterns=_patterns(state),
            similar_projects=compared,
            risk_assessment=assessment,
        ),
        recommendations=quality.assess(data)[1],
        intelligence_metadata=InsightsMetadata(
            historical_data_points=state.snapshot.perception.past_sprints,
            similar_projects_analyzed=len(similar),
            similar_episodes_analyzed=len(recalled.neighbours),
            prediction_confidence=assessment.confidence,
            data_freshness_hours=hours_since(statistics.newest_outcome, state.snapshot.facts.today),
            recall_path=recalled.path,
            degraded=[*state.missing, *recall_missing],
        ),
    )


async def _compare(
    reader: ProjectReader, project: SimilarProject, until: date | None
) -> SimilarProjectInsight:
    answer = reader.sources.chronicle.patterns(project.project_id, until=until)
    patterns, _ = await ask(answer, "patterns of a similar project", ANSWER_SECONDS)
    action_items = patterns.common_retrospective_action_items if patterns else {}
    return SimilarProjectInsight(
        project_id=project.project_id,
        similarity_score=project.similarity_score,
        success_rate=patterns.completion_rate if patterns else None,
        lessons_learned=list(action_items)[:SHOWN_NAMES],
    )


def _patterns(state: ProjectState) -> ProjectPatterns:
    history = state.history
    return ProjectPatterns(
        avg_sprint_duration=history.patterns.avg_sprint_duration_days if history else None,
        completion_rate=history.patterns.completion_rate if history else None,
        velocity_trend=state.snapshot.trend,
        common_impediments=list(history.impediments.impediment_frequency)[:SHOWN_NAMES]
        if history
        else [],
    )
