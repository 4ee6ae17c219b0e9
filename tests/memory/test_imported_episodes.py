"""Imported episodes follow the newest export; episodes of runs stay."""

from datetime import date
from uuid import UUID

from memory.episode import Episode, Outcome
from tests.memory.conftest import Memory, perceive, remember

FIRST, SECOND, THIRD = (UUID(int=number) for number in (1, 2, 3))


def imported(identity: UUID, completed: int, backlog: int = 10) -> Episode:
    episode = remember(perceive(backlog_tasks=backlog, day=date(2026, 1, 5)))
    return episode.model_copy(
        update={
            "episode_id": identity,
            "origin": "import",
            "project_id": "ALPHA",
            "sprint_id": f"ALPHA-S{identity.int:02}",
            "outcome": Outcome(completed_tasks=completed, duration_days=14),
        }
    )


async def stored(memory: Memory) -> dict[UUID, int | None]:
    async with memory.pool.connection() as connection:
        cursor = await connection.execute("SELECT episode_id, completed_tasks FROM episodes")
        return dict(await cursor.fetchall())


async def test_changed_episodes_are_replaced_and_those_not_kept_are_removed(
    memory: Memory,
) -> None:
    run = remember(perceive())
    await memory.store.add([run, imported(FIRST, 5), imported(SECOND, 6), imported(THIRD, 7)])
    other = imported(UUID(int=4), 1).model_copy(update={"project_id": "BETA"})
    await memory.store.add([other])
    result = await memory.store.replace_imported(
        "ALPHA", [imported(FIRST, 5), imported(SECOND, 9)], [FIRST, SECOND]
    )
    assert (result.created, result.replaced, result.removed) == (0, 1, 1)
    assert await stored(memory) == {
        run.episode_id: 7,
        FIRST: 5,
        SECOND: 9,
        other.episode_id: 1,
    }
    again = await memory.store.replace_imported("ALPHA", [imported(SECOND, 9)], None)
    assert (again.created, again.replaced, again.removed) == (0, 0, 0)


async def test_episode_of_another_state_is_replaced_and_embedded_again(memory: Memory) -> None:
    await memory.store.replace_imported("ALPHA", [imported(FIRST, 5)], None)
    result = await memory.store.replace_imported("ALPHA", [imported(FIRST, 5, backlog=30)], None)
    assert (result.created, result.replaced) == (0, 1)
    assert (await memory.store.count("ALPHA")).to_embed == 1
