"""Data folder of a local stack: one owner, private keys, sockets within the length limit."""

import socket
import stat
import tempfile
from pathlib import Path

import pytest

from deploy.errors import DataFolderInUse, StackError
from deploy.local.folder import DataFolder, StackState


def test_data_folder_is_locked_by_one_stack_at_a_time(tmp_path: Path) -> None:
    first, second = DataFolder(tmp_path), DataFolder(tmp_path)
    first.claim()
    with pytest.raises(DataFolderInUse, match=f"data folder {tmp_path} is in use"):
        second.claim()
    first.release()
    second.claim()
    assert second.holder() is not None
    second.release()
    assert second.holder() is None


def test_claim_removes_the_announcement_of_a_killed_stack(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.claim()
    state = StackState(1, 8100, {"project": "http://127.0.0.1:8101"}, "2026-01-05T09:00:00+00:00")
    folder.announce(state)
    assert DataFolder(tmp_path).state() == state
    folder.release()
    folder.claim()
    assert folder.state() is None
    folder.release()


def test_key_is_created_once_and_readable_by_its_owner_only(tmp_path: Path) -> None:
    key = DataFolder(tmp_path).key("admin")
    assert DataFolder(tmp_path).key("admin") == key
    assert DataFolder(tmp_path).key("service") != key
    assert stat.S_IMODE((tmp_path / "admin.key").stat().st_mode) == 0o600


@pytest.mark.parametrize(("length", "short"), [(81, False), (82, True)])
def test_sockets_move_to_a_short_folder_when_their_path_would_be_too_long(
    length: int, short: bool
) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as parent:
        path = Path(parent) / ("x" * (length - len(parent) - 1))
        path.mkdir()
        folder = DataFolder(path)
        sockets = folder.make_sockets()
        assert (sockets.parent != path) is short
        with socket.socket(socket.AF_UNIX) as longest:
            longest.bind(str(sockets / ".s.PGSQL.5432"))
        folder.clear_sockets()
        assert not sockets.exists()
        assert list(path.iterdir()) == []


def test_path_that_is_not_a_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(StackError, match=f"cannot use data folder {file}: "):
        DataFolder(file).claim()
