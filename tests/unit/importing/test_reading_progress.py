"""Progress while rows are read."""

from pathlib import Path

from agent.importing.options import ImportOptions
from agent.importing.reading.files import recognise_files
from agent.importing.reading.progress import STEP_ROWS


def _export(folder: Path, name: str, rows: int) -> Path:
    path = folder / f"{name}.csv"
    lines = [f"{name}-{number},{name},2024-03-13,Task" for number in range(rows)]
    path.write_text("\n".join(["Key,Project,Created,Summary", *lines, "Total: 3 rows,,,", ""]))
    return path


def test_progress_counts_the_rows_of_all_files_and_ends_at_all_of_them(tmp_path: Path) -> None:
    paths = [_export(tmp_path, "A", 2 * STEP_ROWS + 5), _export(tmp_path, "B", 7)]
    calls: list[tuple[int, float | None]] = []
    recognitions = recognise_files(
        paths, ImportOptions(), lambda rows, share: calls.append((rows, share))
    )
    rows = [count for count, _ in calls]
    shares = [share for _, share in calls if share is not None]
    assert sum(recognition.rows for recognition in recognitions) == 2 * STEP_ROWS + 12
    assert rows[-1] == 2 * STEP_ROWS + 12
    assert {STEP_ROWS, 2 * STEP_ROWS} <= set(rows)
    assert rows == sorted(rows)
    assert len(shares) == len(calls)
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] == 1.0


def test_a_table_knows_its_rows_without_repeated_headers_and_summaries(tmp_path: Path) -> None:
    path = _export(tmp_path, "A", 3)
    text = path.read_text().splitlines()
    path.write_text("\n".join([*text[:2], text[0], *text[2:], ""]))
    calls: list[tuple[int, float | None]] = []
    recognise_files([path], ImportOptions(), lambda rows, share: calls.append((rows, share)))
    assert calls[-1] == (3, 1.0)
