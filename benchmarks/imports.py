"""Preview of a large export, beside a bare pass of the csv module over the same file."""

import asyncio
import csv
import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.figures import Figure, Samples, at_most
from benchmarks.stage import Stage

ROWS = 100_000
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
_OURS = """
import io, json, sys
from contextlib import redirect_stdout
sys.argv = ["dsm", "import", "csv", sys.argv[1], "--dry-run", "--json", "--data-dir", sys.argv[2]]
from agent.cli.main import main
answer = io.StringIO()
with redirect_stdout(answer):
    try:
        main()
    except SystemExit as ended:
        assert not ended.code, answer.getvalue()
rows = json.loads(answer.getvalue())["recognised"]["rows"]
"""


async def preview(stage: Stage) -> list[Figure]:
    """Processor time of a preview beside the floor, and the peak of its memory."""
    stage.say(f"preview of {ROWS:,} rows")
    with TemporaryDirectory(prefix="dsm-bench-") as name:
        folder = Path(name)
        path = folder / "export.csv"
        await asyncio.to_thread(write_export, path, ROWS)
        floors: list[float] = []
        ours: list[float] = []
        peak = 0.0
        for _ in range(1 if stage.quick else 3):
            floors.append((await _measure(_FLOOR, path))[0])
            seconds, megabytes = await _measure(_OURS, path, folder / "data")
            ours.append(seconds)
            peak = max(peak, megabytes)
    return [
        Figure(
            f"preview of {ROWS:,} rows, processor time",
            round(min(ours) / min(floors), 1),
            at_most(25),
            Samples((tuple(ours),)).latency(),
            Samples((tuple(floors),)).latency(),
        ),
        Figure(f"preview of {ROWS:,} rows, MB", round(peak), at_most(MOST_MEGABYTES)),
    ]


async def _measure(program: str, *arguments: Path) -> tuple[float, float]:
    """Run a program over all rows; return its seconds of the processor and its peak in MB."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program + _USAGE, *map(str, arguments), stdout=asyncio.subprocess.PIPE
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
