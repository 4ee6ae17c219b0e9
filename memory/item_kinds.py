"""Kinds of items that the orchestrator's loops set aside, for the routes and the commands."""

from domain_services.kernel.database.set_aside import ItemKind
from domain_services.kernel.messaging import deliveries

EPISODE = ItemKind(
    name="episode",
    plural="episodes of decisions",
    table="episode_journal",
    key="id",
    subject="coalesce(episode ->> 'episode_id', 'an episode without an id')",
    error="refused",
    replay="refused = NULL, set_aside_at = NULL, tries = 0, next_try = now()",
)
EMBEDDING = ItemKind(
    name="embedding",
    plural="embeddings of episodes",
    table="embedding_failures",
    key="episode_id",
    subject="'the text of an episode'",
    replay="set_aside_at = NULL, tries = 1, next_try = now()",
    # The row stays, so that the episode is not embedded; recall finds it by its features.
    discard="set_aside_at = NULL, next_try = 'infinity'",
)
FOLLOW_UP = ItemKind(
    name="follow_up",
    plural="follow-up runs",
    table="follow_up_runs",
    key="project_id",
    subject="'the decision after sprint ' || sprint_id",
    replay="set_aside_at = NULL, tries = 0, claimed_until = NULL",
)
ITEM_KINDS = (deliveries.KIND, EPISODE, EMBEDDING, FOLLOW_UP)
