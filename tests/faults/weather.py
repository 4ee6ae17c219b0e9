"""The faults of a storm: each does harm to one process or store, and mends it again."""

import asyncio
import random
import shutil
import signal
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psutil
from redis.asyncio import Redis
from redis.exceptions import RedisError

from deploy.local.daemons import ended
from deploy.local.servers import EmbeddedServers
from tests.faults import failpoints
from tests.faults.fleet import Fleet
from tests.processes import command_line

Fault = Callable[[], Awaitable[None]]


class Weather:
    """Faults drawn by a seed; `counted` says how many of which kind have been."""

    def __init__(self, fleet: Fleet, servers: EmbeddedServers, seed: int) -> None:
        self.fleet = fleet
        self.servers = servers
        self.chance = random.Random(seed)
        self.counted: Counter[str] = Counter()

    async def storm(self, seconds: float, faults: tuple[str, ...]) -> None:
        """Draw one of `faults` after the other for so long; everything is mended at the end."""
        async with asyncio.timeout(seconds + 120):
            end = asyncio.get_running_loop().time() + seconds
            while asyncio.get_running_loop().time() < end:
                name = self.chance.choice(faults)
                fault: Fault = getattr(self, name)
                self.counted[name.replace("_", " ")] += 1
                await fault()
                await asyncio.sleep(self.chance.uniform(0, 0.5))

    async def mend(self) -> None:
        """End a fault that was broken off: nothing stands still, both stores run."""
        for name in self.fleet.names:
            with suppress(ProcessLookupError):
                self.fleet.signal(name, signal.SIGCONT)
        process = self.servers.valkey.process
        if process is not None and process.is_running():
            process.send_signal(signal.SIGCONT)
        await asyncio.to_thread(self.servers.restart_dead)

    def _victim(self) -> str:
        return self.chance.choice(self.fleet.names)

    async def kill(self) -> None:
        """SIGKILL of a service wherever it is, and its restart a little later."""
        victim = self._victim()
        await self.fleet.kill(victim)
        await asyncio.sleep(self.chance.uniform(0, 0.3))
        await self.fleet.restart(victim)

    async def kill_at_a_failpoint(self) -> None:
        """SIGKILL of a service at a point of its code, when it passes there within two seconds."""
        victim = self._victim()
        point = self.chance.choice(failpoints.points(victim))
        failpoints.arm(self.fleet.folder / victim, point, self.chance.randint(1, 3))
        if await self.fleet.died(victim, 2):
            self.counted["killed at a failpoint"] += 1
            await self.fleet.restart(victim)

    async def pause(self) -> None:
        """A service stands still for longer than its leases, and goes on as if nothing had been."""
        victim = self._victim()
        self.fleet.signal(victim, signal.SIGSTOP)
        await asyncio.sleep(self.chance.uniform(0.2, 2.5))
        self.fleet.signal(victim, signal.SIGCONT)

    async def roll(self) -> None:
        """A service is told to stop, finishes what it has begun, and is started again."""
        victim = self._victim()
        self.fleet.signal(victim, signal.SIGTERM)
        code = await self.fleet.ended(victim)
        assert code is not None, f"{victim} does not end on SIGTERM:\n{self.fleet.log(victim)}"
        await self.fleet.restart(victim)

    async def flush_redis(self) -> None:
        try:
            async with Redis.from_url(self.servers.redis_url) as redis:
                await redis.flushall()
        except RedisError as error:
            raise AssertionError(f"Redis is away before it was harmed: {error}") from error

    async def kill_redis(self) -> None:
        """SIGKILL of Valkey; every second time its data are gone as well."""
        lost = self.chance.random() < 0.5
        self.counted["redis lost its data"] += lost
        await asyncio.to_thread(kill_redis, self.servers, with_its_data=lost)
        await asyncio.sleep(self.chance.uniform(0, 0.5))
        await asyncio.to_thread(self.servers.valkey.start)

    async def pause_redis(self) -> None:
        assert self.servers.valkey.process is not None
        self.servers.valkey.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(self.chance.uniform(0.2, 1.5))
        self.servers.valkey.process.send_signal(signal.SIGCONT)

    async def restart_postgres(self) -> None:
        """A fast shutdown or, every second time, one without a checkpoint."""
        how = self.chance.choice([signal.SIGINT, signal.SIGQUIT])
        await asyncio.to_thread(restart_postgres, self.servers, how)

    async def crash_postgres(self) -> None:
        """SIGKILL of one backend: PostgreSQL ends all others and recovers from its log."""
        assert self.servers.postgres.process is not None
        backends = [
            each
            for each in psutil.Process(self.servers.postgres.process.pid).children()
            if "[local]" in command_line(each)
        ]
        if backends:
            with suppress(psutil.NoSuchProcess):  # it may end by itself meanwhile
                self.chance.choice(backends).kill()


def restart_postgres(servers: EmbeddedServers, how: signal.Signals) -> None:
    """Stop by SIGINT (fast) or SIGQUIT (as in a crash, without a checkpoint), and start again.

    A fast shutdown that meets a crash recovery may take its time: it is cut short.
    """
    assert servers.postgres.process is not None
    servers.postgres.process.send_signal(how)
    if not ended(servers.postgres.process, 5):
        servers.postgres.process.send_signal(signal.SIGQUIT)
        ended(servers.postgres.process, 10)
    servers.postgres.start()


def kill_redis(servers: EmbeddedServers, *, with_its_data: bool) -> None:
    """SIGKILL Valkey, and delete all that it kept when it is to lose its data."""
    assert servers.valkey.process is not None
    servers.valkey.process.kill()
    ended(servers.valkey.process, 10)
    if with_its_data:
        for entry in servers.valkey.folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
