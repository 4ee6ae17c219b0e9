"""A served process may open as many descriptors as its connections need."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.serving import descriptors
from tests.serving.conftest import Serve

NAMES = resource.RLIMIT_NOFILE


@pytest.fixture
def few() -> Iterator[int]:
    """Lower the soft limit, which processes inherit, as a shell has it; give the hard one."""
    soft, hard = resource.getrlimit(NAMES)
    resource.setrlimit(NAMES, (1024, hard))
    yield hard
    resource.setrlimit(NAMES, (soft, hard))


def _soft_limit_of(pid: int) -> int:
    [line] = [
        line
        for line in Path(f"/proc/{pid}/limits").read_text().splitlines()
        if line.startswith("Max open files")
    ]
    return int(line.split()[3])


def test_served_process_raises_its_soft_limit(few: int, serve_process: Serve) -> None:
    if few < 4096 + 256:
        pytest.skip("the hard limit of this machine is below what a service needs")
    served = serve_process("slow-one")
    served.until("/health", 200)
    assert _soft_limit_of(served.process.pid) == min(few, descriptors.MOST)


def test_hard_limit_is_neither_passed_nor_lowered() -> None:
    """In a process of its own: a lowered hard limit cannot be raised again."""
    program = (
        "import resource as r; from deploy.serving import descriptors as d;"
        "r.setrlimit(r.RLIMIT_NOFILE, (300, 500));"
        "limit = d.raise_limit(); d.warn_of_few(limit, 4096);"
        "print(limit, *r.getrlimit(r.RLIMIT_NOFILE))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120
    )
    *_, last = answer.stdout.splitlines()
    assert last == "500 500 500"
    assert "serving.descriptors_scarce" in answer.stdout
    assert "DSM_HTTP__CONNECTIONS" in answer.stdout
