"""A role that is no superuser migrates everything, or says what an administrator has to run."""

from dataclasses import replace

import psycopg
import pytest

from deploy.catalogue import find
from deploy.errors import StackError
from deploy.migrating.migration import migrate
from deploy.migrating.needs import AdministratorNeeded
from deploy.migrating.targets import target
from domain_services.kernel.database.migrate import upgrade
from tests.migrating.conftest import Site

EXISTS = "SELECT 1 FROM pg_database WHERE datname = '{}'"


def test_what_the_role_may_not_do_is_said_before_anything_is_done(site: Site) -> None:
    memory = site.target("orchestrator", exists=False)
    chronicle = site.target("chronicle", exists=False)
    with pytest.raises(AdministratorNeeded) as refusal:
        migrate([memory, chronicle])
    for database in (memory.database, chronicle.database):
        assert site.admin(EXISTS.format(database)) == []
    statements = [(need.database, need.statement) for need in refusal.value.needs]
    assert statements == [
        ("postgres", f'CREATE DATABASE "{memory.database}" OWNER "{site.owner}"'),
        ("postgres", f'CREATE DATABASE "{chronicle.database}" OWNER "{site.owner}"'),
        ("postgres", f'CREATE ROLE "{chronicle.spec.role}" LOGIN'),
        (memory.database, 'CREATE EXTENSION "vector"'),
    ]
    for database, statement in statements:
        assert statement in str(refusal.value)
        site.admin(statement, database)
    migrate([memory, chronicle])


def test_everything_belongs_to_the_migrating_role(site: Site) -> None:
    memory = site.target("orchestrator")
    migrate([memory])
    owners = site.read(
        memory, "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname IN ('public', 'chat')"
    )
    assert owners == [(site.owner,)]
    tables = "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'checkpoint%'"
    assert site.read(memory, tables) == [(8,)], "four of runs, and four of the chat"


def test_second_migration_changes_nothing(site: Site) -> None:
    chronicle = site.target("chronicle")
    site.admin(f"CREATE ROLE {chronicle.spec.role} LOGIN")
    migrate([chronicle])
    before = site.read(chronicle, "SELECT oid, relname FROM pg_class ORDER BY oid")
    migrate([chronicle])
    assert site.read(chronicle, "SELECT oid, relname FROM pg_class ORDER BY oid") == before


def test_role_that_may_create_makes_databases_and_a_role_without_password(site: Site) -> None:
    site.admin(f"ALTER ROLE {site.owner} CREATEDB CREATEROLE")
    chronicle = site.target("chronicle", exists=False)
    steps: list[str] = []
    migrate([chronicle], steps.append)
    assert f"created the database {chronicle.database}" in steps
    assert any(f"ALTER ROLE {chronicle.spec.role} PASSWORD" in step for step in steps)
    role = f"SELECT rolpassword IS NULL FROM pg_authid WHERE rolname = '{chronicle.spec.role}'"
    assert site.admin(role) == [(True,)]


