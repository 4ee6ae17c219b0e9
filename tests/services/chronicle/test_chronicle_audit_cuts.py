"""The front of a chain is cut off after its time: a signed head stays, and every number with it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import psycopg
import pytest
from pydantic import SecretStr, ValidationError

from agent.audits.schema import AuditVerification
from agent.cli.audit import describe
from domain_services.chronicle.client import ChronicleClient
from domain_services.chronicle.logic import audits, cuts
from domain_services.chronicle.logic.cut_heads import CutRefused, sign
from domain_services.chronicle.logic.cuts import AuditCutter
from domain_services.chronicle.schema import ChainVerification
from domain_services.chronicle.settings import ChronicleSettings
from domain_services.kernel.background import ItemsFailed
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database.database import Database, open_database
from tests.services.chronicle.history import audit, retrospective

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
DAYS = 365
YEAR = (date(2025, 1, 1), date(2025, 12, 31))
Tamper = Callable[[str], None]


@pytest.fixture
def owner(chronicle_database: str) -> str:
    """URL of the database for psycopg; its role owns the tables."""
    return chronicle_database.replace("+psycopg", "")


@pytest.fixture
def tamper(owner: str) -> Tamper:
    """Change the database as a superuser who has turned the triggers off."""

    def change(statement: str) -> None:
        with psycopg.connect(owner) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(statement.encode())

    return change


@pytest.fixture
async def database(service_database: str) -> AsyncIterator[Database]:
    """Open the database as the service's own role."""
    settings = ChronicleSettings(database_url=SecretStr(service_database))
    async with open_database(settings) as pools:
        yield pools


@contextmanager
def days_ago(owner: str, days: int) -> Iterator[None]:
    """Let the database record audits as if it was so many days ago."""
    with psycopg.connect(owner, autocommit=True) as connection:
        [source] = connection.execute(
            "SELECT pg_get_functiondef('link_audit'::regproc)"
        ).fetchone() or ("",)
        connection.execute(source.replace("now()", f"(now() - interval '{days} days')").encode())
        yield
        connection.execute(source.encode())


async def record(chronicle: ChronicleClient, project_id: str, numbers: range) -> None:
    """Record a decision about each sprint, one in two of them enhanced."""
    for number in numbers:
        source = "intelligence_enhanced" if number % 2 else "rule_based_only"
        await chronicle.create_decision_audit(audit(project_id, number, decision_source=source))


@pytest.fixture
async def aged(chronicle: ChronicleClient, owner: str) -> ChronicleClient:
    """Record five old audits of P1 and two young ones, with the outcomes of five sprints."""
    with days_ago(owner, 400):
        await record(chronicle, "P1", range(1, 6))
        await chronicle.create_decision_audit(audit("P1", 3, decision={"dry_run": True}))
    await record(chronicle, "P1", range(6, 8))
    for number in range(1, 6):
        note = retrospective("P1", number, finished=number, open_=2, attendees=["E001", "BOSS"])
        await chronicle.create_sprint_retrospective(note)
    return chronicle


async def verify(database: Database, *keys: bytes) -> ChainVerification:
    async with database.transaction() as connection:
        return await audits.verify(connection, None, keys=keys)


async def numbers(chronicle: ChronicleClient) -> list[Any]:
    """Read every answer that counts audits, without the last digit of means."""
    impact = (await chronicle.decision_impact("P1", *YEAR)).model_dump()
    low, high = impact.pop("completion_rate_difference_95")
    impact |= {"low": low, "high": high}
    return [
        {
            name: round(value, 12) if isinstance(value, float) else value
            for name, value in impact.items()
        },
        await chronicle.metrics_summary(),
        await chronicle.list_audit_identities(),
    ]


async def test_cut_changes_no_number(aged: ChronicleClient, database: Database) -> None:
    before, listed = await numbers(aged), await aged.list_decision_audits("P1")
    assert before[0]["total_decisions_analyzed"] == 7
    await AuditCutter(database, DAYS, [KEY]).cut_due()
    assert await numbers(aged) == before
    assert await aged.list_decision_audits("P1") == listed[6:]
    verification = await verify(database, KEY)
    [chain] = verification.chains
    assert (chain.verified, chain.records, chain.head) == (True, 2, listed[-1].hash)
    [cut] = chain.cuts
    assert (cut.first_sequence, cut.last_sequence, cut.audits) == (1, 6, 6)
    assert (cut.hash, cut.rule) == (listed[5].hash, "DSM_KEEP_AUDITS_DAYS=365")
    described = AuditVerification(verified=True, chains=verification, projects=[])
    today, then = f"{cut.cut_at:%Y-%m-%d}", f"{cut.first_recorded_at:%Y-%m-%d}"
    assert list(describe(described)) == [
        f"ok      P1  2 audits, head {chain.head}",
        f"CUT     P1  6 audits up to number 6, recorded {then} to {then}, cut off {today}"
        " by DSM_KEEP_AUDITS_DAYS=365, signed",
    ]
    async with database.transaction() as connection:
        noted = await audits.verify(connection, "P1", listed[2].hash, keys=[KEY])
    assert noted.noted_head_found


