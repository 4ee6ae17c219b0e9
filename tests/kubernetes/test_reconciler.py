"""Reconciler: the cluster becomes like the table, whoever changed it, and once."""

import asyncio
import contextlib
import random
from datetime import date
from typing import Any

import pytest

from agent.jobs.cluster.objects import Pods, build
from domain_services.kernel.errors import Problem
from tests.kubernetes import statuses
from tests.kubernetes.rig import NAMESPACE, SCRUM, Rig
from tools.cronjobs import CronJob, cronjob_name


def scrum(number: int) -> CronJob:
    sprint_id = f"P1-S{number:02}"
    return SCRUM.model_copy(update={"name": cronjob_name(sprint_id), "sprint_id": sprint_id})


async def create_rows(rig: Rig, number: int) -> list[str]:
    """Create rows as a process leaves them that dies before it asks the cluster."""
    jobs = [await rig.table.create(scrum(index)) for index in range(1, number + 1)]
    return [job.name for job in jobs]


async def test_lost_objects_are_created_at_most_twenty_a_pass(rig: Rig) -> None:
    names = await create_rows(rig, 45)
    for written, remaining in ((20, 25), (20, 5), (5, 0), (0, 0)):
        done = await rig.reconciler.reconcile()
        assert (done.written, done.left) == (written, remaining)
    assert rig.names == names


