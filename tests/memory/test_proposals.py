"""A run that waits for a person is carried out by nobody, and one answer to it holds."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString
from uuid import UUID

import pytest
from uuid_utils.compat import uuid7

from domain_services.chronicle.schema import DecisionAuditCreate
from memory.proposals import Proposal, Proposals, Review
from memory.run import LeaseLost, RequestKey, Run, RunError, RunInProgress, Status
from tests.memory.conftest import Memory, decide, perceive, remember

LEASE = 60.0
PAST = 1e-6  # a lease that has ended when the next statement begins
# Statement by which the release before claims runs whose lease has ended.
CLAIM_OF_RELEASE_BEFORE: LiteralString = """
    SELECT run_id FROM runs WHERE status = 'decided' AND lease_until < now()
"""


def audit(audit_id: UUID, project_id: str = "ALPHA", **decision: Any) -> DecisionAuditCreate:
    return DecisionAuditCreate(
        audit_id=audit_id,
        project_id=project_id,
        decision_source="rule_based_only",
        decision=decision,
        actor="test",
        run_id=str(audit_id),
        timestamp=datetime(2026, 3, 2, tzinfo=UTC),
    )


def proposal(run: Run, **changes: Any) -> Proposal:
    return Proposal(
        **{
            "decision": decide(tasks=6),
            "response": decide(reasoning="waits"),
            "fingerprint": "f1",
            "rests_on": {"sprint": None},
            "expires_at": datetime.now(UTC) + timedelta(days=1),
            "episode": remember(
                perceive(run.project_id), episode_id=run.run_id, outcome=None, sprint_id=None
            ),
            "audit": audit(run.run_id, run.project_id, effect="not_approved"),
        }
        | changes
    )


def review(run: Run, by: str = "lena", **changes: Any) -> Review:
    deed_id = uuid7()
    return Review(
        **{
            "by": by,
            "fingerprint": "f1",
            "document": {"decisions": []},
            "deed_id": deed_id,
            "deed": audit(deed_id, run.project_id, kind="deed", deed="approved", by=by),
        }
        | changes
    )


async def wait(memory: Memory, project_id: str = "ALPHA", **changes: Any) -> Run:
    """Let a run wait for a person."""
    run = await memory.runs.start(project_id, {"dry_run": False}, LEASE)
    await Proposals(memory.pool).propose(run, proposal(run, **changes))
    return await stored(memory, run)


async def stored(memory: Memory, run: Run) -> Run:
    row = await memory.runs.get(run.run_id)
    assert row is not None
    return row


async def status(memory: Memory, run: Run) -> Status:
    return (await stored(memory, run)).status


async def column(memory: Memory, query: LiteralString) -> list[Any]:
    async with memory.pool.connection() as connection:
        return [row[0] for row in await (await connection.execute(query)).fetchall()]


EPISODES: LiteralString = "SELECT episode ->> 'review' FROM episode_journal ORDER BY 1"
AUDITS: LiteralString = """
    SELECT coalesce(body #>> '{decision,status}', body #>> '{decision,deed}')
    FROM deliveries ORDER BY 1
"""
BLOCKED: LiteralString = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock'
"""


async def test_waiting_run_is_claimed_by_no_recovery_of_this_release_or_the_one_before(
    memory: Memory,
) -> None:
    run = await memory.runs.start("ALPHA", {}, PAST)
    await Proposals(memory.pool).propose(run, proposal(run))
    assert await memory.recovery.due() == []
    assert await column(memory, CLAIM_OF_RELEASE_BEFORE) == []
    assert await memory.runs.unfinished() == (0, 0.0)
    waiting = await stored(memory, run)
    assert (waiting.status, waiting.fingerprint, waiting.ended_at) == ("waiting", "f1", None)
    assert (waiting.response or {})["reasoning"] == "waits"


async def test_proposal_of_a_former_holder_is_refused(memory: Memory) -> None:
    run = await memory.runs.start("ALPHA", {}, LEASE)
    await memory.runs.fail(run.run_id, run.token, RunError(kind="Unavailable", detail="away"))
    with pytest.raises(LeaseLost):
        await Proposals(memory.pool).propose(run, proposal(run))
    assert await status(memory, run) == "failed"
    newer = await memory.runs.start("BETA", {}, LEASE)
    with pytest.raises(LeaseLost):
        await Proposals(memory.pool).propose(replace(newer, token=newer.token - 1), proposal(newer))
    assert await status(memory, newer) == "running"


async def test_another_orchestration_may_begin_while_a_run_waits(memory: Memory) -> None:
    await wait(memory)
    assert (await memory.runs.start("ALPHA", {}, LEASE)).status == "running"


async def test_approval_takes_the_run_to_be_carried_out_by_its_newest_holder(
    memory: Memory,
) -> None:
    waiting = await wait(memory)
    approved = await Proposals(memory.pool).approve(waiting, review(waiting))
    assert approved is not None
    assert (approved.status, approved.reviewed_by) == ("decided", "lena")
    assert approved.token > waiting.token
    assert (approved.decision, approved.proposal) == (waiting.decision, None)
    # Who asks again while it acts must not read that it waits.
    assert approved.response is None
    assert await column(memory, AUDITS) == ["approved"]
    # It is held anew: no recovery makes its calls beside whoever approved it.
    assert await memory.recovery.due() == []
    await memory.runs.finish(
        approved.run_id, approved.token, decide(), remember(perceive(), episode_id=approved.run_id)
    )
    assert await status(memory, waiting) == "done"


async def test_edited_decision_is_carried_out_and_the_proposal_stays_beside_it(
    memory: Memory,
) -> None:
    waiting = await wait(memory)
    approved = await Proposals(memory.pool).approve(
        waiting, review(waiting, decision=decide(tasks=4))
    )
    assert approved is not None
    assert (approved.decision or {})["tasks"] == 4
    assert (approved.proposal or {})["tasks"] == 6


async def test_one_of_simultaneous_answers_holds(memory: Memory) -> None:
    waiting, proposals = await wait(memory), Proposals(memory.pool)
    answers = await asyncio.gather(
        *(proposals.approve(waiting, review(waiting, by=f"P{number}")) for number in range(5)),
        *(proposals.reject(waiting, review(waiting, by=f"R{number}")) for number in range(5)),
        return_exceptions=True,
    )
    winners = [answer for answer in answers if isinstance(answer, Run) or answer is True]
    others = {type(answer) for answer in answers} - {Run, bool, type(None)}
    assert (len(winners), others - {RunInProgress}) == (1, set())
    assert len(await column(memory, AUDITS)) == (2 if winners == [True] else 1)


async def test_answer_to_another_fingerprint_or_approval_after_the_end_holds_nothing(
    memory: Memory,
) -> None:
    waiting, proposals = await wait(memory), Proposals(memory.pool)
    assert await proposals.approve(waiting, review(waiting, fingerprint="f2")) is None
    assert not await proposals.reject(waiting, review(waiting, fingerprint="f2"))
    late = await wait(memory, "BETA", expires_at=datetime.now(UTC) - timedelta(seconds=1))
    assert await proposals.approve(late, review(late)) is None
    assert [await status(memory, run) for run in (waiting, late)] == ["waiting", "waiting"]
    assert await column(memory, AUDITS) == []


async def test_decided_run_that_was_approved_is_recovered_when_its_lease_has_ended(
    memory: Memory,
) -> None:
    run = await memory.runs.start("ALPHA", {}, PAST)
    await Proposals(memory.pool).propose(run, proposal(run))
    approved = await Proposals(memory.pool).approve(run, review(run))
    assert approved is not None
    [claimed] = await memory.recovery.due()
    assert (claimed.run_id, claimed.token) == (run.run_id, approved.token + 1)


async def test_approval_is_refused_while_another_run_of_the_project_is_unfinished(
    memory: Memory,
) -> None:
    waiting = await wait(memory)
    newer = await memory.runs.start("ALPHA", {"dry_run": False}, LEASE)
    with pytest.raises(RunInProgress) as refusal:
        await Proposals(memory.pool).approve(waiting, review(waiting))
    assert refusal.value.fields["run_id"] == str(newer.run_id)
    assert await status(memory, waiting) == "waiting"


async def test_rejection_ends_the_run_with_its_episode_its_audit_and_the_deed(
    memory: Memory,
) -> None:
    waiting = await wait(memory)
    assert await Proposals(memory.pool).reject(waiting, review(waiting))
    assert await status(memory, waiting) == "rejected"
    assert await column(memory, EPISODES) == ["rejected"]
    assert await column(memory, AUDITS) == ["approved", "rejected"]
    assert await memory.journal.drain() == 1
    assert await column(memory, "SELECT effect FROM episodes") == ["not_approved"]


async def test_expired_run_ends_once_without_a_person(memory: Memory) -> None:
    late = await wait(memory, expires_at=datetime.now(UTC) - timedelta(seconds=1))
    waiting, proposals = await wait(memory, "BETA"), Proposals(memory.pool)
    assert [run.run_id for run in await proposals.due()] == [late.run_id]
    assert [await proposals.expire(run) for run in (late, late, waiting)] == [True, False, False]
    assert await proposals.due() == []
    expired = await stored(memory, late)
    assert (expired.status, expired.reviewed_by) == ("expired", None)
    assert await column(memory, EPISODES) == ["expired"]
    assert await column(memory, AUDITS) == ["expired"]


@pytest.mark.parametrize("path", ["proposes", "acts", "plans nothing"])
async def test_newer_decision_supersedes_the_waiting_one(memory: Memory, path: str) -> None:
    waiting = await wait(memory)
    other = await wait(memory, "BETA")
    newer = await memory.runs.start("ALPHA", {"dry_run": False}, LEASE)
    if path == "proposes":
        await Proposals(memory.pool).propose(newer, proposal(newer))
    elif path == "acts":
        await memory.runs.decided(newer.run_id, newer.token, decide())
    else:
        episode = remember(perceive(), episode_id=newer.run_id, outcome=None)
        await memory.runs.finish(newer.run_id, newer.token, decide(), episode)
    superseded = await stored(memory, waiting)
    assert (superseded.status, superseded.superseded_by) == ("superseded", newer.run_id)
    assert "superseded" in await column(memory, EPISODES)
    assert await column(memory, AUDITS) == ["superseded"]
    assert not await Proposals(memory.pool).reject(superseded, review(waiting))
    assert await status(memory, other) == "waiting"


async def test_dry_run_and_failed_run_supersede_nothing(memory: Memory) -> None:
    waiting = await wait(memory)
    look = await memory.runs.start("ALPHA", {"dry_run": True}, LEASE)
    episode = remember(perceive(), episode_id=look.run_id, outcome=None, dry_run=True)
    await memory.runs.finish(look.run_id, look.token, decide(), episode)
    broken = await memory.runs.start("ALPHA", {"dry_run": False}, LEASE)
    error = RunError(kind="Unavailable", detail="away")
    await memory.runs.fail(broken.run_id, broken.token, error)
    assert await status(memory, waiting) == "waiting"


async def test_approvals_and_newer_decisions_at_once_wait_for_each_other(memory: Memory) -> None:
    for _ in range(10):
        waiting, proposals = await wait(memory), Proposals(memory.pool)
        newer = await memory.runs.start("ALPHA", {"dry_run": False}, LEASE)
        results = await asyncio.gather(
            proposals.propose(newer, proposal(newer)),
            proposals.approve(waiting, review(waiting)),
            return_exceptions=True,
        )
        assert {type(result) for result in results} <= {type(None), RunInProgress}
        assert await status(memory, waiting) == "superseded"
        assert await status(memory, newer) == "waiting"


async def test_proposal_holds_no_waiting_run_while_an_approval_holds_the_unfinished_one(
    memory: Memory,
) -> None:
    waiting = await wait(memory)
    newer = await memory.runs.start("ALPHA", {"dry_run": False}, LEASE)
    async with memory.pool.connection() as connection, connection.transaction():
        # As an approval begins: in the other order, each of the two would wait for the other.
        await connection.execute("SELECT FROM runs WHERE run_id = %s FOR UPDATE", (newer.run_id,))
        proposing = asyncio.create_task(Proposals(memory.pool).propose(newer, proposal(newer)))
        async with asyncio.timeout(20):
            while await column(memory, BLOCKED) == [0]:
                await asyncio.sleep(0.01)
        await connection.execute(
            "SELECT FROM runs WHERE run_id = %s FOR UPDATE NOWAIT", (waiting.run_id,)
        )
    await proposing
    assert await status(memory, waiting) == "superseded"


async def test_repeated_request_gets_its_waiting_run_until_its_key_is_old(memory: Memory) -> None:
    key = RequestKey("caller", "key", "hash")
    run = await memory.runs.start("ALPHA", {}, LEASE, key=key)
    await Proposals(memory.pool).propose(run, proposal(run))
    again = await memory.runs.start("ALPHA", {}, LEASE, key=key)
    assert (again.run_id, again.status) == (run.run_id, "waiting")
    async with memory.pool.connection() as connection:
        await connection.execute("UPDATE runs SET started_at = now() - interval '9 days'")
    assert (await memory.runs.start("ALPHA", {}, LEASE, key=key)).run_id != run.run_id


async def test_waiting_runs_of_a_project_are_listed_and_counted(memory: Memory) -> None:
    first = await wait(memory)
    await wait(memory, "BETA")
    proposals = Proposals(memory.pool)
    assert [run.run_id for run in await proposals.of_project("ALPHA")] == [first.run_id]
    count, seconds = await proposals.count()
    assert count == 2
    assert seconds is not None
    assert 0 < seconds <= 86_400