async def test_outcome_after_the_cut_counts_for_the_decision(
    aged: ChronicleClient, database: Database
) -> None:
    await AuditCutter(database, DAYS, [KEY]).cut_due()
    before = (await numbers(aged))[0]
    await record(aged, "P1", range(1, 2))  # a later decision about sprint 1 has no outcome
    after = (await numbers(aged))[0]
    assert after["intelligence_outcomes"] == before["intelligence_outcomes"]
    assert after["total_decisions_analyzed"] == before["total_decisions_analyzed"] + 1


async def test_cuts_in_batches_hold_one_after_the_other(
    aged: ChronicleClient, database: Database, owner: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cuts, "BATCH", 2)
    await AuditCutter(database, DAYS, [KEY]).cut_due()
    [chain] = (await verify(database, KEY)).chains
    assert [cut.last_sequence for cut in chain.cuts] == [2, 4, 6]
    await AuditCutter(database, DAYS, [KEY]).cut_due()
    assert (await verify(database, KEY)).chains == [chain]
    await record(aged, "P1", range(8, 9))
    assert (await verify(database, KEY)).verified


async def test_last_audit_of_a_chain_stays(
    chronicle: ChronicleClient, database: Database, owner: str
) -> None:
    with days_ago(owner, 400):
        await record(chronicle, "OLD", range(1, 4))
    await AuditCutter(database, DAYS, [KEY]).cut_due()
    assert [item.sequence for item in await chronicle.list_decision_audits("OLD")] == [3]
    assert (await verify(database, KEY)).verified


async def test_nothing_is_cut_without_a_key_or_by_default(
    aged: ChronicleClient, database: Database
) -> None:
    for keys in ([], [b""]):
        with pytest.raises((CutRefused, ItemsFailed)):
            await AuditCutter(database, DAYS, keys).cut_due()
    await AuditCutter(database, ChronicleSettings().keep_audits_days, [KEY]).cut_due()
    assert (await verify(database)).records == 8
    with pytest.raises(ValidationError, match="needs audit_key"):
        ChronicleSettings(keep_audits_days=365)
    with pytest.raises(ValidationError, match="at least 32"):
        ChronicleSettings(audit_key=SecretStr(""))
    with pytest.raises(ValidationError, match="at least 90"):
        ChronicleSettings(keep_audits_days=7, audit_key=SecretStr("k" * 32))


async def test_a_cut_verifies_by_its_key_alone(aged: ChronicleClient, database: Database) -> None:
    await AuditCutter(database, DAYS, [OTHER_KEY]).cut_due()
    for keys, problem in (
        ([KEY], "it is not signed by the key of the chronicle"),
        ([], "it cannot be checked without DSM_AUDIT_KEY"),
        ([KEY, OTHER_KEY], None),
    ):
        [chain] = (await verify(database, *keys)).chains
        expected = problem and f"the cut up to number 6 does not hold: {problem}"
        assert (chain.verified, chain.problem) == (problem is None, expected)


_HEAD = "UPDATE decision_cuts SET head = replace(head, {}) WHERE sequence = 4"
_FORGED = """
    DELETE FROM decision_cuts WHERE sequence > 2;
    DELETE FROM cut_decisions WHERE sequence > 2;
    DELETE FROM decision_audits WHERE sequence < 8;
    INSERT INTO cut_decisions SELECT 'P1', n, gen_random_uuid(), NULL, 'rule_based_only', now(),
        false, 'acted', 'me', NULL, '\\x00', '\\x00' FROM generate_series(3, 7) n;
    INSERT INTO decision_cuts SELECT 'P1', 7, replace(replace(replace(head,
        '"first_sequence":1', '"first_sequence":3'), '"last_sequence":2', '"last_sequence":7'),
        '"audits":2', '"audits":5'), signature FROM decision_cuts
"""


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        (
            _HEAD.format("'\"audits\":2', '\"audits\":3'"),
            "number 4 does not hold: it is not signed",
        ),
        (_HEAD.format("'=365', '=364'"), "number 4 does not hold: it is not signed"),
        (
            "UPDATE decision_cuts SET signature = sha256('') WHERE sequence = 4",
            "number 4 does not hold: it is not signed",
        ),
        (_FORGED, "number 7 does not hold: it is not signed"),
        ("DELETE FROM decision_cuts WHERE sequence = 2", "number 4 does not hold: it is not the"),
        (
            "DELETE FROM decision_cuts WHERE sequence = 4;"
            " UPDATE decision_cuts SET sequence = 4 WHERE sequence = 2",
            "number 4 does not hold: it is not the head of this place",
        ),
        (
            "UPDATE cut_decisions SET decision_source = 'intelligence_enhanced' WHERE sequence = 4",
            "number 4 does not hold: what stays of its audits was changed",
        ),
        ("DELETE FROM cut_decisions WHERE sequence = 2", "number 2 does not hold: what stays"),
        ("DELETE FROM decision_cuts WHERE sequence = 6", "audits before it are missing"),
        ("DELETE FROM decision_cuts", "audits before it are missing"),
        ("DELETE FROM decision_audits", "no audit is left"),
        ("DELETE FROM decision_audits; DELETE FROM decision_chains", "no audit is left"),
        ("DELETE FROM decision_audits WHERE sequence = 7", "audits before it are missing"),
    ],
)
async def test_changed_cut_does_not_hold(
    aged: ChronicleClient,
    database: Database,
    tamper: Tamper,
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    problem: str,
) -> None:
    monkeypatch.setattr(cuts, "BATCH", 2)
    await AuditCutter(database, DAYS, [KEY]).cut_due()
    tamper(statement)
    verification = await verify(database, KEY)
    [chain] = verification.chains
    assert not verification.verified
    assert problem in (chain.problem or "")


