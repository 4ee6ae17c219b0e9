"""`kill -9` of the whole stack, again and again, under clients that go on."""

import asyncio
import os
import random
import time
from collections import Counter
from typing import Any

import pytest

from deploy.local.stack import READY_SECONDS
from tests.faults import ledger
from tests.faults.ledger import Ledger
from tests.faults.machine import machine
from tests.faults.whole_stack import WholeStack, whole_stack

pytestmark = pytest.mark.faults

SECONDS = float(os.environ.get("DSM_KILL_SECONDS", "600"))
SEED = int(os.environ.get("DSM_FAULT_SEED", str(time.time_ns() % 1_000_000)))
SHORTEST_LIFE, LONGEST_LIFE = 5, 20
# What is promised for the longest unfinished saga or run, on a machine that has nothing else to do.
QUIET_SECONDS = 60
CLIENTS = (ledger.sprints, ledger.sprints, ledger.orchestrations, ledger.plans)


class Kills:
    """Rounds of a kill and a start; `counted` and `starts` tell how they went."""

    def __init__(self, stack: WholeStack, seed: int) -> None:
        self.stack = stack
        self.chance = random.Random(seed)
        self.counted: Counter[str] = Counter()
        self.start_seconds: list[float] = []
        self.failures: list[str] = []

    async def repeat(self, seconds: float) -> None:
        """Kill the stack and start it at once, until `seconds` are over."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            await asyncio.sleep(self.chance.uniform(SHORTEST_LIFE, LONGEST_LIFE))
            with_its_servers = self.chance.random() < 0.5
            await asyncio.to_thread(self.stack.kill, with_its_servers=with_its_servers)
            self.counted["kills with servers" if with_its_servers else "kills without"] += 1
            await self.start()

    async def start(self) -> None:
        """Start the stack; try again when that fails, which is counted."""
        while True:
            start = await self.stack.start()
            self.start_seconds.append(start.seconds)
            if start.failure is None and start.seconds <= READY_SECONDS:
                return
            self.failures.append(f"{start.failure} ({start.seconds:.0f} s)")
            assert len(self.failures) < 5, "\n".join([*self.failures, self.stack.log()])


async def test_stack_killed_again_and_again_loses_nothing_and_always_starts(
    record_property: Any,
) -> None:
    print(f"\nkill -9 of the whole stack: DSM_FAULT_SEED={SEED}, DSM_KILL_SECONDS={SECONDS:.0f}")
    async with whole_stack() as stack:
        kills = Kills(stack, SEED)
        await kills.start()
        # A request of a client may meet several lives of the stack.
        writes, stop = Ledger(patience_seconds=4 * READY_SECONDS), asyncio.Event()
        for team in range(len(CLIENTS)):
            project = {"id": f"KILLED-{team}", "name": "P"}
            created = await stack.call("project", "POST", "/projects", project)
            assert created.status_code == 201, created.text
        async with asyncio.TaskGroup() as work:
            for team, client in enumerate(CLIENTS):
                work.create_task(client(stack, writes, f"KILLED-{team}", stop))
            await kills.repeat(SECONDS)
            stop.set()
        stuck = await stack.stores.wait_until_quiet(QUIET_SECONDS)
        unfinished = await stack.stores.unfinished()
        counted = await writes.audit(stack.stores)
        violations = await stack.stores.violations()
        verification = await asyncio.to_thread(stack.run, "audit verify")
        acknowledged = ", ".join(f"{len(m)} {k}" for k, m in sorted(writes.acknowledged.items()))
        record_property(
            "figure",
            (
                "kill -9 of the whole stack under 4 clients",
                [
                    f"{SECONDS:.0f} s, seed {SEED}: {dict(kills.counted)}, starts of"
                    f" {min(kills.start_seconds):.1f} to {max(kills.start_seconds):.1f} s",
                    f"acknowledged {counted['acknowledged writes']} ({acknowledged})",
                    f"lost {counted['lost writes']}, doubled {counted['duplicated writes']},"
                    f" stuck {sum(unfinished.values())}, failed starts {len(kills.failures)}"
                    f"; violations {len(violations)} (each 0)",
                    machine(),
                ],
            ),
        )
        print(f"answers {dict(writes.answers)}\n{counted}\n{kills.counted}\n{machine()}")
        assert kills.failures == []
        assert (counted["lost writes"], counted["duplicated writes"]) == (0, 0)
        assert (stuck, violations) == ([], [])
        assert writes.internal_errors == []
        assert verification.returncode == 0, verification.stdout + verification.stderr
        assert counted["acknowledged writes"] > SECONDS / 10
