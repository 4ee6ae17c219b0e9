"""`dsm config show` names values and their origin, and never a secret."""

import json

import pytest
from click.testing import Result
from typer.testing import CliRunner

from agent.cli.configuration import (
    MASK,
    Unknown,
    known_variables,
    read_settings,
    service_links,
    unknown_variables,
    without_password,
)
from agent.cli.main import app
from deploy.catalogue import SERVICES

SECRETS = {
    "DSM_DATABASE_URL": "postgresql+psycopg://own:gravel@db:5432/dsm_project?password=gravel",
    "DSM_REDIS_URL": "redis://:gravel@redis:6379/0",
    "DSM_AUTH__SERVICE_KEY": "dsm_gravel",
    "DSM_AUTH__KEYS": json.dumps([{"name": "ann", "role": "admin", "sha256": "0" * 64}]),
}


def show(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(
        app, ["config", "show", *arguments, "--data-dir", "/nowhere"], env=environment
    )


def test_each_setting_has_its_value_and_its_origin() -> None:
    shown = show("project", DSM_POOL_SIZE="7")
    assert shown.exit_code == 0
    lines = {line.split()[0]: line.split()[1:] for line in shown.stdout.splitlines()}
    assert lines["DSM_POOL_SIZE"] == ["7", "[environment]"]
    assert lines["DSM_PORT"] == ["8101", "[default]"]


def test_secrets_are_masked_and_their_places_shown() -> None:
    for arguments in (["project"], ["project", "--json"], ["project", "--changed"]):
        output = show(*arguments, **SECRETS).output
        assert "gravel" not in output
        assert "0" * 64 not in output
        assert MASK in output
        assert "@db:5432/dsm_project" in output
        assert "ann (admin)" in output


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://h:1/0", "redis://h:1/0"),
        ("redis://:p@h", f"redis://{MASK}@h"),
        ("http://u@h/p", f"http://{MASK}@h/p"),
        ("postgresql:///db?host=/tmp&password=p", f"postgresql:///db?{MASK}"),
        ("dsm_key", MASK),
        ("host=h password=p", MASK),
        ("http://h:notaport", MASK),
    ],
)
def test_password_of_a_url_is_masked(url: str, shown: str) -> None:
    assert without_password(url) == shown


def test_a_typo_is_named_with_the_nearest_known_name() -> None:
    environment = {"DSM_POOLSIZE": "1", "DSM_PEERS__PROJEKT": "1", "DSM_ZZZZZZ": "1", "PATH": "1"}
    assert unknown_variables(environment) == [
        Unknown("DSM_PEERS__PROJEKT", "DSM_PEERS__PROJECT"),
        Unknown("DSM_POOLSIZE", "DSM_POOL_SIZE"),
        Unknown("DSM_ZZZZZZ", None),
    ]
    shown = show("project", DSM_POOLSIZE="1")
    assert "nothing reads DSM_POOLSIZE; did you mean DSM_POOL_SIZE?" in shown.stderr


def test_variables_of_service_links_are_told_from_typos() -> None:
    links = {
        "DSM_PORT": "tcp://10.0.0.1:80",
        "DSM_PORT_80_TCP": "tcp://10.0.0.1:80",
        "DSM_PORT_80_TCP_ADDR": "10.0.0.1",
        "DSM_POSTGRES_PORT": "tcp://10.0.0.2:5432",
        "DSM_POSTGRES_SERVICE_HOST": "10.0.0.2",
        "DSM_SERVICE_PORT_HTTP": "80",
    }
    own = {"DSM_PORT": "8000", "DSM_SERVICE_HOSTS": "1", "DSM_DRAIN_PORT": "1"}
    assert service_links(links) == sorted(links)
    assert unknown_variables(links) == []
    assert service_links(own) == []
    assert [row.name for row in unknown_variables(own)] == ["DSM_DRAIN_PORT", "DSM_SERVICE_HOSTS"]
    shown = show("project", **links)
    assert "project refuses DSM_PORT" in shown.stderr
    assert "set enableServiceLinks: false in the pod" in shown.stderr
    assert "10.0.0" not in shown.output


def test_every_variable_that_is_read_is_known() -> None:
    known = dict.fromkeys(known_variables(), "")
    assert {"DSM_DATA_DIR", "DSM_OWNER_URL", "DSM_EMBEDDING__OLLAMA_URL"} <= set(known)
    whole = {"DSM_PEERS": "{}", "DSM_OWNER_URLS__PROJECT": "x", "dsm_pool_size": "1"}
    of_commands = {"DSM_DATABASE_URLS__CHRONICLE": "x", "DSM_PEERS__DAILY_SCRUM": "x"}
    assert unknown_variables(known | whole | of_commands) == []
    mistyped = unknown_variables({"DSM_OWNER_URLS__SPRIT": "x", "DSM_DATABASE_URLS": "x"})
    assert [row.nearest for row in mistyped] == ["DSM_DATABASE_URL", "DSM_OWNER_URLS__SPRINT"]


def test_a_value_that_is_refused_is_named_without_the_value() -> None:
    for name, value in (("DSM_POOL_SIZE", "gravel"), ("DSM_AUTH__KEYS", "gravel")):
        shown = show("project", **{name: value})
        assert shown.exit_code == 1
        assert f"project refuses {name}" in shown.stderr
        assert "gravel" not in shown.output


def test_value_that_several_services_refuse_is_one_line() -> None:
    shown = CliRunner().invoke(
        app, ["config", "show", "--data-dir", "/nowhere"], env={"DSM_LOG_LEVEL": "gravel"}
    )
    [line] = shown.stderr.splitlines()
    assert "sprint, backlog" in line
    assert "refuse DSM_LOG_LEVEL: Input should be 'debug'" in line


def test_settings_of_a_running_stack_are_the_stacks() -> None:
    [project, embedding] = [spec for spec in SERVICES if spec.name in ("project", "embedding")]
    stack = {"project": "http://127.0.0.1:9101", "embedding": "http://127.0.0.1:9105"}
    rows = {row.name: row for row in read_settings(project, {}, stack)[0]}
    assert (rows["DSM_PORT"].value, rows["DSM_PORT"].source) == ("9101", "stack")
    assert rows["DSM_PEERS__EMBEDDING"].value == "http://127.0.0.1:9105"
    assert rows["DSM_DATABASE_URL"].source == "stack"
    assert rows["DSM_LOG_LEVEL"].source == "default"
    rows = {row.name: row for row in read_settings(embedding, {}, stack)[0]}
    assert rows["DSM_DATABASE_URL"].source == "default"


def test_an_unknown_service_is_refused_with_the_known_ones() -> None:
    shown = show("projects")
    assert shown.exit_code == 1
    assert "daily_scrum" in shown.stderr
