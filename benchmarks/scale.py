"""`python -m benchmarks.scale`: how figures grow with projects, tasks and episodes, on one machine.

Filled by SQL through the product's own schema. Each figure stands beside GET /health of the same
moment, which a busy machine slows down as well.
"""

import argparse
import asyncio
import itertools
import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from agent.jobs.claims import Claims
from agent.jobs.cronjob_table import CronJobTable
from benchmarks import projects
from benchmarks.copies import MARK, copy_projects, name_of
from benchmarks.loading import load_memory
from benchmarks.remembering import LIMIT, SECONDS, open_memory
from benchmarks.stage import MEMORY, Stage, open_connection, open_services, open_stage
from benchmarks.wire import UnexpectedAnswer, Wire, open_wire
from domain_services.kernel.types import utc_now
from memory.pool import open_pool
from tools.cronjobs import CronJob

# Seconds from a stack that is ready: what is left when they are over is a row that says so.
FULL_SECONDS, QUICK_SECONDS, MILLION_SECONDS = 24 * 60, 3 * 60, 90 * 60
PROJECTS, QUICK_PROJECTS = (10, 1_000, 10_000), (10, 100)
TASKS, QUICK_TASKS = (10, 1_000, 10_000), (10, 200)
EPISODES, QUICK_EPISODES = (10_000, 100_000), (1_000,)
TEMPLATE_TASKS = 25
BEYOND = 1_000_000
RECALL = "recall (floor: one raw search)"
OUT = Path(__file__).parent / "out" / "scale.json"


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    size: str
    what: str
    p50_ms: float | None = None
    """Median; None where the row is a count or was not measured."""
    floor_ms: float | None = None
    """Median of GET /health in the same moments."""
    count: float | None = None
    """Number, for a row without a time."""
    note: str = ""
    """`degraded: ...`, `503`, or why it was not measured; empty for a plain figure."""


Call = Callable[[], Awaitable[bytes]]
Numbers = Iterator[int]


async def measure(size: str, what: str, call: Call, floor: Call, calls: int) -> Row:
    """Time calls in turn with their floor. A failed or degraded answer marks the row."""
    times: list[float] = []
    floors: list[float] = []
    notes: set[str] = set()
    for _ in range(calls):
        floors.append((await _timed(floor))[0])
        try:
            seconds, answer = await _timed(call)
        except UnexpectedAnswer as error:
            notes.add(str(error)[:120])
            continue
        times.append(seconds)
        body = orjson.loads(answer) if answer else None
        degraded: list[str] = body.get("degraded") or [] if isinstance(body, dict) else []
        notes.update(f"degraded: {source}" for source in degraded)
    median = round(statistics.median(times) * 1000, 2) if times else None
    floor_ms = round(statistics.median(floors) * 1000, 2)
    return Row(size, what, median, floor_ms, note="; ".join(sorted(notes)))


async def _timed(call: Call) -> tuple[float, bytes]:
    started = time.perf_counter()
    answer = await call()
    return time.perf_counter() - started, answer


@dataclass(frozen=True)
class Wires:
    """Kept-alive connections to the services that are measured."""

    orchestrator: Wire
    project: Wire
    backlog: Wire

    def floor(self) -> Awaitable[bytes]:
        return self.orchestrator.call("GET", "/health")

    def decide(self, project_id: str, *, dry_run: bool) -> Awaitable[bytes]:
        path = f"/orchestrate/project/{project_id}"
        return self.orchestrator.call("POST", path, {"dry_run": dry_run})


