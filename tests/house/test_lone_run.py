"""Second, lone run of failed tests: its selection, its list of names, its exit code."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUITE = """
import pathlib
import pytest

@pytest.mark.parametrize("name", ["a b", "c/d[e]"])
def test_fails_once(name):
    mark = pathlib.Path(f"failed-{len(name)}")
    if not mark.exists():
        mark.touch()
        pytest.fail("once")

def test_passes():
    pass
"""
BROKEN = "\ndef test_is_broken():\n    assert False\n"
FLOOR = "import sys; sys.exit(2)"  # as pytest-cov's end when only the floor is missed


@pytest.fixture
def folder(tmp_path: Path, repository: Path) -> Path:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "lone_run.py").symlink_to(repository / ".ci" / "lone_run.py")
    return tmp_path


def lone_run(folder: Path, suite: str, *command: str) -> tuple[int, list[str], str]:
    """Run the script over a suite; return its exit code, the names it wrote and its output."""
    (folder / "test_suite.py").write_text(suite)
    pytest_alone = [sys.executable, "-m", "pytest"]
    done = subprocess.run(
        [sys.executable, "lone_run.py", "--names", "names", "--", *(command or pytest_alone)],
        cwd=folder,
        # The plugins of this project take longer to import than the small suite runs.
        env=os.environ
        | {
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTEST_ADDOPTS": "",
            "PYTEST_DEBUG_TEMPROOT": str(folder),
        },
        capture_output=True,
        text=True,
        check=False,
    )
    names = folder / "names"
    return done.returncode, names.read_text().splitlines() if names.exists() else [], done.stdout


def test_failure_that_passes_alone_is_named_and_passes_the_build(folder: Path) -> None:
    code, names, _ = lone_run(folder, SUITE)
    assert code == 0
    assert names == [
        "test_suite.py::test_fails_once[a b]",
        "test_suite.py::test_fails_once[c/d[e]]",
    ]


def test_failure_that_repeats_fails_the_build_and_is_not_named(folder: Path) -> None:
    code, names, output = lone_run(folder, SUITE + BROKEN)
    assert code == 1
    assert len(names) == 2
    assert "test_is_broken FAILED" in output


def test_a_suite_that_passes_is_not_repeated(folder: Path) -> None:
    code, names, output = lone_run(folder, "def test_passes():\n    pass\n")
    assert (code, names) == (0, [])
    assert "again, alone" not in output


def test_a_file_that_cannot_be_read_fails_the_build(folder: Path) -> None:
    code, names, _ = lone_run(folder, "import nothing_of_that_name\n")
    assert code != 0
    assert names == []


def test_a_command_that_fails_without_a_failed_test_fails_the_build(folder: Path) -> None:
    lone_run(folder, SUITE + BROKEN)  # leaves a record that must not be taken for this run's
    code, names, output = lone_run(folder, SUITE, sys.executable, "-c", FLOOR)
    assert code == 2
    assert len(names) == 2
    assert "again, alone" not in output
