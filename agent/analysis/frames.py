"""Runs, adjustments, neighbours, past sprints and audits as flat rows, ready for a table.

A row is a plain dict of numbers, texts and dates. pandas makes a frame of a list of them; a program
without pandas reads them as they are. Nothing here writes.
"""

from collections.abc import Iterable
from uuid import UUID

from agent.analysis.frame_rows import (
    AdjustmentRow,
    AuditRow,
    EpisodeRow,
    NeighbourRow,
    PastSprintRow,
    RunRow,
)
from agent.cli.connect import Clients
from agent.episodes.schema import EpisodeSummary
from agent.intelligence.forecast_schema import ProjectForecast
from agent.intelligence.schema import DecisionImpact
from agent.replay.schema import RunInputs
from agent.run_schema import RunDetails
from agent.schema import OrchestrationRequest
from domain_services.chronicle.schema import DecisionAudit, SprintRetrospective
from domain_services.kernel.client.http_client import PeerRefused
from graphs.answer import Orchestration
from graphs.inputs import is_replayable
from memory.documents import AdjustmentReport
from memory.episode import SimilarEpisode
from memory.run_summary import RunSummary

MOST_RUNS = 200  # of one page
MOST_EPISODES = 200  # the same
MOST_INPUTS = 100  # the same


async def read_runs(clients: Clients, project_id: str | None = None) -> list[RunRow]:
    """Read the newest runs of a project, or of all; newest first."""
    page = await clients.orchestrator.runs(project_id, limit=MOST_RUNS)
    return [run_row(run) for run in page.runs]


async def read_run(clients: Clients, run_id: str) -> RunDetails:
    """Read one run with its steps. Raises: `PeerRefused` (404) for an unknown id."""
    return await clients.orchestrator.run(UUID(run_id))


async def read_inputs(clients: Clients, project_id: str | None = None) -> list[RunInputs]:
    """Read what the newest decisions were made from, at most 100; newest first.

    Inputs that another release stored in another shape are left out: nothing here decides them.
    """
    page = await clients.orchestrator.run_inputs(project_id, limit=MOST_INPUTS)
    return [run for run in page.runs if is_replayable(run.inputs)]


async def read_episodes(clients: Clients) -> list[EpisodeSummary]:
    """Read the episodes of all projects that decisions may recall, oldest decision first."""
    episodes: list[EpisodeSummary] = []
    cursor: str | None = None
    while True:
        page = await clients.orchestrator.episodes(cursor=cursor, limit=MOST_EPISODES)
        episodes += [episode for episode in page.episodes if episode.recallable]
        cursor = page.next_cursor
        if cursor is None:
            return episodes[::-1]


async def look(clients: Clients, project_id: str) -> Orchestration:
    """Decide as the project stands now, and leave nothing behind: no run, episode or audit."""
    request = OrchestrationRequest(dry_run=True, record=False)
    return await clients.orchestrator.orchestrate(project_id, request)


async def read_forecast(clients: Clients, project_id: str, sprints: int) -> ProjectForecast:
    """Read the forecast of the next sprints."""
    return await clients.orchestrator.forecast(project_id, sprints=sprints)


async def read_impact(clients: Clients, project_id: str) -> DecisionImpact:
    """Read what became of the project's decisions."""
    return await clients.orchestrator.decision_impact(project_id)


async def read_past_sprints(clients: Clients, project_id: str) -> list[PastSprintRow]:
    """Read the ended sprints of a project, oldest first; empty when none is recorded."""
    try:
        notes = await clients.chronicle.list_sprint_retrospectives(project_id)
    except PeerRefused as refused:
        if refused.peer_status != 404:
            raise
        return []
    return sorted((past_sprint_row(note) for note in notes), key=lambda row: row["start"])


async def read_audits(clients: Clients, project_id: str) -> list[AuditRow]:
    """Read the audits of a project's decisions, oldest first; deeds of people are left out."""
    trail = await clients.orchestrator.decision_audit(project_id)
    return [audit_row(audit) for audit in trail.audits if audit.decision.get("kind") != "deed"]


def run_row(run: RunSummary) -> RunRow:
    """Return a run of a list as a row."""
    return RunRow(
        run_id=str(run.run_id),
        project=run.project_id,
        status=run.status,
        dry_run=run.dry_run,
        started=run.started_at,
        seconds=(run.ended_at - run.started_at).total_seconds() if run.ended_at else None,
        tries=run.tries,
        actions="; ".join(run.actions_taken),
        reason=run.reason,
    )


def adjustment_rows(answer: Orchestration) -> list[AdjustmentRow]:
    """List the numbers that evidence spoke about; empty when no sprint was to be created."""
    reports = answer.decisions.intelligence_adjustments
    return [_adjustment_row(name, report) for name, report in reports.items()]


def neighbour_rows(episodes: Iterable[SimilarEpisode]) -> list[NeighbourRow]:
    """List recalled episodes with their distances, in the order given."""
    return [
        NeighbourRow(
            episode=episode.sprint_id or episode.project_id,
            project=episode.project_id,
            day=episode.day,
            blend=1 - episode.similarity,
            by_numbers=1 - episode.structured_similarity,
            by_text=None if episode.text_similarity is None else 1 - episode.text_similarity,
            completed=episode.outcome.completed_tasks,
        )
        for episode in episodes
    ]


def episode_rows(episodes: Iterable[EpisodeSummary]) -> list[EpisodeRow]:
    """List episodes with the numbers of their state and their outcome, in the order given."""
    return [
        EpisodeRow(
            episode=str(episode.episode_id),
            project=episode.project_id,
            sprint=episode.sprint_id,
            origin=episode.origin,
            day=episode.day,
            known_on=episode.known_on,
            open_tasks=episode.perception.backlog_tasks if episode.perception else None,
            past_sprints=episode.perception.past_sprints if episode.perception else None,
            planned=episode.outcome.planned_tasks if episode.outcome else None,
            completed=episode.outcome.completed_tasks if episode.outcome else None,
        )
        for episode in episodes
    ]


def past_sprint_row(note: SprintRetrospective) -> PastSprintRow:
    """Return the retrospective of a sprint as a row."""
    return PastSprintRow(
        project=note.project_id,
        sprint=note.sprint_id,
        start=note.start_date,
        end=note.ended_on or note.end_date,
        planned=note.planned_tasks_count,
        completed=note.completed_tasks + (note.completed_outside or 0),
        arrived=note.completed_arrived,
        origin=note.origin,
        worked=note.worked,
    )


def audit_row(audit: DecisionAudit) -> AuditRow:
    """Return an audit of a decision as a row."""
    rule = audit.rule_based_decision or {}
    return AuditRow(
        at=audit.timestamp,
        effect=audit.effect,
        source=audit.decision_source,
        sprint=audit.sprint_id,
        rule=_whole(rule.get("tasks_to_assign")),
        decided=_whole(audit.decision.get("tasks_to_assign")),
        confidence=audit.confidence,
        actor=audit.actor,
        number=audit.sequence,
    )


def _adjustment_row(name: str, report: AdjustmentReport) -> AdjustmentRow:
    return AdjustmentRow(
        number=name.removesuffix("_modification").replace("_", " "),
        rule=report.original_recommendation,
        recommended=report.intelligence_recommendation,
        applied=report.applied_value,
        confidence=report.confidence,
        sample=report.sample_size,
        passed=report.gate.passed,
        evidence=report.evidence_source,
    )


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) else None
