"""Memory of the preview of a large export."""

import subprocess
import sys
from pathlib import Path

from benchmarks.imports import write_export

ROWS = 20_000
# A task and its share of the history; a row's 41 cells alone would take 2,500 bytes more.
MOST_BYTES_A_ROW = 2_000
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


def test_a_preview_keeps_the_tasks_of_a_large_export_and_not_its_rows(tmp_path: Path) -> None:
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    write_export(small, 200)
    write_export(large, ROWS)
    output = subprocess.run(
        [sys.executable, "-c", _PEAKS, small, large], check=True, capture_output=True, text=True
    ).stdout
    tasks, peak_bytes = map(int, output.split())
    assert tasks == ROWS
    assert peak_bytes / ROWS < MOST_BYTES_A_ROW
