"""One service as the one content of a process: wait for its schema, serve, drain, leave."""

import asyncio
import logging
import socket
from typing import Any

import structlog
import uvloop

from deploy.catalogue import ServiceSpec, resolve
from deploy.errors import StackError
from deploy.serving import descriptors, waiting
from deploy.serving.config import Server, uvicorn_config
from deploy.serving.leaving import Leaving, ignore_signals
from deploy.serving.start import (
    listen,
    read_settings,
    refuse_missing_stores,
    refuse_open_door,
)
from domain_services.kernel.background import Background
from domain_services.kernel.database.fitness import UnfitDatabase, check_database
from domain_services.kernel.database.migrate import ForeignDatabase
from domain_services.kernel.database.schema import wait_for_schema
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.telemetry import configure_logging
from domain_services.kernel.tracing import TracesNotInstalled
from domain_services.kernel.web.app import MissingSecret
from domain_services.kernel.web.draining import Draining

logger = structlog.get_logger()

# A schema that is there is found sooner; only a longer wait gets a server of its own.
_QUIET_SECONDS = 0.5


def serve(
    spec: ServiceSpec, listener: socket.socket | None = None, leave_with: int | None = None
) -> None:
    """Serve until SIGTERM or SIGINT, then drain and return.

    `listener` is used instead of the address of the settings; `leave_with` is a pipe whose end is
    one more reason to leave. Raises: `StackError` when the service cannot start or ends by itself.
    """
    settings = read_settings(spec)
    refuse_open_door(spec, settings)
    refuse_missing_stores(spec, settings)
    configure_logging(settings.log_level)
    descriptors.warn_of_few(descriptors.raise_limit(), settings.http.connections)
    with listener or listen(settings.host, settings.port) as bound:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(spec, settings, bound, leave_with))
        ignore_signals()


async def _serve(
    spec: ServiceSpec, settings: KernelSettings, listener: socket.socket, leave_with: int | None
) -> None:
    leaving = Leaving()
    if leave_with is not None:
        leaving.follow(leave_with)
    if not await _schema(spec, settings, listener, leaving):
        return
    await _check_database(settings)
    try:
        app = resolve(spec.factory)(settings)
    except (MissingSecret, TracesNotInstalled) as error:
        raise StackError(str(error)) from error
    server = Server(uvicorn_config(app))
    serving = asyncio.create_task(_run(spec, server, listener), name=spec.name)
    request = asyncio.create_task(leaving.asked.wait())
    logger.info("serving.started", service=spec.identity, host=settings.host, port=settings.port)
    await asyncio.wait([serving, request], return_when=asyncio.FIRST_COMPLETED)
    request.cancel()
    if not serving.done():
        await _drain(app, server, leaving, settings.drain_seconds)
        if not server.started:
            # Its start may wait for a store that is away; uvicorn would log its end as a fault.
            logging.getLogger("uvicorn.error").disabled = True
            serving.cancel()
        await asyncio.wait([serving])
        if not serving.cancelled():
            serving.result()
        logger.info("serving.stopped", service=spec.identity)
        return
    serving.result()
    raise StackError(f"{spec.name} ended unexpectedly")


async def _drain(app: Any, server: Server, leaving: Leaving, seconds: float) -> None:
    """Answer on for `seconds`, then stop accepting and end the background work."""
    draining: Draining = getattr(app.state, "draining", None) or Draining()
    background: Background = getattr(app.state, "background", None) or Background()
    draining.begin()
    logger.info("serving.draining", seconds=seconds, requests=draining.requests)
    if server.started:
        await leaving.pause(seconds)
    server.should_exit = True
    await background.leave()


async def _run(spec: ServiceSpec, server: Server, listener: socket.socket) -> None:
    try:
        await server.serve([listener])
    except SystemExit as error:
        # uvicorn's way to report a failed lifespan.
        raise StackError(f"{spec.name} did not start; its log says why") from error


async def _schema(
    spec: ServiceSpec, settings: KernelSettings, listener: socket.socket, leaving: Leaving
) -> bool:
    """Wait for the schema of the service's database; False when the process is to leave."""
    if spec.migrations is None:
        return True
    assert settings.database_url is not None  # `refuse_missing_stores`
    url = settings.database_url.get_secret_value()
    ready = asyncio.create_task(_tables(url, spec.migrations, spec.wait_after_schema))
    request = asyncio.create_task(leaving.asked.wait())
    done, _ = await asyncio.wait(
        [ready, request], timeout=_QUIET_SECONDS, return_when=asyncio.FIRST_COMPLETED
    )
    if not done:
        async with waiting.answering(listener, settings):
            await asyncio.wait([ready, request], return_when=asyncio.FIRST_COMPLETED)
    request.cancel()
    if not ready.done():
        ready.cancel()
        await asyncio.wait([ready])
        return False
    try:
        ready.result()
    except ForeignDatabase as error:
        raise StackError(f"{spec.name} cannot start: {error}") from None
    return True


async def _tables(url: str, package: str, others: str | None) -> None:
    """Wait for the tables of the service, and for those of other packages in its database."""
    await wait_for_schema(url, package)
    if others is not None:
        await resolve(others)(url)


async def _check_database(settings: KernelSettings) -> None:
    try:
        await check_database(settings)
    except UnfitDatabase as error:
        raise StackError(str(error)) from None
