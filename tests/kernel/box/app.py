"""A small service on the kernel, with a route of each kind that the kernel knows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.database.database import Database, Reading, UnitOfWork, open_database
from domain_services.kernel.database.retention import Retention
from domain_services.kernel.errors import Conflict
from domain_services.kernel.messaging.envelope import Envelope, PublishedEvent
from domain_services.kernel.messaging.inbox import Consumer
from domain_services.kernel.messaging.redis import open_redis
from domain_services.kernel.settings import KernelSettings
from domain_services.kernel.types import Answer, Line, Wire
from domain_services.kernel.web import dead_letters
from domain_services.kernel.web.app import build_app
from domain_services.kernel.web.idempotent_route import IdempotentRoute
from tests.kernel.box.retention import RETENTION

router = APIRouter(route_class=IdempotentRoute)

STREAM = "box_events"
GROUP = "box_group"

_ADD = text("INSERT INTO boxes (shelf, label) VALUES (:shelf, :label) RETURNING id")
_COUNT = text("SELECT count(*) FROM boxes WHERE shelf = :shelf")


class BoxCreate(Wire):
    label: Line
    inside: Any = None


class Box(Answer):
    id: int
    label: str


class Gate:
    """Gate at which a route stops until a test opens it."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.open = asyncio.Event()

    async def pass_through(self) -> None:
        self.reached.set()
        await self.open.wait()


async def _add(connection: AsyncConnection, shelf: str, label: str) -> Box:
    box_id = await connection.scalar(_ADD, {"shelf": shelf, "label": label})
    return Box(id=int(box_id or 0), label=label)


@router.post("/shelves/{shelf}/boxes", status_code=201)
async def add_box(
    shelf: str, body: BoxCreate, db: UnitOfWork, request: Request, response: Response
) -> Box:
    """Add a box in one transaction."""
    box = await _add(db, shelf, body.label)
    if body.label == "refuse":
        raise Conflict("this box is refused")
    if body.label == "wait":
        await request.app.state.gate.pass_through()
    if body.label == "break":
        raise RuntimeError("a bug")
    response.headers["ETag"] = f'"{box.id}"'
    return box


@router.post("/shelves/{shelf}/pairs", status_code=201)
async def add_pair(shelf: str, body: BoxCreate, request: Request) -> list[Box]:
    """Add two boxes in two transactions."""
    database: Database = request.app.state.database
    added: list[Box] = []
    for _ in range(2):
        async with database.transaction() as connection:
            added.append(await _add(connection, shelf, body.label))
    if body.label == "refuse":
        raise Conflict("this pair is refused")
    if body.label == "wait":
        await request.app.state.gate.pass_through()
    return added


@router.get("/shelves/{shelf}/count")
async def count(shelf: str, db: Reading) -> int:
    return int(await db.scalar(_COUNT, {"shelf": shelf}) or 0)


class BoxAdded(PublishedEvent):
    """Payload of BOX_ADDED: a box for a shelf that has one already."""

    event_type = "BOX_ADDED"
    stream = STREAM
    aggregate_type = "Box"
    confirmed_by = (GROUP,)

    shelf: str
    label: str

    @property
    def aggregate_id(self) -> str:
        return self.shelf


async def handle_box_added(connection: AsyncConnection, event: Envelope) -> None:
    box = BoxAdded.model_validate(event.event_data)
    if not await connection.scalar(_COUNT, {"shelf": box.shelf}):
        raise LookupError(f"there is no shelf {box.shelf}")
    if box.label == "bug":
        raise TypeError("a bug in the handler")
    await _add(connection, box.shelf, box.label)


def create_app(settings: KernelSettings) -> FastAPI:
    """Build the app; its consumer in `app.state.consumers` runs only when a test steps it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_database(settings) as database, open_redis(settings) as redis:
            app.state.database = database
            app.state.retention = Retention(database, RETENTION, settings)
            app.state.redis = redis
            app.state.gate = Gate()
            app.state.consumers = (make_consumer(database, redis),)
            yield

    routers = [router, dead_letters.router]
    return build_app("box-service", settings, routers, lifespan=lifespan, validation_status=422)


def make_consumer(database: Database, redis: Redis, name: str = "box-1") -> Consumer:
    return Consumer(
        database,
        redis,
        stream=STREAM,
        group=GROUP,
        name=name,
        handlers={"BOX_ADDED": handle_box_added},
    )
