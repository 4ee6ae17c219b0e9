"""Fixture of a cluster that is served."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from tests.kubernetes.rig import Rig, open_rig


@pytest.fixture
async def rig(database_url: Callable[[str], str], tmp_path: Path) -> AsyncIterator[Rig]:
    async with open_rig(database_url, tmp_path) as rig, rig.serving():
        yield rig
