"""Schedules in a cluster that answers late, wrongly, or not at all."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from domain_services.kernel.errors import Problem
from tests.kubernetes.access import write_kubeconfig
from tests.kubernetes.cluster import VERBS
from tests.kubernetes.rig import DECISION, NAMESPACE, SCRUM, Rig, open_rig
from tools.cronjobs import cronjob_name, orchestration_name


@pytest.fixture
async def lost(database_url: Callable[[str], str], tmp_path: Path) -> AsyncIterator[Rig]:
    """Open a rig whose cluster nobody serves."""
    async with open_rig(database_url, tmp_path) as rig:
        yield rig


async def test_created_object_carries_command_key_and_zone(rig: Rig) -> None:
    stored = await rig.cronjobs.create(SCRUM)
    assert (stored.state, stored.state_reason) == ("active", None)
    spec = rig.object(SCRUM.name)["spec"]
    assert (spec["schedule"], spec["timeZone"]) == ("0 14 * * 1-5", "Europe/Berlin")
    [container] = spec["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert container["command"] == ["dsm", "run-daily-scrum", "P1-S01"]
    names = {variable["name"] for variable in container["env"]}
    assert {"DSM_JOB_NAME", "DSM_AUTH__SERVICE_KEY", "DSM_PEERS__SPRINT"} <= names
    assert await rig.row(SCRUM.name) == stored


async def test_repeated_creation_sends_nothing(rig: Rig) -> None:
    await rig.cronjobs.create(SCRUM)
    sent = len(rig.server.requests)
    await rig.cronjobs.create(SCRUM)
    assert len(rig.server.requests) == sent


async def test_change_pause_and_resumption_reach_the_object(rig: Rig) -> None:
    await rig.cronjobs.create(SCRUM)
    uid = rig.object(SCRUM.name)["metadata"]["uid"]
    await rig.cronjobs.change("P1", SCRUM.name, "30 9 * * 1-5")
    assert rig.object(SCRUM.name)["spec"]["schedule"] == "30 9 * * 1-5"
    await rig.cronjobs.suspend("P1", SCRUM.name, "maria")
    assert rig.object(SCRUM.name)["spec"]["suspend"] is True
    await rig.cronjobs.resume("P1", SCRUM.name)
    spec = rig.object(SCRUM.name)["spec"]
    assert spec["suspend"] is False
    # The same object: Jobs that run, and the logs of those that ran, stay.
    assert rig.object(SCRUM.name)["metadata"]["uid"] == uid
    assert (await rig.row(SCRUM.name)).state == "active"


async def test_resumed_scrum_is_told_the_earliest_time_that_counts(rig: Rig) -> None:
    await rig.cronjobs.create(SCRUM)
    await rig.cronjobs.suspend("P1", SCRUM.name, "maria")
    await rig.cronjobs.resume("P1", SCRUM.name)
    starts_at = (await rig.row(SCRUM.name)).starts_at
    assert starts_at is not None
    [container] = rig.object(SCRUM.name)["spec"]["jobTemplate"]["spec"]["template"]["spec"][
        "containers"
    ]
    environment = {variable["name"]: variable.get("value") for variable in container["env"]}
    assert environment["DSM_JOB_STARTS_AT"] == starts_at.isoformat(timespec="seconds")


async def test_ids_that_are_no_labels_are_hashed_and_whole_in_an_annotation(rig: Rig) -> None:
    job = SCRUM.model_copy(update={"project_id": "P_", "sprint_id": "P_-S01"})
    assert (await rig.cronjobs.create(job)).state == "active"
    metadata = rig.object(job.name)["metadata"]
    assert metadata["labels"]["dsm.dev/project"].startswith("sha256-")
    assert metadata["annotations"]["dsm.dev/project"] == "P_"
    assert metadata["labels"]["dsm.dev/sprint"] == "P_-S01"
    assert await rig.cronjobs.delete("P_", job.name)
    assert rig.names == []


# Ids at the edges of a name (52 characters) and of a label (63); real ids have no small letters.
EDGES = [
    "P_",
    "A_B",
    "A-B",
    "-",
    "A" * 37,
    "A" * 38,
    "A" * 36 + "_A",
    "A" * 63,
    "A" * 64,
    "A" * 200,
    "A" * 199 + "B",
    "ÄÖÜ",
    "Ä",
    "\u017f",
    "日本",
    "P1\n- image: evil",
    "$(rm -rf /)",
    "P1.S01",
]


async def test_ids_of_any_form_make_objects_that_the_cluster_takes_and_tells_apart(
    rig: Rig,
) -> None:
    for owner in EDGES:
        for job in (
            SCRUM.model_copy(update={"name": cronjob_name(owner), "sprint_id": owner}),
            DECISION.model_copy(update={"name": orchestration_name(owner), "project_id": owner}),
        ):
            assert (await rig.cronjobs.create(job)).state == "active", owner
    assert len(rig.names) == 2 * len(EDGES)
    assert max(map(len, rig.names)) == 52
    for name in rig.names:
        metadata = rig.object(name)["metadata"]
        labels, annotations = metadata["labels"], metadata["annotations"]
        owner = annotations.get("dsm.dev/project") or labels["dsm.dev/project"]
        assert name in (orchestration_name(owner), *map(cronjob_name, EDGES))


async def test_text_of_the_shell_and_of_kubernetes_stays_data(rig: Rig) -> None:
    words = "P1; $(DSM_AUTH__SERVICE_KEY) $$(X)\n- image: evil"
    await rig.cronjobs.create(SCRUM.model_copy(update={"sprint_id": words}))
    [container] = rig.object(SCRUM.name)["spec"]["jobTemplate"]["spec"]["template"]["spec"][
        "containers"
    ]
    assert container["image"] == "dsm:0.1.0"
    # Kubernetes reads `$$` as `$`, and then looks for no name.
    assert container["command"][2] == words.replace("$", "$$")


async def test_cluster_away_leaves_the_schedule_pending_and_it_is_created_later(
    lost: Rig,
) -> None:
    stored = await lost.cronjobs.create(SCRUM)
    assert stored.state == "pending"
    assert stored.state_reason is not None and "cannot be reached" in stored.state_reason
    with pytest.raises(Problem):
        await lost.reconciler.do_pass()
    async with lost.serving():
        await lost.reconciler.do_pass()
        assert lost.names == [SCRUM.name]
    assert (await lost.row(SCRUM.name)).state == "active"


async def test_deletion_without_a_cluster_leaves_an_orphan_that_is_deleted_later(
    lost: Rig,
) -> None:
    async with lost.serving():
        await lost.cronjobs.create(SCRUM)
    assert await lost.cronjobs.delete("P1", SCRUM.name)
    async with lost.serving():
        assert lost.names == [SCRUM.name]
        await lost.reconciler.do_pass()
        assert lost.names == []


async def test_no_configuration_at_all_leaves_the_schedule_pending(rig: Rig) -> None:
    (rig.folder / "config").unlink()
    stored = await rig.cronjobs.create(SCRUM)
    assert stored.state == "pending"
    assert stored.state_reason is not None and "set DSM_KUBECONFIG" in stored.state_reason


@pytest.mark.parametrize("verb", ["create", "get", "update", "list"])
async def test_missing_verb_is_named_and_its_grant_heals(rig: Rig, verb: str) -> None:
    await rig.cronjobs.create(DECISION)
    rig.cluster.verbs.discard(verb)
    await rig.cronjobs.create(SCRUM)
    await rig.cronjobs.change("P1", SCRUM.name, "0 9 * * 1-5")
    if verb == "list":
        await rig.table.change("P1", SCRUM.name, "0 10 * * 1-5")
        with pytest.raises(Problem):
            await rig.reconciler.do_pass()
    row = await rig.row(SCRUM.name)
    assert row.state == "pending"
    assert row.state_reason == (
        f"cannot {verb} CronJobs in namespace dsm-jobs: grant the Role dsm-orchestrator the"
        f" verb {verb}"
    )
    rig.cluster.verbs |= VERBS
    await rig.reconciler.do_pass()
    assert (await rig.row(SCRUM.name)).state == "active"


async def test_unknown_token_and_missing_namespace_are_named(rig: Rig) -> None:
    rig.cluster.tokens.clear()
    reason = (await rig.cronjobs.create(SCRUM)).state_reason
    assert reason is not None and "does not accept the orchestrator's token (401)" in reason
    rig.cluster.tokens |= {"orchestrator"}
    rig.cluster.namespaces.clear()
    reason = (await rig.cronjobs.create(SCRUM)).state_reason
    assert reason is not None and "the namespace dsm-jobs does not exist" in reason
    rig.cluster.namespaces |= {NAMESPACE}
    await rig.reconciler.do_pass()
    assert (await rig.row(SCRUM.name)).state == "active"


async def test_exchanged_token_is_read_again(rig: Rig) -> None:
    token = rig.folder / "token"
    token.write_text("orchestrator")
    address = f"http://127.0.0.1:{rig.port}"
    write_kubeconfig(rig.folder / "config", address, {"tokenFile": str(token)})
    await rig.cronjobs.create(DECISION)
    rig.cluster.tokens = {"next"}
    token.write_text("next")
    rig.cluster.may = lambda *_: True  # type: ignore[method-assign]
    assert (await rig.cronjobs.create(SCRUM)).state == "active"


async def test_refusal_is_not_repeated_until_the_schedule_changes(rig: Rig) -> None:
    # The table refuses it as the API does; a row of before may have it.
    await rig.table.create(SCRUM)
    async with rig.pool.connection() as connection:
        await connection.execute("UPDATE cronjobs SET timezone = 'Mars/Base'")
    await rig.reconciler.reconcile()
    row = await rig.row(SCRUM.name)
    assert row.state == "refused"
    assert row.state_reason is not None and "unknown time zone Mars/Base" in row.state_reason
    sent = len(rig.server.requests)
    await rig.reconciler.reconcile()
    assert len(rig.server.requests) == sent + 1  # the list alone
    async with rig.pool.connection() as connection:
        await connection.execute("UPDATE cronjobs SET timezone = 'Europe/Berlin'")
    await rig.reconciler.reconcile()
    assert (await rig.row(SCRUM.name)).state == "active"


async def test_warning_of_pods_that_would_never_come_is_kept(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    warning = 'would violate PodSecurity "restricted:latest": seccompProfile'
    monkeypatch.setattr("tests.kubernetes.validation.restricted_warnings", lambda _: [warning])
    stored = await rig.cronjobs.create(SCRUM)
    assert stored.state == "pending"
    assert stored.state_reason == f"namespace dsm-jobs would not admit the pods: {warning}"
    monkeypatch.undo()
    await rig.reconciler.reconcile()
    assert (await rig.row(SCRUM.name)).state == "active"


async def test_foreign_object_of_the_same_name_is_not_touched(rig: Rig) -> None:
    await rig.cronjobs.create(SCRUM)
    foreign = rig.object(SCRUM.name)
    await rig.cronjobs.delete("P1", SCRUM.name)
    del foreign["metadata"]["labels"]["app.kubernetes.io/managed-by"]
    rig.cluster.objects[NAMESPACE, SCRUM.name] = foreign
    stored = await rig.cronjobs.create(SCRUM)
    assert stored.state == "refused"
    assert stored.state_reason is not None and "was not touched" in stored.state_reason
    await rig.cronjobs.suspend("P1", SCRUM.name, "maria")
    await rig.reconciler.reconcile()
    await rig.cronjobs.delete("P1", SCRUM.name)
    await rig.reconciler.reconcile()
    assert rig.object(SCRUM.name) is foreign
    await rig.cronjobs.create(SCRUM)
    del rig.cluster.objects[NAMESPACE, SCRUM.name]
    await rig.reconciler.reconcile()
    assert (await rig.row(SCRUM.name)).state == "active"


async def test_answer_lost_after_creation_leaves_one_object(rig: Rig) -> None:
    rig.server.lost_answers = 1
    stored = await rig.cronjobs.create(SCRUM)
    assert stored.state == "pending"
    assert rig.names == [SCRUM.name]
    await rig.reconciler.reconcile()
    assert (await rig.row(SCRUM.name)).state == "active"
    assert [write for write in rig.cluster.written if write[0] == "POST"] == [("POST", SCRUM.name)]


async def test_connection_broken_before_the_write_is_made_up_for(rig: Rig) -> None:
    rig.server.dropped = 1
    assert (await rig.cronjobs.create(SCRUM)).state == "pending"
    assert rig.names == []
    await rig.reconciler.reconcile()
    assert rig.names == [SCRUM.name]


@pytest.mark.parametrize("status", [200, 429, 500, 502, 503])
async def test_page_of_a_proxy_is_no_answer(rig: Rig, status: int) -> None:
    rig.server.refused_with = status
    assert (await rig.cronjobs.create(SCRUM)).state == "pending"
    rig.server.refused_with = None
    await rig.reconciler.reconcile()
    assert rig.names == [SCRUM.name]


async def test_slow_cluster_costs_a_deadline_and_no_more(rig: Rig) -> None:
    rig.seconds = 0.3
    hasty = await rig.add_replica()
    rig.server.delay = 30
    async with asyncio.timeout(20):
        stored = await hasty.cronjobs.create(SCRUM)
    assert stored.state == "pending"
    assert stored.state_reason is not None
    rig.server.delay = 0
    await rig.reconciler.reconcile()
    assert rig.names == [SCRUM.name]


async def test_answers_that_trickle_in_for_ever_end_with_their_deadline(rig: Rig) -> None:
    rig.seconds = 0.3
    hasty = await rig.add_replica()
    rig.server.trickle = 0.05
    for _ in range(5):  # more than there are threads
        stored = await hasty.cronjobs.create(SCRUM)
        assert stored.state == "pending"
    rig.server.trickle = 0
    assert (await hasty.cronjobs.create(SCRUM)).state == "active"
    assert rig.names == [SCRUM.name]


async def test_change_by_another_between_read_and_write_is_read_again(rig: Rig) -> None:
    await rig.cronjobs.create(SCRUM)

    async def interfere(method: str, name: str) -> None:
        rig.server.on_write = None
        rig.cluster.fire(name, datetime(2026, 11, 30, 13, tzinfo=UTC))

    rig.server.on_write = interfere
    await rig.cronjobs.change("P1", SCRUM.name, "0 9 * * 1-5")
    assert rig.object(SCRUM.name)["spec"]["schedule"] == "0 9 * * 1-5"
    assert (await rig.row(SCRUM.name)).state == "active"


async def test_last_due_time_of_the_cluster_is_kept_in_the_row(rig: Rig) -> None:
    await rig.cronjobs.create(SCRUM)
    due = datetime(2026, 11, 30, 13, tzinfo=UTC)
    rig.cluster.fire(SCRUM.name, due)
    await rig.reconciler.reconcile()
    assert (await rig.row(SCRUM.name)).last_due_at == due
    rig.cluster.fire(SCRUM.name, due - timedelta(days=1))
    await rig.reconciler.reconcile()
    assert (await rig.row(SCRUM.name)).last_due_at == due
