"""The same key with the same request takes effect once, and gets the first answer again."""

import asyncio
from itertools import count

import pytest
from sqlalchemy import text

from domain_services.kernel.database import retention
from domain_services.kernel.web import idempotent_route
from tests.kernel.conftest import BoxService

_shelves = count()
KINDS = [("boxes", 1), ("pairs", 2)]


@pytest.fixture
def shelf() -> str:
    return f"shelf-{next(_shelves)}"


async def _age(box: BoxService, key: str, age: str) -> None:
    async with box.database.transaction() as connection:
        await connection.execute(
            text(
                "UPDATE idempotency_keys SET claimed_at = now() - CAST(:age AS interval)"
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


async def test_keys_expire_after_a_day(box: BoxService, shelf: str) -> None:
    await box.add(shelf, "a", shelf)
    await _age(box, shelf, "24 hours 1 second")
    assert (await box.add(shelf, "a", shelf)).headers.get("idempotency-replayed") is None
    assert await box.count(shelf) == 2
    await _age(box, shelf, "24 hours 1 second")
    await box.add(shelf, "a", f"{shelf}-young")
    await retention.delete_expired_rows(box.database)
    async with box.database.transaction() as connection:
        keys = await connection.scalars(
            text("SELECT key FROM idempotency_keys WHERE key LIKE :like"), {"like": f"{shelf}%"}
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
