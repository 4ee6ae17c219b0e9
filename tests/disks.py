"""Small disks that a test may fill."""

import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def small_disk(size_bytes: int) -> Iterator[Path]:
    """Mount a small file system in memory; skip where this account may not mount one."""
    folder = Path(tempfile.mkdtemp(prefix="dsm-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "dsm-test", str(folder)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        folder.rmdir()
        pytest.skip(f"this account may mount no small disk to fill: {error}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def fill(folder: Path) -> Path:
    """Fill the disk of a folder by a file, which is returned."""
    file = folder / "fill"
    with file.open("wb", buffering=0) as writing, suppress(OSError):
        while writing.write(bytes(1 << 16)):
            pass
    return file
