"""Audits are compared with the runs: a missing, forged or changed one shows by itself."""

from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest

from agent.audits.comparison import Comparison
from agent.audits.schema import AuditVerification
from agent.cli.audit import describe
from domain_services.chronicle.client import ChronicleClient
from memory.audits import AuditedRuns
from memory.pool import open_pool
from tests.agent.conftest import get, until
from tests.graphs.conftest import System
from tests.services.chronicle.history import audit

PATH = "/orchestrate/audits/verification"
DELETE_LAST = """
    DELETE FROM decision_audits WHERE project_id = 'AUD' AND sequence = 3;
    UPDATE decision_chains SET (length, head) =
        (SELECT sequence, hash FROM decision_audits WHERE project_id = 'AUD' AND sequence = 2)
    WHERE project_id = 'AUD'
"""
WIPE = """
    DELETE FROM decision_audits WHERE project_id = 'AUD';
    DELETE FROM decision_chains WHERE project_id = 'AUD'
"""
# The last audit, its link and the chain's head, all rewritten to fit.
REWRITE = """
    UPDATE decision_audits SET record = {record} WHERE project_id = 'AUD' AND sequence = 3;
    UPDATE decision_audits SET hash = sha256(prev_hash || convert_to(record::text, 'UTF8'))
    WHERE project_id = 'AUD' AND sequence = 3;
    UPDATE decision_chains SET head =
        (SELECT hash FROM decision_audits WHERE project_id = 'AUD' AND sequence = 3)
    WHERE project_id = 'AUD'
"""


def change(system: System, service: str, statement: str) -> None:
    """Change a database as a superuser who has turned the triggers off."""
    url = system.databases[service].replace("+psycopg", "")
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(statement.encode())


async def verification(system: System, project: str = "AUD") -> AuditVerification:
    return AuditVerification.model_validate(await get(system, f"{PATH}?project_id={project}"))


@pytest.fixture
async def audited(whole: System) -> tuple[System, list[str]]:
    """Make a project with three runs whose audits are in the chronicle, and one of another's."""
    await whole.make_project("AUD", 3)
    await whole.make_project("OTHER", 1)
    runs = [(await whole.orchestrate("AUD", dry_run=dry)).json() for dry in (False, False, True)]
    await whole.orchestrate("OTHER", dry_run=True)

    async def delivered() -> bool:
        answer = await get(whole, PATH)
        counts = [(project["compared"], project["on_the_way"]) for project in answer["projects"]]
        return counts == [(3, 0), (1, 0)]

    await until(delivered)
    return whole, [run["run_id"] for run in runs]


async def test_audits_of_runs_verify_by_pages_of_any_size(
    audited: tuple[System, list[str]], http: httpx.AsyncClient
) -> None:
    system, _ = audited
    change(system, "chronicle", DELETE_LAST)
    await system.post("chronicle", "/v1/notes/decision_audit", _json(run_id=str(uuid4())))
    whole = await get(system, PATH)
    assert not whole["verified"]
    chronicle = ChronicleClient(http, system.urls["chronicle"])
    url = system.databases["orchestrator"].replace("+psycopg", "")
    async with open_pool(url, most=2) as pool:
        for size in (1, 2, 3, 5, 100):
            projects = await Comparison(AuditedRuns(pool), chronicle, None).run(size)
            assert [project.model_dump(mode="json") for project in projects] == whole["projects"]


async def test_untouched_audits_verify_in_one_line(audited: tuple[System, list[str]]) -> None:
    system, _ = audited
    answer = await verification(system)
    assert answer.verified
    [chain] = answer.chains.chains
    assert list(describe(answer)) == [f"ok      AUD  3 audits, head {chain.head}"]


async def test_deleted_last_audit_with_a_rewritten_head_is_missing(
    audited: tuple[System, list[str]],
) -> None:
    system, runs = audited
    change(system, "chronicle", DELETE_LAST)
    answer = await verification(system)
    assert (answer.chains.verified, answer.verified) == (True, False)
    assert list(describe(answer))[1:] == [
        f"MISSING AUD  delivered audits are not in the chronicle, of the runs {runs[2]}"
    ]


