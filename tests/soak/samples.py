"""Samples of a running stack: processes, connections, tables, streams and logs."""

from collections import defaultdict
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import redis

from deploy.catalogue import SERVICES
from docs.generate.retention import stored, tables_of
from domain_services.events import READ_BY
from domain_services.kernel.database.retention import Rule, Tables
from domain_services.kernel.database.sizes import table_sizes
from tests.faults.whole_stack import WholeStack
from tests.processes import command_line
from tests.soak.verdict import Quantity

MIB = 2**20
# Tables whose rule leaves a part for good, and why that part grows with the work.
PARTLY_KEPT = {"episodes": "an episode whose sprint has an outcome stays"}
Sample = dict[Quantity, float]


def sample(stack: WholeStack) -> Sample:
    """Measure everything once."""
    return {
        **_processes(stack),
        **_connections(stack),
        **_tables(stack),
        **_streams(stack),
        **_logs(stack.data_dir / "logs"),
    }


def _role(line: str) -> str | None:
    """Name the process of a command line; None for a process that is not the stack's own."""
    words = line.split()
    if "deploy.serving" in words:
        return next((word for word in words if word in {spec.name for spec in SERVICES}), None)
    if "deploy.local" in words:
        return "stack"
    if "valkey-server" in words[0]:
        return "Valkey"
    return "PostgreSQL" if words[0].startswith("postgres") or "bin/postgres" in words[0] else None


def _processes(stack: WholeStack) -> Sample:
    memory, descriptors, threads = (defaultdict[str, float](float) for _ in range(3))
    for process in stack.processes:
        with suppress(psutil.Error, IndexError):
            role = _role(command_line(process))
            if role is None:
                continue
            # PostgreSQL's shared memory would count once for each of its processes.
            shared = role == "PostgreSQL"
            used = process.memory_full_info().uss if shared else process.memory_info().rss
            memory[role] += used / MIB
            descriptors[role] += process.num_fds()
            threads[role] += process.num_threads()
    # Each of about 50 connections fills its caches with what it is asked for, then stops.
    floors = {"PostgreSQL": 24.0}
    # It opens each file of a table once, when it first reads it.
    open_floors = {"PostgreSQL": 300.0}
    return {
        **{
            Quantity(f"memory of {name}", "MiB", 0.03, floors.get(name, 4)): used
            for name, used in memory.items()
        },
        **{
            Quantity(f"descriptors of {name}", "", 0.05, open_floors.get(name, 5)): count
            for name, count in descriptors.items()
        },
        **{Quantity(f"threads of {n}", "", 0.05, 3): v for n, v in threads.items()},
    }


def _connections(stack: WholeStack) -> Sample:
    query = (
        "SELECT datname, count(*) FROM pg_stat_activity"
        " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() GROUP BY 1"
    )
    with psycopg.connect(stack.database_url("postgres")) as connection:
        rows = connection.execute(query).fetchall()
    return {Quantity(f"connections to {name}", "", 0.05, 3): count for name, count in rows if name}


def _tables(stack: WholeStack) -> Sample:
    sizes_of_all: Sample = {}
    for spec in stored():
        assert spec.database is not None
        sizes = table_sizes(stack.database_url(spec.database))
        for name, stays in kept_tables(tables_of(spec)).items():
            rows = Quantity(f"rows of {spec.name}.{name}", "", 0.05, 20, stays)
            # Deleted rows wait for the next VACUUM, which comes after a fifth of a table.
            size = Quantity(f"size of {spec.name}.{name}", "KiB", 0.2, 256, stays)
            sizes_of_all[rows], sizes_of_all[size] = sizes[name].rows, sizes[name].bytes / 1024
    return sizes_of_all


def kept_tables(tables: Tables) -> dict[str, bool]:
    """Tell of each table whether its rows, or a part of them, stay for good."""
    return {
        table.table: table.table in PARTLY_KEPT
        or (not isinstance(table, Rule) and table.how_long.startswith("for good"))
        for table in tables
    }


def _streams(stack: WholeStack) -> Sample:
    with redis.Redis.from_url(stack.redis_url) as client:
        lengths = {stream: client.xlen(stream) for stream in READ_BY}
        keys = client.dbsize()
        used = client.info("memory")["used_memory"] / MIB
    return {
        **{Quantity(f"entries of {name}", "", 0.05, 50): n for name, n in lengths.items()},
        Quantity("keys of Valkey", "", 0.05, 20): keys,
        Quantity("data of Valkey", "MiB", 0.05, 1): used,
    }


def _logs(folder: Path) -> Sample:
    """Measure each log with its rotated parts."""
    sizes = defaultdict[str, float](float)
    for file in folder.iterdir():
        sizes[file.name.partition(".log")[0]] += file.stat().st_size / 1024
    # 1 MiB in a third of half an hour is what the rotation of a day takes without effort.
    return {Quantity(f"log of {name}", "KiB", 0.05, 64): size for name, size in sizes.items()}
