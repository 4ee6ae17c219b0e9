"""Holds of projects: work on a project during which no run of it may begin."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

from domain_services.kernel.errors import Conflict
from memory.pool import Pool
from memory.runs import RunTable

_RENEW = """
    UPDATE runs SET lease_until = now() + make_interval(secs => lease_seconds)
    WHERE run_id = %s AND token = %s AND status = 'running'
"""
_RELEASE = "DELETE FROM runs WHERE run_id = %s AND token = %s AND status = 'running'"


class HoldLost(Conflict):
    """The lease has ended, and another process may work on the project."""

    code = "hold_lost"
    title = "The project is no longer held"


@dataclass(frozen=True)
class Hold:
    """The right to work on a project until the lease ends."""

    id: UUID
    """Id of the hold, and of its row among the runs."""
    token: int
    """Fencing token; a write with an older one is refused."""
    pool: Pool
    """Connections of the agent's database."""

    async def renew(self) -> None:
        """Begin the lease again. Raises: `HoldLost`."""
        async with self.pool.connection() as connection:
            if not (await connection.execute(_RENEW, (self.id, self.token))).rowcount:
                raise HoldLost("the work took longer than its lease; send the request again")


class ProjectHolds:
    """Holds as unfinished rows of the run table: its index admits one for each project.

    A row is deleted when the work ends, so that no list of runs contains it. The row of a process
    that died is abandoned like the run of one (docs/adr/0075-move-the-clock.md).
    """

    def __init__(self, pool: Pool, runs: RunTable, lease_seconds: float) -> None:
        self._pool = pool
        self._runs = runs
        self._lease_seconds = lease_seconds

    @asynccontextmanager
    async def hold(self, project_id: str, request: Mapping[str, object]) -> AsyncIterator[Hold]:
        """Hold a project until the block ends. Raises: `RunInProgress`."""
        run = await self._runs.start(project_id, request, self._lease_seconds)
        try:
            yield Hold(run.run_id, run.token, self._pool)
        finally:
            async with self._pool.connection() as connection:
                await connection.execute(_RELEASE, (run.run_id, run.token))
