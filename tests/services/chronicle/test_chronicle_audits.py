"""Audits of decisions are only added; every change of them is detected."""

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from deploy.local.servers import EmbeddedServers
from domain_services.chronicle.client import ChronicleClient
from domain_services.kernel.client.http_client import PeerRefused
from domain_services.kernel.database import migrate
from tests.conftest import Databases
from tests.services.chronicle.history import audit

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


async def _record(chronicle: ChronicleClient, project_id: str, count: int) -> list[str]:
    audits = [audit(project_id) for _ in range(count)]
    return [str((await chronicle.create_decision_audit(decision)).note_id) for decision in audits]


async def test_audit_is_read_as_sent_with_its_link(
    chronicle: ChronicleClient,
) -> None:
    decision = audit(
        "P1",
        1,
        decision={"tasks_to_assign": 6, "nested": {"share": 0.1, "none": None, "text": "\u00fc"}},
        intelligence_adjustments={"task_count_modification": {"confidence": 0.82}},
        confidence=0.79,
        run_id="run-1",
        timestamp=datetime(2025, 1, 6, 9, 0, 0, 123456, tzinfo=UTC),
    )
    await chronicle.create_decision_audit(decision, key="run-1:audit")
    (recorded,) = await chronicle.list_decision_audits("P1", "P1-S01")
    assert recorded.model_dump(include=set(type(decision).model_fields)) == decision.model_dump()
    assert (recorded.sequence, recorded.prev_hash) == (1, "00" * 32)
    assert datetime.now(UTC) - recorded.recorded_at < timedelta(minutes=5)


async def test_repeated_audit_changes_nothing_and_other_content_is_a_conflict(
    chronicle: ChronicleClient,
) -> None:
    decision = audit("P1")
    first = await chronicle.create_decision_audit(decision)
    assert await chronicle.create_decision_audit(decision) == first
    assert len(await chronicle.list_decision_audits("P1")) == 1
    for other in ({"reasoning": "Another"}, {"project_id": "P2"}):
        with pytest.raises(PeerRefused) as refused:
            await chronicle.create_decision_audit(decision.model_copy(update=other))
        assert refused.value.peer_status == 409
    assert (await chronicle.verify_decision_audits()).records == 1


async def test_the_owner_of_the_tables_cannot_change_them(
    chronicle: ChronicleClient, owner: str
) -> None:
    await _record(chronicle, "P1", 1)
    with psycopg.connect(owner, autocommit=True) as connection:
        for table in ("decision_audits", "action_item_changes"):
            for change in CHANGES:
                statement = change.format(table=table, column=PROTECTED_COLUMNS[table])
                with pytest.raises(psycopg.Error, match="append-only"):
                    connection.execute(statement.encode())
        for change in CHANGES[1:]:
            with pytest.raises(psycopg.Error, match="append-only"):
                connection.execute(change.format(table="decision_chains").encode())
    assert len(await chronicle.list_decision_audits("P1")) == 1


CHANGES = [
    "UPDATE {table} SET {column} = {column}",
    "DELETE FROM {table}",
    "TRUNCATE {table} CASCADE",
]
PROTECTED_COLUMNS = {
    "decision_audits": "record",
    "decision_chains": "length",
    "project_history": "report_count",
    "action_item_changes": "comment",
    "chronicle_notes": "summary",
    "sprint_retrospectives": "sprint_name",
    "retrospective_attendees": "employee_id",
}


WAYS_AROUND = [
    "ALTER TABLE decision_audits DISABLE TRIGGER ALL",
    "DROP TABLE decision_audits CASCADE",
    "SET session_replication_role = replica",
    "SET ROLE postgres",
    "CREATE TABLE decision_notes (id int)",
    "UPDATE retrospective_action_items SET description = 'another'",
    "INSERT INTO decision_audits (record, sequence) VALUES ('{}', 7)",
    "INSERT INTO decision_audits (record, hash) VALUES ('{}', '')",
]


