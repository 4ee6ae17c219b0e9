"""The installation's own work: done once for a due time, and ended before its Job is."""

from datetime import UTC, datetime
from typing import Any, cast

import pytest

from agent.client import FIRING_SECONDS
from agent.jobs.cluster.objects import LONGEST_RUN_SECONDS
from agent.jobs.own_jobs import MOST_SECONDS, own_work
from agent.jobs.schedule import CLAIM_SECONDS
from domain_services.kernel.background import ItemsFailed
from memory.backfill import Backfilled
from memory.embed import BATCH
from memory.embedder import CALL_SECONDS, SECONDS_A_TEXT
from tests.agent.conftest import get
from tests.graphs.conftest import System


class Store:
    """Backfill and retention that have more work than time, or not."""

    def __init__(self, *, is_endless: bool) -> None:
        self.is_endless = is_endless

    async def backfill_all(self, seconds: float) -> Backfilled:
        assert seconds == MOST_SECONDS
        return Backfilled(7, 1, "words-1", is_cut_off=self.is_endless)

    rules = ("one", "other")

    @property
    def is_more_due(self) -> bool:
        return self.is_endless

    async def delete_ended(self, seconds: float) -> Any:
        assert seconds == MOST_SECONDS / 2
        return {"runs": 500, "checkpoints": 3}


@pytest.mark.parametrize("is_endless", [True, False])
async def test_work_without_an_end_says_that_it_goes_on(*, is_endless: bool) -> None:
    store = cast(Any, Store(is_endless=is_endless))
    work = own_work(store, store, store)
    rest = " The rest is done next time." if is_endless else ""
    assert await work["backfill"]() == f"7 episodes were embedded, 1 could not be.{rest}"
    assert await work["retention"]() == (
        f"Ended rows were deleted: 3 of checkpoints, 500 of runs.{rest}"
    )


async def test_table_that_fails_is_named_in_the_result() -> None:
    class Failing(Store):
        async def delete_ended(self, seconds: float) -> Any:
            raise ItemsFailed([("table runs", RuntimeError("no space"))])

    store = cast(Any, Failing(is_endless=False))
    assert await own_work(store, store, store)["retention"]() == (
        "Not every table could be cleaned: 1 failed: table runs"
    )


def test_work_ends_before_its_command_and_its_job_do() -> None:
    last_batch = CALL_SECONDS + SECONDS_A_TEXT * BATCH
    assert MOST_SECONDS + last_batch < FIRING_SECONDS < LONGEST_RUN_SECONDS
    assert MOST_SECONDS + last_batch < CLAIM_SECONDS["backfill"]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("backfill", "0 episodes were embedded, 0 could not be."),
        ("learn", "0 outcomes, 0 of them new: "),
        ("retention", "No row had ended."),
    ],
)
async def test_own_job_that_a_cluster_fires_is_done_once_and_kept_in_the_list(
    system: System, kind: str, words: str
) -> None:
    await system.start("orchestrator", schedule_poll_seconds=3600)
    path = f"/orchestrate/schedules/run-{kind}"
    body = {"due_at": datetime.now(UTC).isoformat()}
    fired = (await system.post("orchestrator", f"{path}/firings", body)).json()
    assert (fired["fired"], fired["result"].startswith(words)) == (True, True), fired
    assert (await get(system, path))["last_result"] == fired["result"]
    again = (await system.post("orchestrator", f"{path}/firings", body)).json()
    assert (again["fired"], "was done already" in again["result"]) == (False, True)
