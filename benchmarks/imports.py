"""Imports of a large export, beside a bare pass of the csv module over the same file."""

import asyncio
import csv
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

from agent.imports.job import UPLOADED_FOLDER, Job
from agent.imports.schema import ImportRequest
from benchmarks.figures import Figure, Samples, at_most
from benchmarks.stage import Stage

ROWS = 100_000
FLOORS = 3
MOST_MEGABYTES = 200
# Columns of an export that no field reads, as real ones have twenty of them.
UNREAD = 20
_COLUMNS = (
    *("Summary", "Issue key", "Issue Type", "Status", "Project key", "Priority", "Resolution"),
    *("Assignee", "Created", "Updated", "Resolved", "Labels", "Labels", "Sprint", "Sprint"),
    *("Custom field (Rank)", "Custom field (Story Points)", "Parent", "Status Category"),
    *("Status Category Changed", *(f"Custom field (Note {number})" for number in range(UNREAD))),
)
# Each in a process of its own: the peak of memory is that of a process, and nothing is warm.
_USAGE = """
import json, re, resource
from pathlib import Path
usage = resource.getrusage(resource.RUSAGE_SELF)
peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
print(json.dumps([usage.ru_utime + usage.ru_stime, int(peak[1]), rows]))
"""
_FLOOR = """
import csv, sys
with open(sys.argv[1], newline="", encoding="utf-8") as stream:
    rows = sum(1 for _ in csv.reader(stream)) - 1
"""
# The whole process of an import by route, from the loading of its code to its last event.
_OURS = """
import json, sys
from agent.imports.process import main
events = []
main(sys.argv[1], lambda line: events.append(json.loads(line)))
assert events[-1]["kind"] in ("preview", "done"), events[-1]
rows = next(event["rows"] for event in events if event["kind"] == "preview")
"""
_PARTS = ("preview", "first import", "import of the same file again")


async def processes(stage: Stage) -> list[Figure]:
    """Processor time of the process of an import beside the floor, and the peak of its memory."""
    figures: list[Figure] = []
    with TemporaryDirectory(prefix="dsm-bench-") as name:
        folder = Path(name)
        path = folder / UPLOADED_FOLDER / "export.csv"
        path.parent.mkdir()
        await asyncio.to_thread(write_export, path, ROWS)
        # A stage whose folder is kept has the projects of earlier runs.
        prefix = f"{uuid4().hex[:8]}-"
        for part in _PARTS:
            stage.say(f"{part} of {ROWS:,} rows")
            job = _job(stage, folder, prefix, writes=part != "preview")
            floors = [(await _measure(_FLOOR, str(path)))[0] for _ in range(FLOORS)]
            seconds, megabytes = await _measure(_OURS, job.model_dump_json())
            figures += [
                Figure(
                    f"{part} of {ROWS:,} rows, processor time",
                    round(seconds / min(floors), 1),
                    at_most(25) if part == "preview" else None,
                    Samples(((seconds,),)).latency(),
                    Samples((tuple(floors),)).latency(),
                ),
                Figure(f"{part} of {ROWS:,} rows, MB", round(megabytes), at_most(MOST_MEGABYTES)),
            ]
    return figures


def _job(stage: Stage, folder: Path, prefix: str, *, writes: bool) -> Job:
    return Job(
        writes=writes,
        folder=folder,
        files=[Path("export.csv")],
        request=ImportRequest(prefix=prefix),
        saved=[],
        urls=dict(stage.urls),
        key=stage.key,
        memory_bytes=1 << 40,
        cpu_seconds=3600,
    )


async def _measure(program: str, argument: str) -> tuple[float, float]:
    """Run a program over all rows; return its seconds of the processor and its peak in MB."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program + _USAGE, argument, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"a measured program ended with {process.returncode}")
    seconds, kilobytes, rows = json.loads(output)
    assert rows == ROWS
    return seconds, kilobytes / 1024


def write_export(path: Path, rows: int) -> None:
    """Write an export in the shape of Jira Cloud, the same one each time."""
    chosen = random.Random(7)
    start = datetime(2018, 1, 1, 9, tzinfo=UTC)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS)
        for number in range(rows):
            writer.writerow(_row(number, chosen, start + timedelta(minutes=40 * number)))


def _row(number: int, chosen: random.Random, created: datetime) -> list[object]:
    done = chosen.random() < 0.9
    changed = f"{created + timedelta(days=chosen.randrange(1, 60)):%d/%b/%y %I:%M %p}"
    status = "Done" if done else chosen.choice(["To Do", "In Progress"])
    return [
        *(f"Item {number} of the list", f"BIG-{number + 1}"),
        chosen.choice(["Story", "Bug", "Task", "Sub-task", "Epic"]),
        *(status, "BIG", chosen.choice(["High", "Medium", "Low"]), "Done" if done else ""),
        f"Person {chosen.randrange(40)}",
        f"{created:%d/%b/%y %I:%M %p}",
        *(changed, changed if done else "", "backend", "api"),
        *(f"BIG Sprint {number // 500 + 1}", "", f"0|i{number:05}:"),
        *(chosen.choice(["", "1", "2", "3", "5"]), "", "Done" if done else "To Do", changed),
        *("Some text of some length " * (column == 0) for column in range(UNREAD)),
    ]
