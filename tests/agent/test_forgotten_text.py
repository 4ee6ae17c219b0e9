"""No text of a forgotten decision stays in the orchestrator's database but in its audits."""

import json
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg import sql

from graphs.answer import Orchestration
from tests.agent.conftest import get, give_history, until
from tests.graphs.conftest import System

AUDITS = "deliveries"  # the chain of audits holds their contents for good


def _sentences(document: Any) -> Iterator[str]:
    if isinstance(document, dict):
        for value in document.values():
            yield from _sentences(value)
    elif isinstance(document, list):
        for item in document:
            yield from _sentences(item)
    elif isinstance(document, str) and document.count(" ") > 2 and '"' not in document:
        yield document


def _tables_with(system: System, sentences: set[str]) -> set[str]:
    """Return the tables that hold one of the sentences, as text or as bytes."""
    url = system.databases["orchestrator"].replace("+psycopg", "")
    texts = [*sentences, *(sentence.encode().hex() for sentence in sentences)]
    tables: set[str] = set()
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname IN ('public', 'chat')"
        ).fetchall()
        for schema, name in names:
            query = sql.SQL("SELECT line::text FROM {} AS line").format(
                sql.Identifier(schema, name)
            )
            rows = "\n".join(row[0] for row in connection.execute(query))
            if any(text in rows for text in texts):
                tables.add(name)
    return tables


async def test_reasons_of_a_forgotten_decision_are_gone_and_its_run_can_be_undone(
    whole: System,
) -> None:
    await whole.make_project("SECRET", 12)
    await give_history(whole, "SECRET", [5, 6, 5, 7, 6, 5])
    url = f"{whole.urls['orchestrator']}/orchestrate/project/SECRET"
    run = (await whole.http.post(url, json={}, headers={"Idempotency-Key": "one"})).json()
    path = f"/memory/episodes/{run['run_id']}"

    async def stored() -> Any:
        answer = await whole.http.get(whole.urls["orchestrator"] + path)
        return answer.json() if answer.status_code == 200 else None

    episode = await until(stored)
    sentences = set(_sentences(episode["reasoning"]))
    assert len(sentences) >= 3
    with psycopg.connect(
        whole.databases["orchestrator"].replace("+psycopg", ""), autocommit=True
    ) as connection:
        connection.execute(
            "INSERT INTO run_comments (run_id, model, comment) VALUES (%s, 'small', %s)",
            (run["run_id"], f"It says: {max(sentences)}"),
        )
    before = {"runs", "run_steps", "run_comments", "checkpoint_blobs", "episodes", AUDITS}
    assert before <= _tables_with(whole, sentences)
    body = {"base": 1, "reason": "a test"}
    forgotten = await whole.post("orchestrator", f"{path}/forget", body)
    assert forgotten.status_code == 200
    assert _tables_with(whole, sentences) == {AUDITS}
    # What was done stays, in the shapes that it had.
    after = await get(whole, run["run_url"])
    assert (after["status"], after["forgotten"], after["steps"]) == ("done", True, [])
    assert (after["model_comment"], after["inputs_url"]) == (None, None)
    assert Orchestration.model_validate(after["answer"]).actions_taken == run["actions_taken"]
    assert after["answer"]["decisions"]["reasoning"] == ""
    assert after["decision"]["tasks"] == run["decisions"]["tasks_to_assign"]
    assert json.loads(json.dumps(after["decision"]["plan"])) == run["actions_planned"]
    again = await whole.http.post(url, json={}, headers={"Idempotency-Key": "one"})
    assert (again.status_code, again.json()["run_id"]) == (200, run["run_id"])
    assert (await whole.post("orchestrator", f"/runs/{run['run_id']}/undo", {})).status_code == 202
