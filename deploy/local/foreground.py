"""Run a stack in this process until a signal to stop."""

import asyncio
import os
import signal
from collections.abc import Callable

import uvloop

from deploy.local.stack import Stack
from deploy.serving import descriptors
from domain_services.kernel.telemetry import configure_logging


def run(stack: Stack, ready: Callable[[], None]) -> None:
    """Start, call `ready`, and serve until SIGINT or SIGTERM; then stop everything.

    Raises: `StackError` when it cannot start, or when a service ends by itself.
    """
    configure_logging(os.environ.get("DSM_LOG_LEVEL", "warning"))
    descriptors.raise_limit()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_until_signal(stack, ready))


async def _until_signal(stack: Stack, ready: Callable[[], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    serving = asyncio.create_task(_serve(stack, ready))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        stopping.cancel()
        serving.result()
    # Cancelled once: a second signal finds the same event set and does not cut the stop short.
    serving.cancel()
    await asyncio.wait([serving])
    if not serving.cancelled():
        serving.result()


async def _serve(stack: Stack, ready: Callable[[], None]) -> None:
    async with stack:
        ready()
        await stack.wait()
