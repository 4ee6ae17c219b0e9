"""People's keys are read again when their file changes; a revoked one is refused at once."""

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from deploy.errors import StackError
from deploy.people import PeopleKeys
from domain_services.kernel.errors import Unauthorized
from domain_services.kernel.people import parse_people
from domain_services.kernel.settings import AuthSettings
from domain_services.kernel.web.auth import KeyRing
from domain_services.project.app import create_app
from domain_services.project.settings import ProjectSettings
from tests.conftest import AUTH, serving
from tests.ports import free_port


@pytest.fixture
def people(tmp_path: Path) -> PeopleKeys:
    people = PeopleKeys(tmp_path)
    people.prepare()
    return people


@pytest.fixture
async def service(people: PeopleKeys, database_url: Any) -> AsyncIterator[str]:
    """Serve projects with the file of people's keys; return the base URL."""
    port = free_port()
    app = create_app(
        ProjectSettings(
            port=port,
            database_url=database_url("domain_services.project"),
            auth=AuthSettings.model_validate({**AUTH, "keys_file": people.file}),
        )
    )
    async with serving(app, port):
        yield f"http://127.0.0.1:{port}"


async def list_projects(service: str, key: str) -> httpx.Response:
    async with httpx.AsyncClient() as http:
        return await http.get(f"{service}/projects", headers={"Authorization": f"Bearer {key}"})


async def readiness(service: str) -> Any:
    async with httpx.AsyncClient() as http:
        return (await http.get(f"{service}/health/ready")).json()


async def test_key_is_accepted_when_added_and_refused_once_revoked_without_a_restart(
    service: str, people: PeopleKeys
) -> None:
    key = people.add("lena", "operator")
    assert (await list_projects(service, key)).status_code == 200
    people.revoke("lena")
    refused = await list_projects(service, key)
    assert refused.status_code == 401
    assert "the API key of lena was revoked at" in refused.json()["detail"]
    assert key not in refused.text
    other = people.add("lena", "viewer")
    assert (await list_projects(service, other)).status_code == 200
    assert (await list_projects(service, key)).status_code == 401


async def test_viewer_reads_only(service: str, people: PeopleKeys) -> None:
    headers = {"Authorization": f"Bearer {people.add('max', 'viewer')}"}
    body = {"id": "P", "name": "P"}
    async with httpx.AsyncClient(headers=headers) as http:
        assert (await http.post(f"{service}/projects", json=body)).status_code == 403


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        ("half", "it is no whole JSON: EOF"),
        ("empty", "it is empty"),
        ("missing", "it is missing"),
        ("taken", "the name admin is that of a role or a service"),
        ("huge", "it is larger than"),
    ],
)
async def test_broken_file_keeps_the_keys_read_before_and_is_told(
    service: str, people: PeopleKeys, harm: str, words: str
) -> None:
    key = people.add("lena", "operator")
    assert (await list_projects(service, key)).status_code == 200
    whole = people.file.read_text()
    if harm == "half":
        people.file.write_text(whole[: len(whole) // 2])
    elif harm == "empty":
        people.file.write_text("")
    elif harm == "missing":
        people.file.unlink()
    elif harm == "taken":
        people.file.write_text(whole.replace('"lena"', '"admin"'))
    else:
        people.file.write_text(whole + " " * 1_000_000)
    assert (await list_projects(service, key)).status_code == 200
    answer = await readiness(service)
    [sentence] = answer["attention"]
    assert f"people's keys is not used as it is: {words}" in sentence
    assert "the keys read before hold on" in sentence
    assert str(people.file.parent) not in json.dumps(answer)
    people.file.write_text(whole)
    people.revoke("lena")
    assert (await list_projects(service, key)).status_code == 401
    assert "attention" not in await readiness(service)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir], ids=["pipe", "folder"])
async def test_what_is_no_file_stops_nothing(service: str, people: PeopleKeys, make: Any) -> None:
    key = people.add("lena", "operator")
    assert (await list_projects(service, key)).status_code == 200
    people.file.unlink()
    make(people.file)
    assert (await list_projects(service, key)).status_code == 200
    assert "not a file" in json.dumps(await readiness(service))
    with pytest.raises(StackError, match="not a file"):
        people.list()


