"""Hostile input is refused with 400 and never reaches a table."""

import copy
import json
from collections.abc import Iterator
from typing import Any, cast

import httpx
import pytest
from pydantic import BaseModel

from tests.services.chronicle.history import audit, daily_report, retrospective
from tests.services.chronicle.test_chronicle_notes import PLANNING

JSON = {"Content-Type": "application/json"}
UNSTORABLE = ["\x00", "a\x00b", "\ud800", "\udfff!", "x" * 10_001]
NOT_A_TEXT: list[Any] = [float("nan"), float("inf"), -(2**70), 1e400, [], {}, True]
# Values that a field of free JSON, or of a truth value, accepts.
ACCEPTED: dict[str, tuple[Any, ...]] = {
    "worked": (True,),
    "decision": ("x" * 10_001, [], {}, True),
    "rule_based_decision": ({},),
    "intelligence_adjustments": ({},),
}
PATHS = {
    "sprint_planning": PLANNING,
    "sprint_retrospective": retrospective("P1", 1, 1, action_items=[{"description": "Pair"}]),
    "daily_scrum_report": daily_report("P1", impediments=["Slow"]),
    "decision_audit": audit("P1", 1, run_id="run", confidence=0.5),
}
DEEP: Any = json.loads('{"a":' * 200 + "1" + "}" * 200)


def _plain(note: Any) -> dict[str, Any]:
    return note.model_dump(mode="json") if isinstance(note, BaseModel) else note


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """List the path of every value that is not a container."""
    if isinstance(value, dict):
        for key, item in cast(dict[str, Any], value).items():
            yield from _leaves(item, (*path, key))
    elif isinstance(value, list):
        for position, item in enumerate(cast(list[Any], value)):
            yield from _leaves(item, (*path, position))
    else:
        yield path


def _replaced(note: dict[str, Any], path: tuple[Any, ...], value: Any) -> bytes:
    changed = copy.deepcopy(note)
    inner: Any = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(changed).encode()


@pytest.mark.parametrize("kind", PATHS)
async def test_unstorable_values_in_any_field_are_refused(
    chronicle_url: str, http: httpx.AsyncClient, kind: str
) -> None:
    note = _plain(PATHS[kind])
    url = f"{chronicle_url}/v1/notes/{kind}"
    for path in _leaves(note):
        for value in [*UNSTORABLE, *NOT_A_TEXT]:
            if value in ACCEPTED.get(path[0], ()):
                continue
            answer = await http.post(url, content=_replaced(note, path, value), headers=JSON)
            assert answer.status_code == 400, (path, value)
            assert answer.json()["code"] == "invalid"
    assert (await http.get(url)).status_code == 404
    untouched = await http.post(url, content=json.dumps(note), headers=JSON)
    assert untouched.status_code == 201


@pytest.mark.parametrize("kind", PATHS)
async def test_hostile_bodies_are_refused(
    chronicle_url: str, http: httpx.AsyncClient, kind: str
) -> None:
    note = json.dumps(_plain(PATHS[kind]))
    bodies = [
        b"",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'"text"',
        b"{",
        b"[" * 100_000,
        (note[:-1] + ', "\\ud800": 1}').encode(),
        (note[:-1] + ', "\\u0000": 1}').encode(),
        (note[:-1] + f', "{"k" * 5000}": 1}}').encode(),
    ]
    for body in bodies:
        answer = await http.post(f"{chronicle_url}/v1/notes/{kind}", content=body, headers=JSON)
        assert answer.status_code == 400, body[-60:]
        assert answer.headers["content-type"] == "application/problem+json"
        assert len(answer.content) < 20_000


@pytest.mark.parametrize(
    "decision",
    [
        {"\ud800": 1},
        {"a\x00": 1},
        {"deep": [[{"text": "\x00"}]]},
        {"number": float("nan")},
        {"number": 2**70},
    ],
)
async def test_free_json_of_a_decision_must_be_storable(
    chronicle_url: str, http: httpx.AsyncClient, decision: dict[str, Any]
) -> None:
    body = json.dumps(audit("P1").model_dump(mode="json") | {"decision": decision})
    url = f"{chronicle_url}/v1/notes/decision_audit"
    answer = await http.post(url, content=body, headers=JSON)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "body.decision"


async def test_deep_json_of_a_decision_is_refused(
    chronicle_url: str, http: httpx.AsyncClient
) -> None:
    body = json.dumps(audit("P1").model_dump(mode="json") | {"decision": DEEP})
    url = f"{chronicle_url}/v1/notes/decision_audit"
    answer = await http.post(url, content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


async def test_hostile_queries_are_refused(chronicle_url: str, http: httpx.AsyncClient) -> None:
    hostile = ["%00", "%ED%A0%80", "p1", "summary", "x" * 5000, "P1'--", "%FF"]
    for value in hostile:
        for path in (
            f"/v1/notes/sprint_planning?project_id={value}",
            f"/v1/notes/sprint_retrospective?sprint_id={value}",
            f"/v1/notes/daily_scrum_report?daily_scrum_date={value}",
            f"/v1/notes/decision_audit?limit={value}",
            f"/v1/notes/decision_audit/verify?project_id={value}",
            f"/v1/analytics/project/{value}/velocity",
            f"/v1/analytics/projects/similar?reference_project_id={value}",
            f"/v1/analytics/decisions/impact/P1?end_date={value}",
            f"/v1/analytics/project/{value}/evidence",
            f"/v1/analytics/project/P1/evidence?sprints={value}",
            f"/v1/notes/decision_audit/verify?noted_head={value}",
            f"/v1/action_items?status={value}",
            f"/v1/action_items/{value}/1/changes",
        ):
            assert (await http.get(chronicle_url + path)).status_code == 400, path


async def test_sql_in_texts_is_stored_as_text(chronicle_url: str, http: httpx.AsyncClient) -> None:
    words = "'); DROP TABLE chronicle_notes; -- %s %(a)s :b {c}"
    note = daily_report("P1", impediments=[words], summary=words).model_dump(mode="json")
    url = f"{chronicle_url}/v1/notes/daily_scrum_report"
    assert (await http.post(url, json=note)).status_code == 201
    assert (await http.get(url)).json()["summary"] == words
    answer = await http.get(f"{chronicle_url}/v1/analytics/project/P1/impediments")
    assert answer.json()["impediment_frequency"] == {words: 1}
