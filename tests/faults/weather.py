"""Random faults: each harms one process or store and repairs it again."""

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


class RandomFaults:
    """Faults drawn by a seed; `counted` has the number of each kind so far."""

    def __init__(self, fleet: Fleet, servers: EmbeddedServers, seed: int) -> None:
        self.fleet = fleet
        self.servers = servers
        self.chance = random.Random(seed)
        self.counted: Counter[str] = Counter()

    async def inject(self, seconds: float, faults: tuple[str, ...]) -> None:
        """Inject one of `faults` after the other for `seconds`; each repairs its damage."""
        async with asyncio.timeout(seconds + 120):
            end = asyncio.get_running_loop().time() + seconds
            while asyncio.get_running_loop().time() < end:
                name = self.chance.choice(faults)
                fault: Fault = getattr(self, name)
                self.counted[name.replace("_", " ")] += 1
                await fault()
                await asyncio.sleep(self.chance.uniform(0, 0.5))

    async def repair(self) -> None:
        """Repair after an interrupted fault: resume every process and start both stores."""
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
        """Kill a service by SIGKILL at any moment and restart it a little later."""
        victim = self._victim()
        await self.fleet.kill(victim)
        await asyncio.sleep(self.chance.uniform(0, 0.3))
        await self.fleet.restart(victim)

    async def kill_at_a_failpoint(self) -> None:
        """Kill a service at a failpoint, if it passes there within two seconds."""
        victim = self._victim()
        point = self.chance.choice(failpoints.points(victim))
        failpoints.arm(self.fleet.folder / victim, point, self.chance.randint(1, 3))
        if await self.fleet.killed_within(victim, 2):
            self.counted["killed at a failpoint"] += 1
            await self.fleet.restart(victim)

    async def pause(self) -> None:
        """Pause a service, at times for longer than its leases, and resume it."""
        victim = self._victim()
        self.fleet.signal(victim, signal.SIGSTOP)
        await asyncio.sleep(self.chance.uniform(0.2, 2.5))
        self.fleet.signal(victim, signal.SIGCONT)

    async def roll(self) -> None:
        """Stop a service by SIGTERM, wait for its last answers, and start it again."""
        victim = self._victim()
        self.fleet.signal(victim, signal.SIGTERM)
        code = await self.fleet.exit_code(victim)
        assert code is not None, f"{victim} does not end on SIGTERM:\n{self.fleet.log(victim)}"
        await self.fleet.restart(victim)

    async def flush_redis(self) -> None:
        try:
            async with Redis.from_url(self.servers.redis_url) as redis:
                await redis.flushall()
        except RedisError as error:
            raise AssertionError(f"Redis is away before it was harmed: {error}") from error

    async def kill_redis(self) -> None:
        """Kill Valkey by SIGKILL; delete its data every second time."""
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
        """Restart PostgreSQL by a fast shutdown or, every second time, without a checkpoint."""
        stop_signal = self.chance.choice([signal.SIGINT, signal.SIGQUIT])
        await asyncio.to_thread(restart_postgres, self.servers, stop_signal)

    async def crash_postgres(self) -> None:
        """Kill one backend by SIGKILL: PostgreSQL ends all others and recovers from its log."""
        assert self.servers.postgres.process is not None
        backends = [
            child
            for child in psutil.Process(self.servers.postgres.process.pid).children()
            if "[local]" in command_line(child)
        ]
        if backends:
            with suppress(psutil.NoSuchProcess):  # it may end by itself meanwhile
                self.chance.choice(backends).kill()


def restart_postgres(servers: EmbeddedServers, stop_signal: signal.Signals) -> None:
    """Stop by SIGINT (fast) or SIGQUIT (as in a crash, without a checkpoint), and start again."""
    assert servers.postgres.process is not None
    servers.postgres.process.send_signal(stop_signal)
    # A fast shutdown during a crash recovery may wait for the recovery: it is cut short.
    if not ended(servers.postgres.process, 5):
        servers.postgres.process.send_signal(signal.SIGQUIT)
        ended(servers.postgres.process, 10)
    servers.postgres.start()


def kill_redis(servers: EmbeddedServers, *, with_its_data: bool) -> None:
    """Kill Valkey by SIGKILL; delete its data if `with_its_data`."""
    assert servers.valkey.process is not None
    servers.valkey.process.kill()
    ended(servers.valkey.process, 10)
    if with_its_data:
        for entry in servers.valkey.folder.iterdir():
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
