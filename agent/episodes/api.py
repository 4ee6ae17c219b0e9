"""Routes of remembered decisions: list, read, why and by whom recalled, correct, forget."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request
from pydantic import TypeAdapter

from agent.bootstrap import Services
from agent.episodes import schema
from agent.episodes.answers import CURSOR, cursor_of, read_cursor, recalled, summary
from agent.episodes.effect import effect_of
from agent.runs.decision_refusals import unknown_run
from domain_services.chronicle.schema import DecisionAuditCreate
from domain_services.chronicle.schema.notes import check_sprint
from domain_services.kernel.errors import NotFound
from domain_services.kernel.types import ProjectId, UtcMoment
from domain_services.kernel.web.auth import ADMIN
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems
from graphs.deeds import Deed, build_deed_audit
from memory import episode_changes, episode_reads
from memory.episode import Origin, SimilarEpisode
from memory.episode_changes import Audited, Correction, StoredEpisode
from memory.episode_documents import JsonObject
from memory.run_steps import read_steps

MOST_EPISODES = 200  # of a page

_SIMILAR = TypeAdapter(list[SimilarEpisode])

router = APIRouter(prefix="/memory/episodes", tags=["memory"], route_class=IdempotentRoute)
of_run = APIRouter(prefix="/runs", tags=["runs"])


async def _services(request: Request) -> Services:
    return request.app.state.services


Wired = Annotated[Services, Depends(_services)]
Limit = Annotated[int, Query(ge=1, le=MOST_EPISODES)]


@router.get("", responses=problems(400, 503))
async def list_episodes(
    services: Wired,
    project_id: ProjectId | None = None,
    origin: Annotated[Origin | None, Query(description="own decisions, or imported ones")] = None,
    has_outcome: Annotated[
        bool | None, Query(description="only those with a known outcome, or only the others")
    ] = None,
    forgotten: Annotated[
        bool | None, Query(description="only forgotten ones, or only the others")
    ] = None,
    since: UtcMoment | None = None,
    text: Annotated[
        str | None,
        Query(min_length=1, max_length=100, description="part of an id or of the reasons"),
    ] = None,
    cursor: Annotated[str | None, Query(pattern=f"^{CURSOR}$")] = None,
    limit: Limit = 50,
) -> schema.EpisodePage:
    """List remembered decisions, newest first; `text` is a part of an id or of the reasons."""
    matching = episode_reads.EpisodeFilter(project_id, origin, has_outcome, forgotten, since, text)
    before = read_cursor(cursor) if cursor else None
    lines = await episode_reads.read_page(services.pool, matching, before=before, limit=limit + 1)
    page = lines[:limit]
    return schema.EpisodePage(
        episodes=[summary(line) for line in page],
        next_cursor=cursor_of(page[-1]) if len(lines) > limit else None,
    )


@router.get("/{episode_id}", responses=problems(404, 503))
async def get_episode(episode_id: UUID, services: Wired) -> schema.EpisodeDetails:
    """Show one remembered decision with its reasons, its action and its versions."""
    line = await _line(services, episode_id)
    reasoning, action = await episode_reads.read_documents(services.pool, episode_id)
    versions = await episode_reads.read_versions(services.pool, episode_id)
    return schema.EpisodeDetails(
        episode=summary(line),
        reasoning=reasoning,
        action=action,
        versions=versions,
    )


@router.get("/{episode_id}/uses", responses=problems(404, 503))
async def list_episode_uses(
    episode_id: UUID, services: Wired, before: UUID | None = None, limit: Limit = 50
) -> schema.EpisodeUses:
    """List the decisions that recalled it, newest first; `before` is the last run of a page."""
    await _line(services, episode_id)
    lines = await episode_reads.read_uses(services.pool, episode_id, before=before, limit=limit + 1)
    page = lines[:limit]
    return schema.EpisodeUses(
        episode_id=episode_id,
        uses=page,
        next_before=page[-1].run_id if len(lines) > limit else None,
    )


@router.get("/{episode_id}/effect", responses=problems(404, 503))
async def get_episode_effect(episode_id: UUID, services: Wired) -> schema.EpisodeEffect:
    """Show what the newest decisions that recalled it would have planned without it."""
    line = await _line(services, episode_id)
    return await effect_of(services.pool, episode_id, line.version)


@router.post("/{episode_id}/corrections", status_code=201, responses=problems(400, 404, 409, 503))
async def correct_episode(
    episode_id: UUID, body: schema.EpisodeCorrection, services: Wired, request: Request
) -> schema.EpisodeDetails:
    """Correct an outcome as a new version; recall and learning use the newest from now on."""
    by = request.scope["dsm.identity"].name
    numbers = body.model_dump(exclude={"reason"})
    audited = _audited("corrected", by, body.reason)
    await episode_changes.correct(
        services.pool, episode_id, Correction(**numbers), by, body.reason, audited
    )
    return await get_episode(episode_id, services)


@router.post("/{episode_id}/forget", responses=problems(400, 404, 409, 503), **ADMIN)
async def forget_episode(
    episode_id: UUID, body: schema.EpisodeForgetting, services: Wired, request: Request
) -> schema.EpisodeDetails:
    """Remove text, vectors and numbers; the ids stay, and no import brings it back."""
    by = request.scope["dsm.identity"].name
    audited = _audited("forgotten", by, body.reason)
    await episode_changes.forget(services.pool, episode_id, body.base, by, audited)
    return await get_episode(episode_id, services)


@of_run.get("/{run_id}/recalled", responses=problems(404, 503))
async def list_recalled_episodes(run_id: UUID, services: Wired) -> schema.RecalledEpisodes:
    """List the episodes that a decision recalled, why, and how they stand now."""
    run = await services.reader.runs.get(run_id)
    if run is None:
        raise unknown_run(run_id)
    similar = _similar(run.response)
    ids = [item.episode_id for item in similar]
    states = await episode_reads.read_states(services.pool, ids)
    return schema.RecalledEpisodes(
        run_id=run_id,
        searched=await _searched(services, run_id),
        recalled=[
            recalled(item, rank, states.get(item.episode_id))
            for rank, item in enumerate(similar, start=1)
        ],
    )


async def _line(services: Services, episode_id: UUID) -> episode_reads.EpisodeLine:
    line = await episode_reads.read_one(services.pool, episode_id)
    if line is None:
        raise NotFound(
            f"there is no episode {episode_id}; a decision is remembered within seconds",
            episode_id=str(episode_id),
        )
    return line


async def _searched(services: Services, run_id: UUID) -> int | None:
    for step in await read_steps(services.pool, run_id):
        recall = step.update.get("recall")
        if isinstance(recall, dict) and isinstance(recall.get("searched"), int):
            return int(str(recall["searched"]))
    return None


def _similar(response: JsonObject | None) -> list[SimilarEpisode]:
    metadata = (response or {}).get("intelligence_metadata")
    similar = metadata.get("similar_episodes") if isinstance(metadata, dict) else None
    return _SIMILAR.validate_python(similar or [])


def _own_sprint(stored: StoredEpisode) -> str | None:
    """Return the sprint of an episode; None for a text that earlier releases took in its place."""
    if stored.sprint_id is None:
        return None
    try:
        check_sprint(stored.sprint_id, stored.project_id)
    except ValueError:
        return None
    return stored.sprint_id


def _audited(deed: Deed, by: str, reason: str) -> Audited:
    def audited(stored: StoredEpisode, details: JsonObject) -> DecisionAuditCreate:
        return build_deed_audit(
            stored.project_id,
            deed,
            by,
            reason=reason,
            sprint_id=_own_sprint(stored),
            details={"episode_id": str(stored.episode_id), **details},
        )

    return audited
