"""Services for the tests of served processes.

One can hold a request, one never finishes its start, one waits for its schema.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import APIRouter, FastAPI, Response

from deploy.catalogue import ServiceSpec
from domain_services.kernel.background import every, giving_back
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.web.app import build_app
from domain_services.kernel.web.event_stream import Emit, stream

SETTINGS = "domain_services.kernel.settings:KernelSettings"
SERVICES = (
    ServiceSpec("slow_one", 0, "tests.serving.services:create_slow", SETTINGS),
    ServiceSpec("stuck_one", 2, "tests.serving.services:create_stuck", SETTINGS),
    ServiceSpec(
        "box", 1, "tests.kernel.box.app:create_app", SETTINGS, "dsm_box", "tests.kernel.box"
    ),
)

router = APIRouter()


@router.get("/hold")
async def hold(folder: Path) -> str:
    """Answer once somebody has made `go` in the folder."""
    (folder / "held").touch()
    while not (folder / "go").exists():
        await asyncio.sleep(0.01)
    return "held"


@router.post("/stream")
async def hold_stream(folder: Path) -> Response:
    """Stream until somebody has made `go` in the folder; cut short, make `stream given back`."""

    async def give_back() -> None:
        (folder / "stream given back").touch()

    async def work(emit: Emit) -> None:
        emit("begun", {"title": "<script>\n\ndata: forged"})
        async with giving_back("stream", give_back):
            while not (folder / "go").exists():
                await asyncio.sleep(0.01)
        (folder / "stream done").touch()
        emit("done", {})

    return await stream(work, ping_seconds=0.01)


@router.get("/quick")
async def quick() -> str:
    """Answer at once."""
    return "quick"


def _folder(settings: KernelSettings) -> Path:
    assert settings.redis_url
    return Path(settings.redis_url.get_secret_value().removeprefix("unix://"))


def create_slow(settings: KernelSettings) -> FastAPI:
    """Make a service without a database; its loop works on a lease, in the folder of its redis."""
    folder = _folder(settings)

    async def give_back() -> None:
        (folder / "given back").touch()

    async def work() -> None:
        async with giving_back("work", give_back):
            await asyncio.Event().wait()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with app.state.background.running(every(None, work, name="work")):
            yield

    return build_app(
        "slow-one-service", settings, [router], lifespan=lifespan, validation_status=400
    )


def create_stuck(settings: KernelSettings) -> FastAPI:
    """Make a service whose start waits for a store that never answers."""
    folder = _folder(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        (folder / "starting").touch()
        await asyncio.Event().wait()
        yield

    return build_app("stuck-one-service", settings, [], lifespan=lifespan, validation_status=400)
