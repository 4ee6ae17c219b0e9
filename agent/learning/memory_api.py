"""Routes of the memory: import past decisions, embed them, count the rest."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from agent import schema
from agent.bootstrap import Services
from domain_services.kernel.errors import Invalid
from domain_services.kernel.types import ProjectId
from domain_services.kernel.web.auth import ADMIN
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from domain_services.kernel.web.openapi import problems

router = APIRouter(prefix="/memory", tags=["memory"], route_class=IdempotentRoute)


def _services(request: Request) -> Services:
    return request.app.state.services


Wired = Annotated[Services, Depends(_services)]


@router.post("/episodes", status_code=201, responses=problems(400, 503), **ADMIN)
async def import_episodes(body: schema.EpisodeImport, services: Wired) -> schema.EpisodesImported:
    """Store past decisions; one that is stored stays as it is."""
    created = await services.store.add(document.to_episode() for document in body.episodes)
    return schema.EpisodesImported(created=created, existing=len(body.episodes) - created)


@router.put("/episodes/imported/{project_id}", responses=problems(400, 503), **ADMIN)
async def replace_imported_episodes(
    project_id: ProjectId, body: schema.ImportedEpisodes, services: Wired
) -> schema.ImportedEpisodesReplaced:
    """Replace imported decisions of a project: all that are named, or none."""
    if any(document.project_id != project_id for document in body.episodes):
        raise Invalid(f"an episode is not of {project_id}: send those of one project at a time")
    result = await services.store.replace_imported(
        project_id, [document.to_episode() for document in body.episodes], body.keep
    )
    return schema.ImportedEpisodesReplaced(
        project_id=project_id,
        created=result.created,
        replaced=result.replaced,
        unchanged=len(body.episodes) - result.created - result.replaced,
        removed=result.removed,
    )


@router.post("/backfill", responses=problems(400, 503), **ADMIN)
async def backfill_embeddings(
    services: Wired, body: schema.BackfillRequest | None = None
) -> schema.BackfillProgress:
    """Embed one batch of episodes without an embedding; repeat while `left` is not 0."""
    limit = (body or schema.BackfillRequest()).limit
    result = await services.backfill.backfill(limit)
    remaining = (await services.store.count()).to_embed
    return schema.BackfillProgress(
        done=result.done, failed=result.failed, left=remaining, model=result.model
    )


@router.get("/backlog", responses=problems(503))
async def get_embedding_backlog(services: Wired) -> schema.EmbeddingBacklog:
    """Count the episodes that wait for an embedding."""
    counts = await services.store.count()
    return schema.EmbeddingBacklog(episodes=counts.episodes, to_embed=counts.to_embed)