async def of_projects(stage: Stage, sizes: Sequence[int], wires: Wires, rows: list[Row]) -> None:
    """Decisions and reads with many projects beside the one that is asked."""
    async with open_services(stage) as services:
        await projects.create_team(services)
        await projects.create_project(services, MARK, TEMPLATE_TASKS)
    done = 0
    for size in sizes:
        stage.say(f"{size:,} projects: copying")
        await copy_projects(stage, done + 1, size)
        acting = itertools.count(done + 1)
        done = size
        stage.say(f"{size:,} projects: measuring")
        name, calls = f"{size:,} projects", 5 if stage.quick else 20
        numbers = itertools.cycle(range(size, 0, -max(1, size // 20)))

        def status(numbers: Numbers = numbers) -> Awaitable[bytes]:
            path = f"/orchestrate/project/{name_of(next(numbers))}/status"
            return wires.orchestrator.call("GET", path)

        def looking(numbers: Numbers = numbers) -> Awaitable[bytes]:
            return wires.decide(name_of(next(numbers)), dry_run=True)

        def creating(acting: Numbers = acting) -> Awaitable[bytes]:
            return wires.decide(name_of(next(acting)), dry_run=False)

        def listing() -> Awaitable[bytes]:
            return wires.project.call("GET", "/projects?limit=100")

        def schedules() -> Awaitable[bytes]:
            return wires.orchestrator.call("GET", "/orchestrate/schedules")

        few = 3 if stage.quick else 5
        for what, call, count in (
            ("status of a project", status, calls),
            ("orchestrate, dry run", looking, calls),
            ("orchestrate, creating a sprint", creating, few),
            ("list of projects, first 100", listing, calls),
            ("list of all schedules", schedules, calls),
        ):
            rows.append(await measure(name, what, call, wires.floor, count))
        rows += await resources(stage, name)


async def of_tasks(stage: Stage, sizes: Sequence[int], wires: Wires, rows: list[Row]) -> None:
    """Decisions about, and reads of, a project with a large backlog."""
    for size in sizes:
        project_id = f"TASKS-{size}"
        stage.say(f"{size:,} tasks in a backlog")
        async with open_services(stage) as services:
            await projects.create_project(services, project_id, min(size, 500))
        await _grow_backlog(stage, project_id, size)
        calls, name = 5 if stage.quick else 20, f"{size:,} tasks"

        def backlog(project_id: str = project_id) -> Awaitable[bytes]:
            return wires.backlog.call("GET", f"/backlogs/{project_id}")

        def looking(project_id: str = project_id) -> Awaitable[bytes]:
            return wires.decide(project_id, dry_run=True)

        def creating(project_id: str = project_id) -> Awaitable[bytes]:
            return wires.decide(project_id, dry_run=False)

        rows.append(await measure(name, "read of the backlog", backlog, wires.floor, calls))
        rows.append(await measure(name, "orchestrate, dry run", looking, wires.floor, calls))
        # One project takes one sprint.
        what = "orchestrate, creating a sprint (one call)"
        rows.append(await measure(name, what, creating, wires.floor, 1))


async def _grow_backlog(stage: Stage, project_id: str, size: int) -> None:
    """Copy the first task of a project until it has `size` tasks."""
    statement = """
        INSERT INTO tasks SELECT (made.r).* FROM (
            SELECT jsonb_populate_record(
                NULL::tasks,
                to_jsonb(t) || jsonb_build_object(
                    'task_id', %(project)s || '-TASK' || n, 'number', n
                )
            ) AS r
            FROM (SELECT * FROM tasks WHERE project_id = %(project)s LIMIT 1) AS t,
                 generate_series(500001, 500000 + %(more)s::int) AS n
        ) AS made
    """
    more = size - min(size, 500)
    if more:
        async with open_connection(stage.database("dsm_backlog")) as connection:
            values = {"project": project_id, "more": more}
            await connection.execute(statement, values)
            await connection.execute("ANALYZE tasks")


async def of_episodes(stage: Stage, sizes: Sequence[int], rows: list[Row]) -> None:
    """Recall beside one raw search of the same index."""
    for size in sizes:
        sized = replace(stage, loaded=size)
        await load_memory(sized)
        async with open_memory(sized, count=20) as memory:
            questions = itertools.cycle(memory.questions)

            async def recall(questions: Any = questions, memory: Any = memory) -> bytes:
                state = next(questions).state
                await memory.recaller.recall(state, limit=LIMIT, deadline_seconds=SECONDS)
                return b""

            async def raw(questions: Any = questions, memory: Any = memory) -> bytes:
                vector = next(questions).embedding.vector
                statement = (
                    "SELECT episode_id FROM episodes WHERE recallable"
                    " ORDER BY embedding <=> %s LIMIT 5"
                )
                await (await memory.raw.execute(statement, (vector,), binary=True)).fetchall()
                return b""

            calls = 20 if stage.quick else 100
            rows.append(await measure(f"{size:,} episodes", RECALL, recall, raw, calls))
        rows += await resources(stage, f"{size:,} episodes")
    rows += extrapolated([row for row in rows if row.what == RECALL], sizes)


def extrapolated(measured: Sequence[Row], sizes: Sequence[int]) -> list[Row]:
    """Carry recall on to a million episodes by a + b log n, the least that it can be."""
    unknown = len(measured) < 2 or any(row.p50_ms is None for row in measured)
    if unknown or sizes[-1] >= BEYOND:
        return []
    (first, last), (few, many) = (measured[0], measured[-1]), (sizes[0], sizes[-1])
    slope = ((last.p50_ms or 0) - (first.p50_ms or 0)) / math.log(many / few)
    value = round((last.p50_ms or 0) + slope * math.log(BEYOND / many), 2)
    note = "EXTRAPOLATED by a + b log n; too low when the index exceeds shared_buffers"
    return [Row(f"{BEYOND:,} episodes", RECALL, value, note=note)]


async def of_schedules(stage: Stage, sizes: Sequence[int], rows: list[Row]) -> None:
    """The embedded scheduler with many schedules: a look without work, and due ones."""
    url = stage.database(MEMORY)
    async with open_pool(url) as pool, open_connection(url) as raw:
        for size in sizes:
            stage.say(f"{size:,} schedules")
            # Due once a year: the stack's own scheduler leaves them alone meanwhile.
            jobs = [
                CronJob(
                    name=f"bench-{number:06d}",
                    kind="orchestrate",
                    project_id=name_of(number),
                    schedule="0 3 1 1 *",
                    timezone="UTC",
                    created_by="benchmark",
                )
                for number in range(1, size + 1)
            ]
            table = CronJobTable(pool)
            for job in jobs:
                await table.create(job)
            now, later = Claims(pool), Claims(pool, lambda: utc_now() + timedelta(days=400))

            async def look(claims: Claims = now) -> bytes:
                await claims.due(("orchestrate",))
                return b""

            async def floor() -> bytes:
                await raw.execute("SELECT 1")
                return b""

            name, calls = f"{size:,} schedules", 20 if stage.quick else 100
            what = "a look for due schedules (floor: SELECT 1)"
            rows.append(await measure(name, what, look, floor, calls))
            due = await later.due(("orchestrate",))
            started = time.perf_counter()
            for job in due:
                if job.next_due_at is not None and await later.claim(job, job.next_due_at):
                    await later.mark_fired(job, job.next_due_at)
            rate = len(due) / (time.perf_counter() - started)
            rows.append(
                Row(
                    name,
                    f"due schedules claimed and marked a second, of {len(due)}",
                    count=round(rate),
                )
            )


async def resources(stage: Stage, size: str) -> list[Row]:
    """Connections and memory of the stack's processes now."""
    from deploy.local import control

    state = control.status(stage.folder).state
    rows: list[Row] = []
    if state is not None:
        resident = psutil.Process(state.pid).memory_info().rss / 1024**2
        rows.append(Row(size, "memory of the services' process, MB", count=round(resident)))
    async with open_connection(stage.database("postgres")) as connection:
        query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'"
        answer = await (await connection.execute(query)).fetchone()
        rows.append(Row(size, "connections open", count=answer[0] - 1 if answer else None))
        query = "SELECT sum(pg_database_size(oid)) / 1048576 FROM pg_database"
        answer = await (await connection.execute(query)).fetchone()
        rows.append(Row(size, "databases on disk, MB", count=round(answer[0]) if answer else None))
    return rows


async def run(stage: Stage, seconds: float, episodes: Sequence[int]) -> list[Row]:
    """Measure everything; what no time is left for is a row that says so."""
    rows: list[Row] = []
    async with (
        open_wire(stage.urls["orchestrator"], stage.key) as orchestrator,
        open_wire(stage.urls["project"], stage.key) as project,
        open_wire(stage.urls["backlog"], stage.key) as backlog,
    ):
        wires = Wires(orchestrator, project, backlog)
        sizes = (QUICK_PROJECTS, QUICK_TASKS) if stage.quick else (PROJECTS, TASKS)
        parts = (
            ("projects", of_projects(stage, sizes[0], wires, rows)),
            ("tasks", of_tasks(stage, sizes[1], wires, rows)),
            ("episodes", of_episodes(stage, episodes, rows)),
            ("schedules", of_schedules(stage, sizes[0], rows)),
        )
        until = time.monotonic() + seconds
        for name, part in parts:
            try:
                async with asyncio.timeout(max(until - time.monotonic(), 0.0)):
                    await part
            except TimeoutError:
                rows.append(Row(name, "not measured", note="no time was left for (all of) it"))
            except Exception as error:
                note = f"{type(error).__name__}: {error}"[:200]
                rows.append(Row(name, "not measured", note=note))
    return rows


def machine() -> dict[str, object]:
    """Describe the machine and its load, without which no figure says anything."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processors": os.cpu_count(),
        "memory_gb": round(psutil.virtual_memory().total / 1024**3, 1),
        "system": f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        "load": [round(value, 1) for value in os.getloadavg()],
    }


def show(console: Console, rows: Sequence[Row], about: dict[str, object]) -> None:
    table = Table("size", "what", "p50 ms", "floor ms", "count", "note", box=None)
    for row in rows:
        cells = (row.p50_ms, row.floor_ms, row.count)
        shown = ["" if cell is None else f"{cell:g}" for cell in cells]
        table.add_row(row.size, row.what, *shown, row.note)
    console.print(table)
    console.print(", ".join(f"{name} {value}" for name, value in about.items()), highlight=False)


def main() -> int:
    """0 when everything was measured."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    extent = parser.add_mutually_exclusive_group()
    extent.add_argument("--quick", action="store_true", help="small sizes, about 3 minutes")
    extent.add_argument(
        "--million",
        action="store_true",
        help="a million episodes as well: about half an hour more, 8 GB of disk, 6 GB of memory",
    )
    parser.add_argument("--out", type=Path, default=OUT, help="file for JSON")
    arguments = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 160)
    start, before = time.monotonic(), machine()

    def say(what: str) -> None:
        console.print(f"[dim]{time.monotonic() - start:6.1f} s  {what}", highlight=False)

    with open_stage(None, arguments.quick, say) as stage:
        seconds, episodes = FULL_SECONDS, EPISODES
        if arguments.quick:
            seconds, episodes = QUICK_SECONDS, QUICK_EPISODES
        if arguments.million:
            seconds, episodes = MILLION_SECONDS, (*EPISODES, BEYOND)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            rows = runner.run(run(stage, seconds, episodes))
        # Before the stack stops, which takes long on a busy machine.
        content = {"machine": before, "rows": [asdict(row) for row in rows]}
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        arguments.out.write_text(json.dumps(content, indent=2))
    show(console, rows, before)
    return 1 if any(row.what == "not measured" for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
