"""The same key with the same request takes effect once, and gets the first answer again."""

import asyncio
from itertools import count

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain_services.kernel.database import idempotency
from domain_services.kernel.database.idempotency import KeyedRequest, keyed
from domain_services.kernel.errors import RequestInProgress
from domain_services.kernel.web import idempotent_route
from tests.conftest import ADMIN_KEY, OPERATOR_KEY
from tests.kernel.conftest import BoxService

_shelves = count()
KINDS = [("boxes", 1), ("pairs", 2)]
CALLERS = (ADMIN_KEY, OPERATOR_KEY)


@pytest.fixture
def shelf() -> str:
    return f"shelf-{next(_shelves)}"


async def _age(box: BoxService, key: str, age: str) -> None:
    async with box.database.transaction() as connection:
        await connection.execute(
            text(
                "UPDATE keyed_requests SET claimed_at = now() - CAST(:age AS interval)"
                " WHERE key = :key"
            ),
            {"age": age, "key": key},
        )


@pytest.mark.parametrize(("what", "rows"), KINDS)
async def test_a_repeated_request_gets_the_first_answer(
    box: BoxService, shelf: str, what: str, rows: int
) -> None:
    first = await box.add(shelf, "a", shelf, what)
    again = await box.add(shelf, "a", shelf, what)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.content == first.content
    assert again.headers.get("etag") == first.headers.get("etag")
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert await box.count(shelf) == rows


@pytest.mark.parametrize(("what", "rows"), KINDS)
async def test_another_body_query_or_path_under_a_key_is_invalid(
    box: BoxService, shelf: str, what: str, rows: int
) -> None:
    await box.add(shelf, "a", shelf, what)
    others = [
        await box.add(shelf, "b", shelf, what),
        await box.add(f"{shelf}-other", "a", shelf, what),
        await box.http.post(
            f"/shelves/{shelf}/{what}?x=1", json={"label": "a"}, headers={"Idempotency-Key": shelf}
        ),
    ]
    assert [answer.status_code for answer in others] == [422, 422, 422]
    assert others[0].json()["code"] == "invalid"
    assert await box.count(shelf) == rows


async def test_a_key_belongs_to_its_route(box: BoxService, shelf: str) -> None:
    answers = [await box.add(shelf, "a", shelf, what) for what, _ in KINDS]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert await box.count(shelf) == 3


async def test_request_without_a_key_takes_effect_every_time(box: BoxService, shelf: str) -> None:
    for _ in range(2):
        assert (await box.add(shelf, "a")).status_code == 201
    assert await box.count(shelf) == 2


@pytest.mark.parametrize(("what", "_rows"), KINDS)
async def test_repeated_request_is_refused_while_the_first_is_in_progress(
    box: BoxService, shelf: str, what: str, _rows: int
) -> None:
    gate = box.new_gate()
    first = asyncio.create_task(box.add(shelf, "wait", shelf, what))
    await gate.reached.wait()
    second = await box.add(shelf, "wait", shelf, what)
    assert (second.status_code, second.json()["code"]) == (409, "request_in_progress")
    assert second.headers["retry-after"] == "1"
    gate.open.set()
    answered = await first
    assert answered.status_code == 201
    assert (await box.add(shelf, "wait", shelf, what)).content == answered.content


async def test_concurrent_requests_of_one_key_take_effect_once(box: BoxService, shelf: str) -> None:
    answers = await asyncio.gather(*(box.add(shelf, "a", shelf) for _ in range(8)))
    assert {answer.content for answer in answers if answer.status_code == 201} == {
        answers[0].content
    }
    assert await box.count(shelf) == 1


@pytest.mark.parametrize(("what", "boxes"), [("boxes", 0), ("pairs", 2)])
async def test_a_failed_request_may_be_sent_again(
    box: BoxService, shelf: str, what: str, boxes: int
) -> None:
    assert (await box.add(shelf, "refuse", shelf, what)).status_code == 409
    assert await box.count(shelf) == boxes
    again = await box.add(shelf, "refuse", shelf, what)
    assert again.json()["code"] == "conflict"
    assert (await box.add(shelf, "a", shelf, what)).status_code == 201


async def test_a_claim_whose_process_died_is_taken_over_by_the_same_request(
    box: BoxService, shelf: str
) -> None:
    gate = box.new_gate()
    died = asyncio.create_task(box.add(shelf, "wait", shelf, "pairs"))
    await gate.reached.wait()
    await _age(box, shelf, f"{idempotent_route.LEASE_SECONDS - 10} seconds")
    assert (await box.add(shelf, "wait", shelf, "pairs")).status_code == 409
    await _age(box, shelf, f"{idempotent_route.LEASE_SECONDS + 1} seconds")
    assert (await box.add(shelf, "other", shelf, "pairs")).status_code == 422
    box.new_gate().open.set()
    assert (await box.add(shelf, "wait", shelf, "pairs")).status_code == 201
    gate.open.set()
    await died


async def _add_by(box: BoxService, token: str, shelf: str, label: str, what: str) -> httpx.Response:
    return await box.http.post(
        f"/shelves/{shelf}/{what}",
        json={"label": label},
        headers={"Idempotency-Key": shelf, "Authorization": f"Bearer {token}"},
    )


