"""Memory of the preview and of the import of a large export."""

import subprocess
import sys
from pathlib import Path

from benchmarks.imports import write_export

ROWS = 20_000
# A task and its share of the history; a row's 41 cells alone would take 2,500 bytes more.
MOST_BYTES_A_ROW = 2_000
# Documents of all tasks, and one of all known rows, would take 1,500 bytes more.
MOST_BYTES_OF_AN_IMPORT = 2_300
# Rows before that equal those of the file are these; each of them twice would take 3,300 more.
MOST_BYTES_OF_A_SECOND_IMPORT = 3_500
# Each takes ten seconds.
MOST_SECONDS = 300
# The peak of a process of its own, by the kernel: nothing else has grown before.
_PEAKS = """
import re, sys
from datetime import date
from pathlib import Path

from agent.importing.history.study import study_files
from agent.importing.loading.plan import check
from agent.importing.options import ImportOptions
from agent.importing.reading.files import recognise_files

DAY = date(2026, 6, 1)


def preview(path):
    recognitions = recognise_files([Path(path)], ImportOptions())
    study = study_files(recognitions, {}, DAY, None, DAY)
    for history in study.histories:
        check(history, study.day, study.clock)
    peak = re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())
    return len(recognitions[0].tasks), int(peak[1]) * 1024


_, before = preview(sys.argv[1])
tasks, after = preview(sys.argv[2])
print(tasks, after - before)
"""

# The second run of it finds what the first has stored.
_IMPORT = """
import asyncio, pickle, re, sys
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.imports.job import Job
from agent.imports.process import Services, Worker
from agent.imports.schema import ImportRequest
from tests.unit.importing.stored_services import URLS, StoredServices

small, large, state = map(Path, sys.argv[1:])


async def work(stored, path):
    with TemporaryDirectory() as folder:
        job = Job(
            writes=True, folder=folder, files=[path], request=ImportRequest(), saved=[],
            urls=URLS, key="key", memory_bytes=2**30, cpu_seconds=600,
        )
        async with stored.client() as http:
            await Worker(job, Services(http, job), lambda line: None).work()


def peak(stored, path):
    asyncio.run(work(stored, path))
    return int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024


warm = StoredServices()
for _ in range(2):
    before = peak(warm, small)
stored = pickle.loads(state.read_bytes()) if state.exists() else StoredServices()
after = peak(stored, large)
state.write_bytes(pickle.dumps(stored))
print(stored.known_tasks(), after - before)
"""


def test_a_preview_keeps_the_tasks_of_a_large_export_and_not_its_rows(tmp_path: Path) -> None:
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    write_export(small, 200)
    write_export(large, ROWS)
    output = subprocess.run(
        [sys.executable, "-c", _PEAKS, small, large],
        check=True,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
    ).stdout
    tasks, peak_bytes = map(int, output.split())
    assert tasks == ROWS
    assert peak_bytes / ROWS < MOST_BYTES_A_ROW


def test_imports_hold_each_task_once_and_no_document_of_all(tmp_path: Path) -> None:
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    write_export(small, 200)
    write_export(large, ROWS)
    for most in (MOST_BYTES_OF_AN_IMPORT, MOST_BYTES_OF_A_SECOND_IMPORT):
        output = subprocess.run(
            [sys.executable, "-c", _IMPORT, small, large, tmp_path / "state"],
            check=True,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
        ).stdout
        tasks, peak_bytes = map(int, output.split())
        assert tasks == ROWS
        assert peak_bytes / ROWS < most
