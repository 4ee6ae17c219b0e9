"""Secrets of a cluster: each workload gets what it needs, and the hashes match the keys."""

import base64
import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.catalogue import JOB_CALLS, PLANNING_CALLS, SERVICES, resolve
from deploy.errors import StackError
from deploy.keys import digest
from deploy.manifests import given_urls, stores
from deploy.manifests.secret_objects import Secret, document
from deploy.manifests.secrets import secrets
from domain_services.kernel.web.auth import KeyRing
from tests.deploy.printed import NOBODY, URLS
from tests.deploy.test_schemas import complaints


def key_of(holder: str) -> str:
    return f"dsm_{holder}"


def contents(**more: str) -> dict[str, dict[str, str]]:
    """Make all Secrets, and return their plain texts by name."""
    made_secrets = secrets(stores.stores(URLS | more), key_of, NOBODY)
    return {secret.name: dict(secret.content) for secret in made_secrets}


def test_each_service_gets_what_it_needs_and_no_more() -> None:
    plain = contents()
    for spec in SERVICES:
        needed = {
            *(["database-url"] if spec.database else []),
            *(["redis-url"] if spec.events else []),
            *(["service-key"] if spec.calls else []),
            *(["audit-key"] if spec.signs_cuts else []),
        }
        assert set(plain.get(spec.identity, {})) == needed, spec.name


def test_every_service_gets_its_own_database_with_the_options_of_the_url() -> None:
    plain = contents()
    assert plain["sprint-service"]["database-url"] == (
        "postgresql://dsm:pw@db.example.com:5432/dsm_sprint?sslmode=require"
    )
    assert plain["chronicle-service"]["database-url"] == URLS["DSM_DATABASE_URLS__CHRONICLE"]
    assert plain["dsm-owner"]["owner-url"] == URLS["DSM_OWNER_URL"]


def test_urls_past_a_pooler_keep_the_login_of_each_role() -> None:
    plain = contents(DSM_DATABASE_DIRECT_URL="postgresql://dsm:pw@direct.example.com:5433/x")
    assert plain["sprint-service"]["database-direct-url"] == (
        "postgresql://dsm:pw@direct.example.com:5433/dsm_sprint"
    )
    assert plain["chronicle-service"]["database-direct-url"] == (
        "postgresql://dsm_chronicle_service:other@direct.example.com:5433/dsm_chronicle"
    )


def test_a_replica_is_the_orchestrators_alone() -> None:
    plain = contents(DSM_RECALL_URL="postgresql://dsm:pw@replica.example.com/dsm_agent_memory")
    assert [name for name, content in plain.items() if "recall-url" in content] == [
        "project-orchestrator"
    ]


def test_no_workload_gets_a_plain_key_of_people() -> None:
    text = json.dumps(contents())
    assert [role for role in ("admin", "operator", "viewer") if f'"dsm_{role}"' in text] == []


def test_the_hashes_are_of_the_keys_with_the_scopes_of_the_catalogue() -> None:
    plain = contents()
    keys = {key["name"]: key for key in json.loads(plain["dsm-keys"]["keys"])}
    for spec in SERVICES:
        if spec.calls:
            own = plain[spec.identity]["service-key"]
            assert keys[spec.name]["sha256"] == digest(own)
            assert tuple(keys[spec.name]["calls"]) == spec.calls
    for name, secret, calls in (
        ("jobs", "dsm-jobs-key", JOB_CALLS),
        ("planning", "dsm-planning-key", PLANNING_CALLS),
    ):
        assert keys[name]["sha256"] == digest(plain[secret]["service-key"])
        assert tuple(keys[name]["calls"]) == calls
    assert {name for name, key in keys.items() if key["role"] != "service"} == {
        "admin",
        "operator",
        "viewer",
    }


def test_a_service_that_gets_its_secret_knows_every_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    plain = contents()
    monkeypatch.setenv("DSM_AUTH__KEYS", plain["dsm-keys"]["keys"])
    monkeypatch.setenv("DSM_AUTH__SERVICE_KEY", plain["sprint-service"]["service-key"])
    monkeypatch.setenv("DSM_DATABASE_URL", plain["sprint-service"]["database-url"])
    settings = resolve("domain_services.sprint.settings:SprintSettings")()
    ring = KeyRing(settings.auth, "sprint-service")
    assert ring.identify("Bearer dsm_jobs").name == "jobs"
    assert ring.identify("Bearer dsm_admin").role == "admin"
    assert settings.auth.service_key.get_secret_value() == "dsm_service-sprint"


