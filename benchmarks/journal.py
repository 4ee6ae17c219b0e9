"""Episodes kept by eight writers, beside raw inserts and beside LangGraph's store."""

import random
from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

from langgraph.store.postgres.aio import AsyncPostgresStore
from psycopg.types.json import Jsonb, set_json_dumps

from benchmarks import episodes
from benchmarks.figures import Figure, Path, at_least, interleave_rates, rate_figure
from benchmarks.floors import schema
from benchmarks.stage import Stage, open_connection
from benchmarks.wire import Calls
from memory import journal
from memory.document import encode
from memory.episode import EMBEDDING_DIMENSIONS
from memory.pool import open_pool

WRITERS = 8
STORE = "benchmark_langgraph_store"


async def throughput(stage: Stage) -> list[Figure]:
    """Our journal, a durable INSERT into a table without a vector index, LangGraph's `aput`."""
    stage.say(f"journal, {WRITERS} writers")
    written = [episodes.episode(random.Random(n), "BENCH-JOURNAL") for n in range(WRITERS)]
    documents = [episode.model_dump(mode="json") for episode in written]
    floors = schema.create(stage)
    async with (
        open_pool(floors) as pool,
        _raw(floors) as raw,
        _langgraph(stage) as store,
    ):

        def ours(writer: int) -> Path:
            async def write() -> None:
                async with pool.connection() as connection:
                    await journal.append(connection, written[writer])

            return write

        def langgraph(writer: int) -> Path:
            async def write() -> None:
                await store.aput(("episodes",), str(uuid4()), documents[writer])

            return write

        rates = await interleave_rates(
            {"ours": ours, "raw": raw, "langgraph": langgraph},
            rounds=stage.rounds(9),
            clients=WRITERS,
            seconds=0.7 if stage.quick else 1.5,
        )
    return [
        rate_figure("episode journal, 8 writers", rates["ours"], rates["raw"], at_least(0.8)),
        rate_figure(
            "episode journal, 8 writers, beside LangGraph's aput",
            rates["ours"],
            rates["langgraph"],
            at_least(15),
        ),
    ]


@asynccontextmanager
async def _raw(url: str) -> AsyncGenerator[Calls, None]:
    """Each writer has a connection and inserts the same document, made JSON anew each time."""
    async with AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(open_connection(url)) for _ in range(WRITERS)
        ]
        for connection in connections:
            set_json_dumps(encode, connection)
        document = episodes.episode(random.Random(0), "BENCH-JOURNAL").model_dump(mode="json")

        def make(writer: int) -> Path:
            async def write() -> None:
                await connections[writer].execute(
                    "INSERT INTO journal (episode) VALUES (%s)", (Jsonb(document),)
                )

            return write

        yield make


@asynccontextmanager
async def _langgraph(stage: Stage) -> AsyncGenerator[AsyncPostgresStore, None]:
    """LangGraph's own store with its vector index; embedding costs it nothing here."""
    async with open_connection(stage.database("postgres")) as admin:
        await admin.execute(f"DROP DATABASE IF EXISTS {STORE} WITH (FORCE)")
        await admin.execute(f"CREATE DATABASE {STORE}")
    rng = random.Random(5)

    def embed(texts: Sequence[str]) -> list[list[float]]:
        return [[rng.gauss(0, 1) for _ in range(EMBEDDING_DIMENSIONS)] for _ in texts]

    async with AsyncPostgresStore.from_conn_string(
        stage.database(STORE),
        pool_config={"min_size": WRITERS, "max_size": WRITERS},
        index={"dims": EMBEDDING_DIMENSIONS, "embed": embed, "fields": ["decision.reasoning"]},
    ) as store:
        await store.setup()
        yield store
