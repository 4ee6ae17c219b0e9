"""Soak: a whole stack at a steady rate, with a table of what grew. Run it by `make soak`.

DSM_SOAK_MINUTES (30), DSM_SOAK_HOSTING ("processes" or "loop"), DSM_SOAK_RATE (requests a second).
The exit code is 1 when something grew that has to be flat.
"""

import asyncio
import os
import signal
import sys
import time
from collections import Counter, defaultdict
from typing import Any

import httpx

from deploy.catalogue import SERVICES, resolve
from deploy.local import control
from tests.faults import ledger
from tests.faults.ledger import Ledger, System
from tests.faults.machine import machine
from tests.faults.whole_stack import WholeStack, whole_stack
from tests.soak.samples import sample
from tests.soak.table import table
from tests.soak.verdict import Point, Quantity, judge

MINUTES = float(os.environ.get("DSM_SOAK_MINUTES", "30"))
PROCESSES = os.environ.get("DSM_SOAK_HOSTING", "processes") == "processes"
RATE = float(os.environ.get("DSM_SOAK_RATE", "8"))
# Ten days: the first three pass while everything fills up.
DAY_SECONDS = MINUTES * 60 / 10
SAMPLE_SECONDS = min(15.0, MINUTES * 60 / 30)
CLIENTS = (ledger.sprints, ledger.sprints, ledger.orchestrations, ledger.plans)


class Steady:
    """Calls of a system at a fixed rate for all clients together; late ones do not catch up."""

    def __init__(self, system: System, rate: float) -> None:
        self._system = system
        self._pause = 1 / rate
        self._next = time.monotonic()
        self.answers: Counter[int] = Counter()

    async def call(
        self, service: str, method: str, path: str, body: Any = None, *, key: str | None = None
    ) -> httpx.Response:
        """Send one request when its turn has come."""
        self._next = max(self._next + self._pause, time.monotonic())
        await asyncio.sleep(self._next - time.monotonic())
        answer = await self._system.call(service, method, path, body, key=key)
        self.answers[answer.status_code] += 1
        return answer


def environment() -> dict[str, str]:
    """Keep everything for one day, as short as the settings allow."""
    fields = {name for spec in SERVICES for name in resolve(spec.settings).model_fields}
    days = {name for name in fields if name.startswith("keep_") and name.endswith("_days")}
    return {
        **{f"DSM_{name.upper()}": "1" for name in sorted(days)},
        # The database itself refuses to cut off audits of the last 90 days: they are kept.
        "DSM_KEEP_AUDITS_DAYS": "0",
        "DSM_SOAK_DAY_SECONDS": str(DAY_SECONDS),
    }


async def soak(stack: WholeStack) -> int:
    """Work at a steady rate and sample; print the table and return the exit code."""
    writes, stop = Ledger(), asyncio.Event()
    steady = Steady(stack, RATE)
    for team in range(len(CLIENTS)):
        await steady.call("project", "POST", "/projects", {"id": f"SOAK-{team}", "name": "P"})
    points: dict[Quantity, list[Point]] = defaultdict(list)
    start = time.monotonic()
    async with asyncio.TaskGroup() as work:
        for team, client in enumerate(CLIENTS):
            work.create_task(client(steady, writes, f"SOAK-{team}", stop))
        while (passed := time.monotonic() - start) < MINUTES * 60:
            for quantity, value in (await asyncio.to_thread(sample, stack)).items():
                points[quantity].append((passed / 60, value))
            print(f"{passed / 60:5.1f} min: {steady.answers.total()} requests", file=sys.stderr)
            await asyncio.sleep(max(0, start + passed + SAMPLE_SECONDS - time.monotonic()))
        stop.set()
    unfinished = await stack.stores.wait_until_quiet(60)
    # A quantity that came late, as a log, is judged from its first sample on.
    verdicts = [judge(quantity, values) for quantity, values in points.items() if len(values) >= 3]
    hosting = "one process a service" if PROCESSES else "one loop"
    print(
        f"soak of {MINUTES:g} minutes, {hosting}, {RATE:g} requests a second asked for,"
        f" {steady.answers.total() / (MINUTES * 60):.1f} answered; a day lasts {DAY_SECONDS:.0f} s",
        f"machine: {machine()}",
        f"answers: {dict(steady.answers)}",
        *table(verdicts),
        sep="\n",
    )
    growing = [verdict for verdict in verdicts if verdict.word == "GROWS"]
    errors = [status for status in steady.answers if status >= 500]
    for line in [*unfinished, *(f"answers with status {status}" for status in errors)]:
        print(line)
    failed = bool(growing or unfinished or errors)
    print("verdict:", "FAILED" if failed else "passed")
    return int(failed)


async def main() -> int:
    """Start the stack, soak it, and leave nothing behind."""
    variables = environment()
    os.environ.update(variables)
    async with whole_stack() as stack:
        catalogue = "tests.soak.pace:SERVICES"
        await asyncio.to_thread(
            control.start_detached, stack.data_dir, stack.base_port, catalogue, PROCESSES
        )
        stack.use_key()
        return await soak(stack)


def _interrupt(number: int, frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    # As Ctrl-C: whoever ends the soak must not be left with a stack.
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        sys.exit(asyncio.run(main()))
    except KeyboardInterrupt:
        sys.exit("interrupted: the stack has been stopped")
