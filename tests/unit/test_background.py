"""Background work ends with its block, also when a cancellation got lost on its way."""

import asyncio

import pytest

from domain_services.kernel.background import running, wanted


class Deaf:
    """Work that loses its first cancellation, as `asyncio.wait_for` can on Python 3.11."""

    def __init__(self) -> None:
        self.waiting = asyncio.Event()
        self.lost = 0

    async def wait(self) -> None:
        self.waiting.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.lost += 1
            if self.lost > 1:
                raise

    async def for_ever(self) -> None:
        while True:
            await self.wait()

    async def while_wanted(self) -> None:
        while wanted():
            await self.wait()

    async def in_a_group(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.while_wanted())


@pytest.mark.parametrize("name", ["for_ever", "while_wanted", "in_a_group"])
async def test_work_that_loses_a_cancellation_ends_all_the_same(name: str) -> None:
    deaf = Deaf()
    async with asyncio.timeout(10):
        async with running(getattr(deaf, name)()):
            await deaf.waiting.wait()
    assert deaf.lost == (2 if name == "for_ever" else 1)


async def test_work_that_dies_is_not_waited_for() -> None:
    async def dying() -> None:
        raise RuntimeError("dead")

    async with asyncio.timeout(10):
        async with running(dying()):
            await asyncio.sleep(0)
    assert wanted()
