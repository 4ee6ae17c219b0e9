"""The notebooks run on the demo's data, show pictures and tables, and leave nothing behind."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jupytext
import nbformat
import psycopg
import pytest

from agent.analysis.open_stack import ROOT
from agent.cli.demo import DEFAULT_DAY
from deploy.local import control
from tests.conftest import roomy_memory
from tests.e2e.conftest import Dsm
from tests.e2e.machine import until
from tests.ports import free_port

FOLDER = ROOT / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("[0-9]*.py"))
MOST_BYTES = 1_500_000
# Absolute paths, and an IPython or Python warning with its place.
UNWANTED = re.compile(
    r"(?<![\w:/.])/(?:home|root|tmp|usr|work|Users|dev|opt|var)/|Warning:|Traceback"
)
KEPT = {
    "dsm_agent_memory": ("runs", "run_steps", "run_inputs", "episodes", "deliveries"),
    "dsm_chronicle": ("decision_audits",),
    "dsm_sprint": ("sprints",),
    "dsm_backlog": ("tasks",),
}


@dataclass
class Executed:
    """All notebooks after a run on a running stack."""

    notebooks: dict[str, Any]
    """Notebooks with their outputs, by name."""
    before: dict[str, int]
    """Rows of each table before the run."""
    after: dict[str, int]
    """Rows after it."""
    phase: str
    """Phase of the stack after it."""


@pytest.fixture(scope="module")
def stack() -> Iterator[Dsm]:
    """Start the demo, and keep its stack."""
    with tempfile.TemporaryDirectory(prefix="dsm-tests-", dir=roomy_memory()) as folder:
        started = Dsm(Path(folder) / DEFAULT_DAY, free_port(in_a_row=7))
        options = ["--keep", "--data-dir", folder, "--base-port", str(started.base_port)]
        try:
            done = started.run("demo", *options)
            assert done.returncode == 0, done.stderr + done.stdout
            yield started
        finally:
            started.run("down")


@pytest.fixture(scope="module")
def executed(stack: Dsm) -> Executed:
    if control.status(stack.data_dir).phase == "stopped":
        stack.run("up", "--detach", "--base-port", str(stack.base_port))
    # The audit of a decision reaches the chronicle after the answer.
    until(lambda: _audits_owed(stack) == 0, "delivery of the demo's audits")
    before = _rows(stack)
    with tempfile.TemporaryDirectory(prefix="dsm-tests-") as out:
        done = _execute(stack, "--out", out)
        assert done.returncode == 0, done.stderr
        notebooks = {path.stem: nbformat.read(path, 4) for path in Path(out).glob("*.ipynb")}
    return Executed(notebooks, before, _rows(stack), control.status(stack.data_dir).phase)


def _execute(stack: Dsm, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DSM_DATA_DIR": str(stack.data_dir), **variables}
    return subprocess.run(
        [sys.executable, str(FOLDER / "execute.py"), *arguments],
        capture_output=True,
        text=True,
        timeout=400,
        env=environment,
        cwd="/",
        check=False,
    )


def _rows(stack: Dsm) -> dict[str, int]:
    counts: dict[str, int] = {}
    for database, tables in KEPT.items():
        target = f"host={stack.data_dir / 'sockets'} user=postgres dbname={database}"
        with psycopg.connect(target) as connection:
            for table in tables:
                count: Any = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
                counts[table] = count[0]
    return counts


def _audits_owed(stack: Dsm) -> int:
    target = f"host={stack.data_dir / 'sockets'} user=postgres dbname=dsm_agent_memory"
    with psycopg.connect(target) as connection:
        owed: Any = connection.execute(
            "SELECT count(*) FROM deliveries WHERE delivered_at IS NULL"
        ).fetchone()
    return int(owed[0])


def _outputs(notebook: Any) -> Iterator[Any]:
    for cell in notebook.cells:
        yield from cell.get("outputs", [])


def _text(output: Any) -> str:
    shown = output.get("data", {})
    return "".join(
        [output.get("text", ""), shown.get("text/plain", ""), shown.get("text/html", "")]
    )


def _faults(notebook: Any) -> list[str]:
    faults = [output.ename for output in _outputs(notebook) if output.output_type == "error"]
    faults += [_text(output) for output in _outputs(notebook) if output.get("name") == "stderr"]
    texts = [_text(output) for output in _outputs(notebook)]
    return faults + [match.group() for text in texts for match in UNWANTED.finditer(text)]


def test_every_notebook_shows_pictures_and_tables(executed: Executed) -> None:
    assert sorted(executed.notebooks) == NAMES
    for name, notebook in executed.notebooks.items():
        kinds = [kind for output in _outputs(notebook) for kind in output.get("data", {})]
        assert kinds.count("image/png") >= 3, name
        assert "text/html" in kinds, name


def test_no_executed_output_holds_an_error_a_path_or_a_warning(executed: Executed) -> None:
    assert {name: _faults(notebook) for name, notebook in executed.notebooks.items()} == {
        name: [] for name in NAMES
    }


def test_looking_leaves_no_trace(executed: Executed) -> None:
    assert executed.before["runs"] == 2
    assert executed.after == executed.before


def test_running_stack_is_left_running_and_one_at_rest_is_started_and_stopped(
    executed: Executed, stack: Dsm
) -> None:
    assert executed.phase == "running"
    stack.run("down")
    reader = """
from agent.analysis import frames
from agent.analysis.open_stack import open_stack
stack = open_stack()
print(stack.started, len(stack.read(frames.read_runs)), stack.name)
stack.close()
"""
    done = subprocess.run(
        [sys.executable, "-c", reader],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "DSM_DATA_DIR": str(stack.data_dir)},
        check=False,
    )
    assert done.stdout == "True 2 the folder that DSM_DATA_DIR names\n", done.stderr
    assert control.status(stack.data_dir).phase == "stopped"


@pytest.mark.parametrize("name", NAMES)
def test_committed_pair_of_files_has_the_same_cells(name: str) -> None:
    plain = (FOLDER / f"{name}.py").read_text()
    notebook = jupytext.read(FOLDER / f"{name}.ipynb")
    assert [
        (cell.cell_type, cell.source) for cell in jupytext.reads(plain, "py:percent").cells
    ] == [(cell.cell_type, cell.source) for cell in notebook.cells]


@pytest.mark.parametrize("name", NAMES)
def test_committed_notebook_has_been_executed_without_faults(name: str) -> None:
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", 4)
    counts = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert _faults(notebook) == []


def test_committed_notebooks_are_small() -> None:
    paths = sorted(FOLDER.glob("*.ipynb"))
    assert [path.stem for path in paths] == NAMES
    assert sum(path.stat().st_size for path in paths) < MOST_BYTES