async def test_role_of_the_service_cannot_change_records(
    chronicle: ChronicleClient, service_database: str
) -> None:
    await _record(chronicle, "P1", 1)
    with psycopg.connect(service_database.replace("+psycopg", ""), autocommit=True) as connection:
        for table, column in PROTECTED_COLUMNS.items():
            for change in CHANGES:
                statement = change.format(table=table, column=column)
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied"):
                    connection.execute(statement.encode())
        for statement in WAYS_AROUND:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())
    assert len(await chronicle.list_decision_audits("P1")) == 1


async def test_temporary_table_cannot_replace_the_chain(
    chronicle: ChronicleClient, service_database: str
) -> None:
    await _record(chronicle, "P1", 1)
    record = audit("P1").model_dump_json()
    with psycopg.connect(service_database.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TEMP TABLE decision_chains (project_id text UNIQUE,"
                           " length bigint, head bytea)")  # fmt: skip
        connection.execute("INSERT INTO public.decision_audits (record) VALUES (%s)", [record])
        linked = connection.execute("SELECT max(sequence) FROM public.decision_audits").fetchone()
    assert linked == (2,)
    assert (await chronicle.verify_decision_audits("P1")).verified


async def test_an_untouched_chain_verifies(chronicle: ChronicleClient) -> None:
    await _record(chronicle, "P1", 3)
    await _record(chronicle, "P2", 2)
    for project_id, records in (("P1", [3]), ("P2", [2]), (None, [3, 2]), ("P3", [])):
        verification = await chronicle.verify_decision_audits(project_id)
        assert (verification.verified, verification.records) == (True, sum(records))
        assert [chain.records for chain in verification.chains] == records
        assert verification.first_broken is None
    newest = (await chronicle.list_decision_audits("P1"))[-1]
    (chain,) = (await chronicle.verify_decision_audits("P1")).chains
    assert (chain.head, chain.problem) == (newest.hash, None)


async def test_rewritten_chain_lacks_the_noted_head(
    chronicle: ChronicleClient, tamper: Tamper
) -> None:
    await _record(chronicle, "P1", 3)
    (noted,) = (await chronicle.verify_decision_audits("P1")).chains
    await _record(chronicle, "P1", 1)
    verification = await chronicle.verify_decision_audits("P1", noted.head)
    assert (verification.verified, verification.noted_head_found) == (True, True)
    tamper("""DELETE FROM decision_audits WHERE sequence > 2;
              UPDATE decision_chains SET (length, head) =
                  (SELECT sequence, hash FROM decision_audits WHERE sequence = 2)""")
    assert (await chronicle.verify_decision_audits("P1")).verified
    verification = await chronicle.verify_decision_audits("P1", noted.head)
    assert (verification.verified, verification.noted_head_found) == (False, False)
    with pytest.raises(PeerRefused) as refused:
        await chronicle.verify_decision_audits(None, noted.head)
    assert refused.value.peer_status == 400


_CUT = "audits after it are missing, or the end of the chain was changed"
_EDIT = """UPDATE decision_audits SET record = jsonb_set(record, '{reasoning}', '"changed"')
           WHERE sequence = 2"""
_REHASHED = """UPDATE decision_audits
               SET record = jsonb_set(record, '{actor}', '"me"'),
                   hash = sha256(prev_hash || convert_to(
                       jsonb_set(record, '{actor}', '"me"')::text, 'UTF8'))
               WHERE sequence = 2"""
_REDATED = """UPDATE decision_audits
              SET recorded_at = '2020-01-01T00:00:00Z', record = jsonb_set(
                  record, '{$recorded_at}', '"2020-01-01T00:00:00.000000Z"')
              WHERE sequence = 2"""
_UNDATED = """UPDATE decision_audits
              SET recorded_at = '2020-01-01T00:00:00Z', record = record - '$recorded_at',
                  hash = sha256(prev_hash || convert_to((record - '$recorded_at')::text, 'UTF8'))
              WHERE sequence = 2"""


@pytest.mark.parametrize(
    ("statement", "first_broken", "problem"),
    [
        (_EDIT, 1, "its content was changed"),
        (_REHASHED, 2, "it does not continue the audit before it"),
        (
            "UPDATE decision_audits SET made_at = now() WHERE sequence = 2",
            1,
            "its time was changed",
        ),
        (
            "UPDATE decision_audits SET recorded_at = recorded_at - interval '1 day'"
            " WHERE sequence = 2",
            1,
            "its time of recording was changed",
        ),
        (_REDATED, 1, "its content was changed"),
        (_UNDATED, 1, "a time of recording was changed, of it or of an audit up to number 2"),
        ("DELETE FROM decision_audits WHERE sequence = 1", 1, "audits before it are missing"),
        ("DELETE FROM decision_audits WHERE sequence = 2", 2, "audits before it are missing"),
        ("DELETE FROM decision_audits WHERE sequence = 3", 1, _CUT),
        ("DELETE FROM decision_audits", None, "no audit is left"),
        ("DELETE FROM decision_chains", 2, _CUT),
        ("UPDATE decision_chains SET head = '\\x00'", 2, _CUT),
    ],
)
async def test_edit_with_the_triggers_off_is_detected(
    chronicle: ChronicleClient,
    tamper: Tamper,
    statement: str,
    first_broken: int | None,
    problem: str,
) -> None:
    ids = await _record(chronicle, "P1", 3)
    tamper(statement)
    for project_id in ("P1", None):
        verification = await chronicle.verify_decision_audits(project_id)
        assert not verification.verified
        broken = None if first_broken is None else ids[first_broken]
        assert (verification.first_broken and str(verification.first_broken)) == broken
        assert [chain.problem for chain in verification.chains] == [problem]


async def test_edit_in_one_project_does_not_break_the_chain_of_another(
    chronicle: ChronicleClient, tamper: Tamper
) -> None:
    await _record(chronicle, "P1", 2)
    await _record(chronicle, "P2", 2)
    tamper(f"{_EDIT} AND project_id = 'P1'")
    assert not (await chronicle.verify_decision_audits("P1")).verified
    assert (await chronicle.verify_decision_audits("P2")).verified


async def test_20_audits_at_once_make_one_chain(chronicle: ChronicleClient) -> None:
    repeated = audit("P1")
    audits = [repeated, repeated, *(audit("P1") for _ in range(18))]
    await asyncio.gather(*(chronicle.create_decision_audit(decision) for decision in audits))
    verified = await chronicle.verify_decision_audits("P1")
    assert (verified.verified, verified.records) == (True, 19)
    recorded = await chronicle.list_decision_audits("P1")
    assert sorted(decision.sequence for decision in recorded) == list(range(1, 20))


@pytest.fixture
def plain_owner(databases: Databases, servers: EmbeddedServers) -> Iterator[tuple[str, str]]:
    """Make a database whose owner is no superuser, as on a managed server."""
    name = "audits_of_a_plain_owner"
    role = databases.role("domain_services.chronicle")
    for role_name in (name, role):
        servers.create_role(str(role_name))
    servers.create_databases([name])
    url = servers.database_url(name)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} OWNER TO {name}".encode())
    yield servers.database_url(name, name), servers.database_url(name, role)
    databases.drop(url)


def test_an_owner_that_is_no_superuser_can_migrate_and_grant(
    plain_owner: tuple[str, str], databases: Databases
) -> None:
    owner_url, service_url = plain_owner
    for _ in range(2):
        role = databases.role("domain_services.chronicle")
        migrate.upgrade(owner_url, "domain_services.chronicle", role)
    record = audit("P1").model_dump_json()
    for url in (service_url, owner_url):
        with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(
                "INSERT INTO decision_audits (record) VALUES (%s) ON CONFLICT DO NOTHING", [record]
            )
            assert connection.execute("SELECT length FROM decision_chains").fetchall() == [(1,)]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("DELETE FROM decision_audits")
