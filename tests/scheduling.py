"""Distribution of the tests over parallel workers, so that all end at about the same time."""

import pytest
from xdist.scheduler import LoadScopeScheduling

# Begun first, the slowest of them first: what begins last decides when the run ends.
SLOW = (
    "tests/house/test_hostile_corpus.py",
    "tests/e2e/",
    "tests/notebooks/",
    "tests/faults/",
    "tests/house/",
    "tests/migrations/",
    "tests/deploy/",
    "tests/agent/test_import_walk.py",
    "tests/golden/",
    "tests/memory/test_episode_recall.py",
)
# A minute or two for one service: each goes to whichever worker is free.
SEPARATE = "tests/house/test_hostile_corpus.py::test_answers_are_as_documented["


def cost_rank(nodeid: str) -> int:
    """Return the place of a test in the order; all that are not slow come last."""
    ranks = (rank for rank, prefix in enumerate(SLOW) if nodeid.startswith(prefix))
    return next(ranks, len(SLOW))


def sort_by_cost(items: list[pytest.Item]) -> None:
    """Put slow tests first; the random order within equal ranks stays."""
    items.sort(key=lambda item: cost_rank(item.nodeid))


class SlowestFirst(LoadScopeScheduling):
    """Hands out whole files in the order of collection, and a few tests one by one.

    xdist itself would begin with the files of most tests, which are the quick ones.
    """

    def __init__(self, config: pytest.Config, log: object = None) -> None:
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return nodeid if nodeid.startswith(SEPARATE) else super()._split_scope(nodeid)