def test_the_key_of_the_jobs_alone_is_in_their_namespace() -> None:
    made_secrets = secrets(stores.stores(URLS), key_of, NOBODY)
    jobs = [secret.name for secret in made_secrets if secret.namespace == "dsm-jobs"]
    assert jobs == ["dsm-jobs-key"]


@pytest.mark.parametrize("text", ["a: b\n- c", "$(rm -rf)", '"', "💥", "{{x}}", "'\\u0000'"])
def test_text_that_looks_like_yaml_ends_as_data(text: str) -> None:
    (read,) = yaml.safe_load_all(document([Secret("s", {"key": text})]))
    assert base64.b64decode(read["data"]["key"]).decode() == text


@pytest.mark.parametrize(
    ("name", "url", "reason"),
    [
        ("DSM_DATABASE_URL", "mysql://u:hidden@h/d", "is no URL of the form"),
        ("DSM_DATABASE_URL", "postgresql://u:hidden@localhost/d", "which in a pod is the pod"),
        ("DSM_DATABASE_URL", "postgresql://u:hidden@h:port/d", "malformed"),
        ("DSM_REDIS_URL", "postgresql://u:hidden@h/d", "is no URL of the form"),
        ("DSM_OWNER_URL", "u:hidden@h", "is no URL of the form"),
        ("DSM_DATABASE_URLS__CHRONICLE", "postgresql://dsm:hidden@h/d", "dsm_chronicle_service"),
        ("DSM_DATABASE_URL", "", "set DSM_DATABASE_URL"),
    ],
)
def test_a_bad_url_is_named_without_its_password(name: str, url: str, reason: str) -> None:
    with pytest.raises(StackError) as refusal:
        stores.stores(URLS | {name: url})
    assert reason in str(refusal.value)
    assert name in str(refusal.value)
    assert "hidden" not in str(refusal.value)


def test_a_line_of_a_file_that_is_no_setting_is_refused_by_number(tmp_path: Path) -> None:
    file = tmp_path / "urls"
    file.write_text("# stores\n\nDSM_REDIS_URL='redis://h'\nDSM_REDIS_URI=redis://:hidden@h\n")
    with pytest.raises(StackError, match="line 4") as refusal:
        given_urls.from_file(str(file))
    assert "hidden" not in str(refusal.value)
    file.write_text("# stores\n\nDSM_REDIS_URL='redis://h'\n")
    assert given_urls.from_file(str(file)) == {"DSM_REDIS_URL": "redis://h"}


def dsm(folder: Path, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(Path(sys.executable).with_name("dsm")), "manifests", "secrets", *arguments],
        cwd=folder,
        env={"PATH": os.defpath, "HOME": str(folder)} | options.pop("env", {}),
        capture_output=True,
        text=True,
        check=False,
        **{"stdin": subprocess.DEVNULL} | options if "input" not in options else options,
    )


@pytest.mark.parametrize("name", ["dev-stores", "cnpg", "external"])
def test_a_second_call_prints_the_same_and_keeps_the_schemas(tmp_path: Path, name: str) -> None:
    env = {"dev-stores": {}, "cnpg": {"DSM_REDIS_URL": "redis://:pw@r"}, "external": URLS}[name]
    first, second = (dsm(tmp_path, "--stores", name, env=env) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout
    assert complaints(first.stdout, "1.31") == ""
    files = list((tmp_path / ".dsm" / "cluster").iterdir())
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    admin = (tmp_path / ".dsm" / "cluster" / "admin.key").read_text().strip()
    assert admin not in first.stdout + first.stderr


def test_urls_come_from_stdin_and_a_missing_one_is_named(tmp_path: Path) -> None:
    lines = "\n".join(f"{name}={url}" for name, url in URLS.items())
    done = dsm(tmp_path, "--urls", "-", input=lines)
    assert done.returncode == 0, done.stderr
    assert "dsm-owner" in done.stdout
    short = dsm(tmp_path, "--urls", "-", input=lines.partition("\n")[2])
    assert short.returncode == 1
    assert short.stderr.startswith("error: set DSM_DATABASE_URL;")
    assert short.stdout == ""