async def test_wiped_project_is_missing(audited: tuple[System, list[str]]) -> None:
    system, runs = audited
    change(system, "chronicle", WIPE)
    answer = await verification(system)
    assert (answer.chains.verified, answer.verified) == (True, False)
    [project] = answer.projects
    assert [str(run) for run in project.missing] == runs
    assert not (await get(system, PATH))["verified"]
    assert (await verification(system, "OTHER")).verified


async def test_audits_of_runs_that_never_were_are_forged(
    audited: tuple[System, list[str]],
) -> None:
    system, runs = audited
    by_hand, forged = _json(), [_json(run_id=runs[0]), _json(actor="project-orchestrator 0.1.0")]
    assert (await system.post("chronicle", "/v1/notes/decision_audit", by_hand)).status_code == 201
    answer = await verification(system)
    assert (answer.verified, answer.projects[0].of_no_run) == (True, 1)
    for body in forged:
        await system.post("chronicle", "/v1/notes/decision_audit", body)
    answer = await verification(system)
    assert (answer.chains.verified, answer.verified) == (True, False)
    named = sorted(str(body["audit_id"]) for body in forged)
    assert sorted(str(audit_id) for audit_id in answer.projects[0].forged) == named
    assert list(describe(answer))[1].startswith("FORGED  AUD  no run is known of the audits ")


@pytest.mark.parametrize(
    ("record", "difference"),
    [
        ("jsonb_set(record, '{reasoning}', '\"another\"')", "its content is not what"),
        ("jsonb_set(record, '{decision,tasks_to_assign}', '99')", "its content is not what"),
        (
            "jsonb_set(record, '{decision_source}', '\"intelligence_enhanced\"')",
            "its source is intelligence_enhanced, and the run's rule_based_only",
        ),
        ("jsonb_set(record, '{run_id}', '\"another\"')", "its run is another, and"),
    ],
)
async def test_rewritten_last_audit_differs_from_its_run(
    audited: tuple[System, list[str]], record: str, difference: str
) -> None:
    system, runs = audited
    change(system, "chronicle", REWRITE.format(record=record))
    answer = await verification(system)
    assert (answer.chains.verified, answer.verified) == (True, False)
    [line] = list(describe(answer))[1:]
    assert line.startswith(f"DIFFERS AUD  audit {runs[2]}: {difference}")


async def test_audit_on_the_way_and_a_run_of_an_early_release_are_not_missing(
    audited: tuple[System, list[str]],
) -> None:
    system, runs = audited
    change(system, "chronicle", WIPE)
    change(
        system,
        "orchestrator",
        f"UPDATE audited_runs SET content = NULL, decision_source = NULL"
        f" WHERE run_id <> '{runs[2]}'; UPDATE deliveries SET delivered_at = NULL,"
        f" next_try = now() + interval '1 day' WHERE id = '{runs[2]}'",
    )
    answer = await verification(system)
    assert (answer.verified, answer.projects[0].on_the_way) == (True, 1)
    change(system, "orchestrator", "DELETE FROM deliveries; DELETE FROM runs")
    assert [str(run) for run in (await verification(system)).projects[0].missing] == [runs[2]]


async def test_audit_that_waits_for_the_chronicle_is_never_missing(whole: System) -> None:
    await whole.make_project("AUD", 1)
    await whole.stop("chronicle")
    await whole.orchestrate("AUD", dry_run=True)
    answer = await whole.http.get(whole.urls["orchestrator"] + PATH)
    assert answer.status_code == 503
    await whole.start("chronicle")

    async def compared() -> Any:
        answer = await whole.http.get(whole.urls["orchestrator"] + PATH)
        if answer.status_code == 503:
            return False
        [project] = answer.json()["projects"]
        assert not project["missing_count"]
        return project["compared"] == 1

    await until(compared)


def _json(**fields: Any) -> Any:
    return audit("AUD", **fields).model_dump(mode="json") | {
        "actor": fields.get("actor", "a person")
    }