async def test_list_of_more_than_one_page_is_read_to_its_end(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.jobs.cluster.api.PAGE", 2)
    await create_rows(rig, 5)
    await rig.reconciler.reconcile()
    done = await rig.reconciler.reconcile()
    assert done.written == 0
    rig.server.cluster.expire_pages = True
    done = await rig.reconciler.reconcile()
    assert done.written == 0
    lists = [request for request in rig.server.requests if "limit=2" in request]
    assert len(lists) > 6


async def test_deleted_and_changed_objects_are_put_right(rig: Rig) -> None:
    first, second, third = await create_rows(rig, 3)
    await rig.reconciler.reconcile()
    del rig.cluster.objects[NAMESPACE, first]
    rig.cluster.patch(NAMESPACE, second, {"spec": {"schedule": "* * * * *"}})
    rig.cluster.patch(NAMESPACE, third, {"spec": {"suspend": True}})
    await rig.reconciler.reconcile()
    assert rig.names == [first, second, third]
    assert rig.object(second)["spec"]["schedule"] == "0 14 * * 1-5"
    assert rig.object(third)["spec"]["suspend"] is False
    assert (await rig.reconciler.reconcile()).written == 0


async def test_orphans_of_this_installation_are_deleted_and_no_others(rig: Rig) -> None:
    mine, foreign, neighbour = await create_rows(rig, 3)
    await rig.reconciler.reconcile()
    del rig.object(foreign)["metadata"]["labels"]["app.kubernetes.io/managed-by"]
    rig.object(neighbour)["metadata"]["labels"]["app.kubernetes.io/instance"] = "another"
    for name in (mine, foreign, neighbour):
        await rig.table.delete("P1", name)
    await rig.reconciler.reconcile()
    assert rig.names == [foreign, neighbour]


async def test_schedule_that_cannot_be_built_stops_no_other(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, *others = await create_rows(rig, 3)

    def build_all_but_one(job: CronJob, pods: Pods) -> Any:
        if job.name == bad:
            raise LookupError("nobody listed this")
        return build(job, pods)

    monkeypatch.setattr("agent.jobs.cluster.applying.build", build_all_but_one)
    await rig.reconciler.reconcile()
    assert rig.names == others
    stored = await rig.table.find(bad)
    assert stored is not None
    assert (stored.state, stored.state_reason) == ("refused", "LookupError: nobody listed this")


async def test_object_of_a_sprint_that_is_over_is_deleted(rig: Rig) -> None:
    [name] = await create_rows(rig, 1)
    await rig.reconciler.reconcile()
    async with rig.pool.connection() as connection:
        await connection.execute("UPDATE cronjobs SET ends_on = '2020-01-31'")
    await rig.reconciler.reconcile()
    assert rig.names == []
    assert (await rig.row(name)).ends_on == date(2020, 1, 31)


async def test_new_image_reaches_all_objects(rig: Rig) -> None:
    names = await create_rows(rig, 3)
    await rig.reconciler.reconcile()
    rig.image = "dsm:0.2.0"
    newer = await rig.add_replica()
    await newer.reconciler.reconcile()
    for name in names:
        pod = rig.object(name)["spec"]["jobTemplate"]["spec"]["template"]["spec"]
        assert pod["containers"][0]["image"] == "dsm:0.2.0"


async def test_two_reconcilers_at_once_make_one_object_each(rig: Rig) -> None:
    names = await create_rows(rig, 8)
    other = await rig.add_replica()
    await asyncio.gather(rig.reconciler.reconcile(), other.reconciler.reconcile())
    await rig.reconciler.reconcile()
    assert rig.names == names
    assert len(rig.cluster.written) == 8
    assert {(await rig.row(name)).state for name in names} == {"active"}


async def test_lease_lets_one_replica_at_a_time_do_a_pass(rig: Rig) -> None:
    await create_rows(rig, 4)
    other = await rig.add_replica()
    await asyncio.gather(rig.reconciler.do_pass(), other.reconciler.do_pass())
    lists = [request for request in rig.server.requests if "labelSelector" in request]
    assert len(lists) == 1
    await other.reconciler.do_pass()  # the minute after a pass is not over
    lists = [request for request in rig.server.requests if "labelSelector" in request]
    assert len(lists) == 1


async def test_lease_that_is_lost_in_the_middle_of_a_pass_makes_no_second_object(
    rig: Rig,
) -> None:
    names = await create_rows(rig, 4)
    other = await rig.add_replica()

    async def lose_lease(_method: str, name: str) -> None:
        if name != names[1]:
            return
        rig.server.on_write = None
        async with rig.pool.connection() as connection:
            await connection.execute("UPDATE leases SET held_until = now() - interval '1 s'")
        await other.reconciler.do_pass()
        await other.cronjobs.change("P1", names[3], "0 9 * * *")

    rig.server.on_write = lose_lease
    await rig.reconciler.do_pass()
    assert rig.names == names
    assert sorted(name for method, name in rig.cluster.written if method == "POST") == names
    await rig.reconciler.reconcile()
    assert {(await rig.row(name)).state for name in names} == {"active"}
    assert rig.object(names[3])["spec"]["schedule"] == "0 9 * * *"
    assert (await rig.reconciler.reconcile()).written == 0


async def test_schedule_changed_during_a_pass_is_not_written_back(rig: Rig) -> None:
    await create_rows(rig, 2)

    async def interfere(method: str, name: str) -> None:
        rig.server.on_write = None
        await rig.cronjobs.change("P1", "run-dailyscrum-p1-s02", "0 9 * * 1-5")

    rig.server.on_write = interfere
    await rig.reconciler.reconcile()
    assert rig.object("run-dailyscrum-p1-s02")["spec"]["schedule"] == "0 9 * * 1-5"
    await rig.reconciler.reconcile()
    row = await rig.row("run-dailyscrum-p1-s02")
    assert (row.state, row.schedule) == ("active", "0 9 * * 1-5")


async def test_schedules_that_cannot_be_applied_do_not_keep_others_from_their_turn(
    rig: Rig,
) -> None:
    names = await create_rows(rig, 4)
    await rig.reconciler.reconcile()
    for name in names[:2]:
        rig.object(name)["metadata"]["labels"] = {}
    for name in names[2:]:
        del rig.cluster.objects[NAMESPACE, name]
    hasty = await rig.add_replica(max_writes=1)
    for _ in range(4):
        await hasty.reconciler.reconcile()
    assert {(await rig.row(name)).state for name in names[2:]} == {"active"}
    assert {(await rig.row(name)).state for name in names[:2]} == {"refused"}


@pytest.mark.parametrize("verb", ["create", "update", "delete"])
async def test_missing_verb_ends_what_needs_it_and_nothing_else(rig: Rig, verb: str) -> None:
    created, changed, orphan = "run-dailyscrum-p1-s40", *await create_rows(rig, 2)
    await rig.reconciler.reconcile()
    await rig.table.change("P1", changed, "0 9 * * *")
    await rig.table.delete("P1", orphan)
    for number in range(30, 41):
        await rig.table.create(scrum(number))
    rig.cluster.verbs.discard(verb)
    requests = len(rig.server.requests)
    done = await rig.reconciler.reconcile()
    assert (created in rig.names) == (verb != "create")
    assert (rig.object(changed)["spec"]["schedule"] == "0 9 * * *") == (verb != "update")
    assert (orphan in rig.names) == (verb == "delete")
    # A verb that is missing is asked for once; all schedules that need it say so.
    assert len(rig.server.requests) - requests == (4 if verb == "create" else 14)
    assert done.left == 0
    reasons = {row.state_reason for row in await rig.table.list_all() if row.state == "pending"}
    words = f"grant the Role dsm-orchestrator the verb {verb}"
    assert all(reason and words in reason for reason in reasons)
    assert bool(reasons) == (verb != "delete")


@pytest.mark.parametrize("code", [403, 500])
async def test_object_that_a_policy_or_webhook_refuses_does_not_stop_the_others(
    rig: Rig, code: int
) -> None:
    orphan, first, *others = await create_rows(rig, 5)
    await rig.reconciler.reconcile()
    await rig.table.delete("P1", orphan)
    for name in (first, *others):
        await rig.table.change("P1", name, "0 9 * * *")
    failure = statuses.Failure(code, 'admission webhook "policy.example.com" denied the request')
    rig.server.failures = {orphan: failure, first: failure}
    for _ in range(4):
        with contextlib.suppress(Problem):
            await rig.reconciler.reconcile()
    assert {(await rig.row(name)).state for name in others} == {"active"}
    row = await rig.row(first)
    assert (row.state, "denied the request" in (row.state_reason or "")) == ("pending", True)
    rig.server.failures = {}
    while (await rig.reconciler.reconcile()).left:
        pass
    assert rig.names == [first, *others]
    assert (await rig.row(first)).state == "active"


async def test_server_that_asks_for_a_pause_gets_one_from_all_replicas(rig: Rig) -> None:
    [name] = await create_rows(rig, 1)
    other = await rig.add_replica()
    rig.server.failures = {name: statuses.Failure(429, "too many requests, please try again later")}
    with pytest.raises(Problem):
        await rig.reconciler.do_pass()
    row = await rig.row(name)
    assert row.state_reason == "the cluster answers 429: too many requests, please try again later"
    requests = len(rig.server.requests)
    await rig.reconciler.do_pass()
    await other.reconciler.do_pass()
    assert len(rig.server.requests) == requests


async def do_something(rig: Rig, fate: random.Random, name: str) -> None:
    """Do a pass, or what a person does."""
    match fate.randrange(4):
        case 0:
            await rig.reconciler.reconcile()
        case 1:
            await rig.cronjobs.suspend("P1", name, "maria")
        case 2:
            await rig.cronjobs.resume("P1", name)
        case _:
            await rig.cronjobs.change("P1", name, f"{fate.randrange(60)} 9 * * *")


@pytest.mark.parametrize("seed", range(3))
async def test_any_mix_of_faults_ends_in_one_object_a_schedule(rig: Rig, seed: int) -> None:
    fate = random.Random(seed)
    names = await create_rows(rig, 12)
    for _ in range(60):
        rig.server.dropped = fate.choice([0, 0, 1])
        rig.server.lost_answers = fate.choice([0, 0, 1, 2])
        rig.server.refused_with = fate.choice([None, None, None, 503])
        name = fate.choice(names)
        with contextlib.suppress(Problem):
            await do_something(rig, fate, fate.choice(names))
    rig.server.dropped, rig.server.lost_answers, rig.server.refused_with = 0, 0, None
    while (await rig.reconciler.reconcile()).left:
        pass
    assert rig.names == names
    for name in names:
        row, spec = await rig.row(name), rig.object(name)["spec"]
        assert (row.state, row.schedule, row.suspended) == (
            "active",
            spec["schedule"],
            spec["suspend"],
        )
    created = [written for method, written in rig.cluster.written if method == "POST"]
    assert sorted(created) == names


async def test_death_in_the_middle_of_a_pass_leaves_the_rest_to_another(rig: Rig) -> None:
    names = await create_rows(rig, 4)

    async def die(method: str, name: str) -> None:
        if name == names[2]:
            raise ConnectionResetError

    rig.server.on_write = die
    with contextlib.suppress(Problem):
        await rig.reconciler.do_pass()
    assert rig.names == names[:2]
    rig.server.on_write = None
    other = await rig.add_replica()
    await other.reconciler.do_pass()
    assert rig.names == names
