"""The stack that a notebook reads is found from the checkout, whatever the working folder."""

import os
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from agent.analysis.open_stack import CannotShow, find_folder, open_stack
from deploy.local.folder import DataFolder


def _used(folder: Path, seconds: float) -> Path:
    folder.mkdir(parents=True)
    lock = folder / "stack.lock"
    lock.touch()
    os.utime(lock, (seconds, seconds))
    return folder


def test_without_data_one_sentence_says_how_to_get_some(tmp_path: Path) -> None:
    with pytest.raises(CannotShow, match="make demo KEEP=1") as refused:
        open_stack({}, tmp_path)
    assert refused.value._render_traceback_() == [str(refused.value)]


def test_cell_shows_the_sentence_in_place_of_a_trace(capsys: pytest.CaptureFixture[str]) -> None:
    shell = InteractiveShell()
    shell.user_ns["find_folder"] = find_folder
    done = shell.run_cell("find_folder({'DSM_DATA_DIR': 'none'}, __import__('pathlib').Path('/'))")
    assert isinstance(done.error_in_exec, CannotShow)
    assert capsys.readouterr().out.strip() == str(done.error_in_exec)


def test_named_folder_that_is_not_there_is_said_without_its_path(tmp_path: Path) -> None:
    with pytest.raises(CannotShow, match="DSM_DATA_DIR") as refused:
        find_folder({"DSM_DATA_DIR": str(tmp_path / "none")}, tmp_path)
    assert str(tmp_path) not in str(refused.value)


def test_relative_name_counts_from_the_checkout(tmp_path: Path) -> None:
    folder = _used(tmp_path / "data", 1)
    assert find_folder({"DSM_DATA_DIR": "data"}, tmp_path) == folder


def test_demo_used_last_is_read_when_none_runs(tmp_path: Path) -> None:
    _used(tmp_path / ".dsm", 9)
    newest = _used(tmp_path / ".dsm/demo/2016-09-26", 5)
    _used(tmp_path / ".dsm/demo/2017-03-13", 3)
    assert find_folder({}, tmp_path) == newest


def test_running_stack_is_read_before_one_at_rest(tmp_path: Path) -> None:
    own = _used(tmp_path / ".dsm", 1)
    _used(tmp_path / ".dsm/demo/2016-09-26", 5)
    running = DataFolder(own)
    running.claim()
    try:
        assert find_folder({}, tmp_path) == own
    finally:
        running.release()
