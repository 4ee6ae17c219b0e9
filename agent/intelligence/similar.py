"""Episodes in a state like the present one of a project, as its next decision would recall them."""

from agent.intelligence.reader import ProjectReader
from agent.intelligence.schema import SimilarEpisodes
from memory.episode import SimilarEpisode


async def similar_episodes(reader: ProjectReader, project_id: str, limit: int) -> SimilarEpisodes:
    """Recall at most `limit` episodes; nothing is decided. Raises: `NotFound`."""
    state = await reader.state(project_id)
    perception = state.snapshot.perception
    recalled = await reader.recall_state(perception, state.snapshot.simulated, limit)
    missing = [f"recall: {recalled.degraded}"] if recalled.degraded else []
    return SimilarEpisodes(
        project_id=project_id,
        day=perception.day,
        searched=recalled.searched,
        # Without the state that each was decided in, which would make up most of the answer.
        episodes=[
            SimilarEpisode.model_validate(neighbour.model_dump(exclude={"perception"}))
            for neighbour in recalled.neighbours
        ],
        degraded=[*state.missing, *missing],
    )