@pytest.mark.parametrize(("what", "rows"), KINDS)
async def test_a_key_belongs_to_its_caller(
    box: BoxService, shelf: str, what: str, rows: int
) -> None:
    answers = [await _add_by(box, token, shelf, "a", what) for token in CALLERS]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert "idempotency-replayed" not in answers[1].headers
    assert await box.count(shelf) == 2 * rows
    # Another request of the other caller is no misuse of the first caller's key either.
    again = await _add_by(box, CALLERS[1], shelf, "a", what)
    assert again.content == answers[1].content != answers[0].content


@pytest.mark.parametrize(("what", "_rows"), KINDS)
async def test_a_caller_does_not_wait_for_another_with_the_same_key(
    box: BoxService, shelf: str, what: str, _rows: int
) -> None:
    gate = box.new_gate()
    first = asyncio.create_task(_add_by(box, CALLERS[0], shelf, "wait", what))
    await gate.reached.wait()
    other = await _add_by(box, CALLERS[1], shelf, "b", what)
    assert other.status_code == 201
    gate.open.set()
    assert (await first).status_code == 201


async def _store_as_the_release_before(
    box: BoxService, shelf: str, request: KeyedRequest, status: int | None
) -> None:
    async with box.database.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO idempotency_keys (route, key, request_hash, status, headers, body)"
                " VALUES (:route, :key, :hash, :status, '[]', :body)"
                " ON CONFLICT (route, key) DO NOTHING"
            ),
            {
                "route": request.route,
                "key": request.key,
                "hash": request.request_hash,
                "status": status,
                "body": "the first answer" if status else None,
            },
        )


def _request_for(shelf: str, what: str, body: str = '{"label":"a"}') -> KeyedRequest:
    route, path = f"POST /shelves/{{shelf}}/{what}", f"/shelves/{shelf}/{what}"
    return keyed("admin", route, shelf, path, "", body)


@pytest.mark.parametrize(("what", "_rows"), KINDS)
async def test_an_answer_of_the_release_before_is_given_to_the_same_request(
    box: BoxService, shelf: str, what: str, _rows: int
) -> None:
    await _store_as_the_release_before(box, shelf, _request_for(shelf, what), 201)
    again = await box.add(shelf, "a", shelf, what)
    assert (again.status_code, again.text) == (201, "the first answer")
    assert again.headers["idempotency-replayed"] == "true"
    assert await box.count(shelf) == 0


@pytest.mark.parametrize(("what", "_rows"), KINDS)
async def test_a_request_under_way_in_the_release_before_is_not_begun_again(
    box: BoxService, shelf: str, what: str, _rows: int
) -> None:
    await _store_as_the_release_before(box, shelf, _request_for(shelf, what), None)
    again = await box.add(shelf, "a", shelf, what)
    assert (again.status_code, again.json()["code"]) == (409, "request_in_progress")
    assert await box.count(shelf) == 0


@pytest.mark.parametrize(("what", "rows"), KINDS)
async def test_another_request_of_the_release_before_blocks_nobody(
    box: BoxService, shelf: str, what: str, rows: int
) -> None:
    other = _request_for(shelf, what, '{"label":"another"}')
    await _store_as_the_release_before(box, shelf, other, 201)
    assert (await box.add(shelf, "a", shelf, what)).status_code == 201
    assert await box.count(shelf) == rows


async def test_claim_of_a_key_that_is_released_meanwhile_is_a_claim(
    box: BoxService, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = keyed("admin", "POST /shelves", "released", "a")
    async with box.database.transaction() as connection:
        await idempotency.claim(connection, request)

    async def release_first(connection: AsyncConnection, keyed_request: KeyedRequest) -> None:
        await idempotency.release(connection, keyed_request)

    monkeypatch.setattr(idempotency, "find", release_first)
    async with box.database.transaction() as connection:
        assert await idempotency.claim(connection, request) is None
    monkeypatch.undo()
    async with box.database.transaction() as connection:
        with pytest.raises(RequestInProgress):
            await idempotency.claim(connection, request)


async def test_keys_expire_after_a_day(box: BoxService, shelf: str) -> None:
    await box.add(shelf, "a", shelf)
    await _age(box, shelf, "24 hours 1 second")
    assert (await box.add(shelf, "a", shelf)).headers.get("idempotency-replayed") is None
    assert await box.count(shelf) == 2
    await _age(box, shelf, "24 hours 1 second")
    await box.add(shelf, "a", f"{shelf}-young")
    await box.app.state.retention.delete_ended()
    async with box.database.transaction() as connection:
        keys = await connection.scalars(
            text("SELECT key FROM keyed_requests WHERE key LIKE :like"), {"like": f"{shelf}%"}
        )
        assert list(keys) == [f"{shelf}-young"]


@pytest.mark.parametrize("key", ["", "a b", "é", "x" * 201])
async def test_malformed_key_is_invalid(box: BoxService, shelf: str, key: str) -> None:
    answer = await box.http.post(
        f"/shelves/{shelf}/boxes",
        json={"label": "a"},
        headers=[("Idempotency-Key", key.encode())],  # pyright: ignore[reportArgumentType]
    )
    assert answer.status_code == 422
    assert await box.count(shelf) == 0