def mount(folder: Path, version: str, content: str | None) -> None:
    """Change a mounted Secret as a kubelet does: a new folder, then one link is replaced."""
    (folder / version).mkdir(parents=True)
    if content is not None:
        (folder / version / "people.json").write_text(content)
    (folder / "..data_tmp").symlink_to(version)
    (folder / "..data_tmp").replace(folder / "..data")
    if not (folder / "people.json").is_symlink():
        (folder / "people.json").symlink_to("..data/people.json")


async def test_changed_secret_is_read_without_a_restart(people: PeopleKeys, tmp_path: Path) -> None:
    secret = tmp_path / "mounted"
    mount(secret, "..1", None)
    ring = KeyRing(AuthSettings(keys_file=secret / "people.json"), "box-service")
    [sentence] = await ring.attention()
    assert "it is missing" in sentence
    assert "no key of a person is accepted before that" in sentence
    lena, max_key = people.add("lena", "operator"), people.add("max", "viewer")
    mount(secret, "..2", people.document())
    assert {ring.identify(f"Bearer {key}").name for key in (lena, max_key)} == {"lena", "max"}
    assert await ring.attention() == []
    people.revoke("lena")
    mount(secret, "..3", people.document())
    with pytest.raises(Unauthorized, match="the API key of lena was revoked"):
        ring.identify(f"Bearer {lena}")
    mount(secret, "..4", None)
    assert ring.identify(f"Bearer {max_key}").name == "max"
    [sentence] = await ring.attention()
    assert "it is missing" in sentence


def test_second_half_in_the_same_moment_is_read(people: PeopleKeys) -> None:
    people.add("lena", "operator")
    ring = KeyRing(AuthSettings(keys_file=people.file), "box-service")
    whole = people.file.read_text()
    with people.file.open("w") as file:
        file.write(whole[:20])
        file.flush()
        with pytest.raises(Unauthorized):
            ring.identify("Bearer nobody")
        file.write(whole[20:])
    key = (people.file.parent / "people" / "lena.key").read_text()
    assert ring.identify(f"Bearer {key}").name == "lena"


def test_file_holds_no_key_and_is_for_this_account_only(people: PeopleKeys) -> None:
    key = people.add("lena", "admin")
    key_file = people.path_of("lena")
    assert key_file.read_text() == key
    assert key not in people.file.read_text()
    assert {path.stat().st_mode & 0o777 for path in (key_file, people.file)} == {0o600}
    people.revoke("lena")
    assert not key_file.exists()
    with pytest.raises(StackError, match=r"was revoked at .* make another with: dsm keys add lena"):
        people.path_of("lena")


@pytest.mark.parametrize(
    "name", ["", "two words", "-x", "../x", "a/b", "admin", "Operator", "sprint-service", "jobs"]
)
def test_name_that_cannot_be_used_is_refused_in_words(people: PeopleKeys, name: str) -> None:
    with pytest.raises(StackError, match=r"cannot be a name|choose another name"):
        people.add(name, "viewer")
    assert people.list() == ()


def test_lost_file_is_not_begun_anew_without_its_people(people: PeopleKeys) -> None:
    people.add("lena", "viewer")
    people.file.unlink()
    with pytest.raises(StackError, match="keys of lena are kept"):
        people.add("max", "viewer")
    assert not people.file.exists()


def test_secret_is_made_of_a_whole_file_only(people: PeopleKeys, tmp_path: Path) -> None:
    assert parse_people(PeopleKeys(tmp_path / "new").document()).people == ()
    people.add("lena", "viewer")
    assert people.document() == people.file.read_text()
    whole = people.file.read_text()
    people.file.write_text(whole[:40])
    with pytest.raises(StackError, match="no whole JSON"):
        people.document()
    people.file.unlink()
    with pytest.raises(StackError, match="keys of lena are kept"):
        people.document()


def test_file_of_another_account_is_named(
    people: PeopleKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root reads every file, whatever its mode.
    monkeypatch.setattr(os, "open", lambda *_: (_ for _ in ()).throw(PermissionError(13, "no")))
    with pytest.raises(StackError, match="its owner or mode does not let this account read it"):
        people.list()


def test_second_key_of_a_name_is_refused(people: PeopleKeys) -> None:
    people.add("lena", "viewer")
    with pytest.raises(StackError, match="dsm keys revoke lena"):
        people.add("lena", "admin")
    with pytest.raises(StackError, match="dsm keys list"):
        people.revoke("max")
    with pytest.raises(StackError, match="make one with: dsm keys add max"):
        people.path_of("max")