def test_existing_database_without_the_extension_is_not_touched(site: Site) -> None:
    memory = site.target("orchestrator", vector=False)
    with pytest.raises(AdministratorNeeded, match="lacks the extension vector"):
        migrate([memory])
    assert site.read(memory, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []


def test_tables_of_another_role_are_named_with_the_statements_that_give_them_over(
    site: Site,
) -> None:
    project = site.target("project")
    site.admin(
        "CREATE TABLE plan (id int); CREATE FUNCTION due() RETURNS int RETURN 1", project.database
    )
    with pytest.raises(AdministratorNeeded) as refusal:
        migrate([project])
    [need] = refusal.value.needs
    site.admin(need.statement, need.database)
    owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'plan'"
    assert site.admin(owner, project.database) == [(site.owner,)]
    migrate([project])


def test_database_of_another_owner_is_given_over_by_one_statement(site: Site) -> None:
    project = site.target("project")
    site.admin(f"ALTER DATABASE {project.database} OWNER TO postgres")
    with pytest.raises(AdministratorNeeded) as refusal:
        migrate([project])
    [need] = refusal.value.needs
    site.admin(need.statement, need.database)
    migrate([project])


def test_schema_that_the_role_may_not_make_is_named_with_its_statement(site: Site) -> None:
    memory = site.target("orchestrator")
    site.admin(f"ALTER DATABASE {memory.database} OWNER TO postgres")
    site.admin(f"ALTER SCHEMA public OWNER TO {site.owner}", memory.database)
    with pytest.raises(AdministratorNeeded) as refusal:
        migrate([memory])
    [need] = refusal.value.needs
    assert need.statement == f'CREATE SCHEMA "chat" AUTHORIZATION "{site.owner}"'
    site.admin(need.statement, need.database)
    migrate([memory])
    tables = "SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'chat'"
    assert site.read(memory, tables) == [(site.owner,)]


def test_schema_of_another_role_is_named_with_its_tables(site: Site) -> None:
    memory = site.target("orchestrator")
    site.admin("CREATE SCHEMA chat CREATE TABLE threads (id int)", memory.database)
    with pytest.raises(AdministratorNeeded) as refusal:
        migrate([memory])
    [need] = refusal.value.needs
    assert need.statement.splitlines() == [
        f"ALTER TABLE chat.threads OWNER TO {site.owner};",
        f"ALTER SCHEMA chat OWNER TO {site.owner}",
    ]
    site.admin(need.statement, need.database)
    owner = "SELECT tableowner FROM pg_tables WHERE tablename = 'threads'"
    assert site.admin(owner, memory.database) == [(site.owner,)]


def test_limits_that_the_role_has_for_requests_end_no_migration(site: Site) -> None:
    project = site.target("project")
    site.admin(f"ALTER ROLE {site.owner} SET statement_timeout = '1s'")
    statuses: list[str | None] = []

    def sleep(connection: psycopg.Connection) -> None:
        statuses.append(connection.execute("SELECT pg_sleep(1.2)").statusmessage)

    upgrade(project.url, project.package, after=sleep)
    assert statuses == ["SELECT 1"]


def test_table_in_use_is_an_error_that_says_so(site: Site) -> None:
    project = site.target("project")
    migrate([project])
    # As a version that changes a table.
    site.read(project, "DROP TABLE alembic_version")
    site.read(project, "CREATE TABLE alembic_version (version_num varchar(32) PRIMARY KEY)")
    with (
        psycopg.connect(project.beside(project.database)) as reader,
        pytest.raises(StackError, match="is in use, perhaps by a backup"),
    ):
        reader.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")
        migrate([project])


def test_wrong_server_is_an_error_without_a_traceback(site: Site) -> None:
    project = site.target("project")
    url = project.url.replace(f"{site.owner}@", "nobody_of_this_server@")
    with pytest.raises(StackError, match="cannot connect to"):
        migrate([type(project)(project.spec, project.package, url)])


def test_schema_of_the_next_release_is_left_as_it_is(site: Site) -> None:
    chronicle = site.target("chronicle")
    site.admin(f"CREATE ROLE {chronicle.spec.role} LOGIN")
    migrate([chronicle])
    site.read(chronicle, "UPDATE alembic_version SET version_num = 'chronicle_9999'")
    site.read(chronicle, f"GRANT DELETE ON chronicle_notes TO {chronicle.spec.role}")
    steps: list[str] = []
    migrate([chronicle], steps.append)
    assert steps[-1] == ("the schema, chronicle_9999, is newer than this release; nothing is to do")
    grants = f"SELECT has_table_privilege('{chronicle.spec.role}', 'chronicle_notes', 'DELETE')"
    assert site.read(chronicle, grants) == [(True,)]


def test_database_of_another_service_is_refused_by_the_setting_that_names_it(site: Site) -> None:
    project = site.target("project")
    migrate([project])
    backlog = target(replace(find("backlog"), database=project.database), project.url)
    sprint = site.target("sprint")
    with pytest.raises(StackError) as refusal:
        migrate([sprint, backlog])
    assert str(refusal.value) == (
        f"cannot migrate {project.database}: it holds the tables of project, not those of backlog;"
        " correct DSM_OWNER_URLS__BACKLOG"
    )
    assert site.read(sprint, "SELECT 1 FROM pg_tables WHERE schemaname = 'public'") == []