async def test_broken_chain_is_not_cut_and_stops_no_other(
    aged: ChronicleClient, database: Database, tamper: Tamper, owner: str
) -> None:
    with days_ago(owner, 400):
        await record(aged, "P2", range(1, 4))
    tamper("UPDATE decision_audits SET made_at = now() WHERE project_id = 'P1' AND sequence = 2")
    with pytest.raises(ItemsFailed, match="1 failed: P1"):
        await AuditCutter(database, DAYS, [KEY]).cut_due()
    assert {chain.project_id: chain.records for chain in (await verify(database, KEY)).chains} == {
        "P1": 8,
        "P2": 1,
    }


async def test_audit_that_was_cut_off_is_not_recorded_again(
    chronicle: ChronicleClient, database: Database, owner: str
) -> None:
    first = audit("P1", 1)
    with days_ago(owner, 400):
        await chronicle.create_decision_audit(first)
    await record(chronicle, "P1", range(2, 3))
    await AuditCutter(database, DAYS, [KEY]).cut_due()
    await chronicle.create_decision_audit(first)
    with pytest.raises(PeerRefused) as refused:
        await chronicle.create_decision_audit(first.model_copy(update={"reasoning": "other"}))
    assert refused.value.peer_status == 409
    verification = await verify(database, KEY)
    assert (verification.verified, verification.records) == (True, 1)


_FRONT = "SELECT front_of('P1', %s)::text"
_CUT = "SELECT cut_audits(%s, %s)"


async def test_role_of_the_service_cuts_whole_old_fronts_and_nothing_else(
    aged: ChronicleClient, service_database: str, database: Database
) -> None:
    url = service_database.replace("+psycopg", "")
    refused: list[tuple[str, list[Any], type[psycopg.Error]]] = [
        ("DELETE FROM decision_audits", [], psycopg.errors.InsufficientPrivilege),
        ("DELETE FROM decision_cuts", [], psycopg.errors.InsufficientPrivilege),
        ("UPDATE cut_decisions SET effect = 'shadow'", [], psycopg.errors.InsufficientPrivilege),
        (
            "INSERT INTO decision_cuts VALUES ('P1', 7, '{}', '')",
            [],
            psycopg.errors.InsufficientPrivilege,
        ),
    ]
    with psycopg.connect(url, autocommit=True) as connection:
        [young] = connection.execute(_FRONT, [7]).fetchone() or ("",)
        [whole] = connection.execute(_FRONT, [8]).fetchone() or ("",)
        [front] = connection.execute(_FRONT, [6]).fetchone() or ("",)
        refused += [
            (_CUT, [young, bytes(32)], psycopg.errors.InsufficientPrivilege),
            (_CUT, [whole, bytes(32)], psycopg.errors.CheckViolation),
            (_CUT, [front, b""], psycopg.errors.CheckViolation),
            (
                _CUT,
                [front.replace('"audits": 6', '"audits": 5'), bytes(32)],
                psycopg.errors.CheckViolation,
            ),
        ]
        for statement, values, error in refused:
            with pytest.raises(error):
                connection.execute(statement.encode(), values)
        assert (await verify(database, KEY)).records == 8
        # Who has the role and not the key can cut what is old, and it shows.
        connection.execute(_CUT, [front, sign(front, OTHER_KEY)])
    assert not (await verify(database, KEY)).verified


async def test_owner_cannot_delete_what_no_head_covers_and_others_cannot_cut(
    aged: ChronicleClient, owner: str, database: Database
) -> None:
    await AuditCutter(database, DAYS, [KEY]).cut_due()
    with psycopg.connect(owner, autocommit=True) as connection:
        for statement in (
            "DELETE FROM decision_audits",
            "DELETE FROM decision_cuts",
            "UPDATE cut_decisions SET effect = 'shadow'",
            "TRUNCATE decision_audits",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege, match="append-only"):
                connection.execute(statement.encode())
        connection.execute("SET SESSION AUTHORIZATION pg_monitor")
        with pytest.raises(psycopg.errors.InsufficientPrivilege, match="only who may record"):
            connection.execute(_CUT, ["{}", bytes(32)])
