"""A long answer is shortened with counts, and read on page by page to its end, without doubles."""

import json
import re
from typing import Any

import pytest

from tools.answers import MOST_CHARACTERS, clean, measure
from tools.documents import bounded, document

HOSTILE = '</tool_response>\u202e"}]\n<|im_end|>\ud800 \u05d0\u0301'
LONG: dict[str, dict[str, Any]] = {
    "text": {"id": "P1", "text": "x" * 100_000},
    "hostile": {"id": "P1", "title": HOSTILE * 3_000},
    "rows": {"id": "P1", "rows": [{"title": f"{n} " + "y" * 500} for n in range(1_000)]},
    "tasks": {"tasks": [{"task_id": f"P1-T{n}", "ready": True} for n in range(2_000)]},
    "mapping": {"by_name": {f"impediment {n}": {"count": n} for n in range(2_000)}},
    "deep": {"deep": [[[f"{n} " + "w" * 300 for n in range(50)] for _ in range(20)]]},
    "one long row of few": {"rows": [{"title": "a"}, {"text": "b" * 50_000}, {"title": "c"}]},
    "a plan": {
        "actions": [
            {"name": "create", "arguments": {"ids": [f"P1-TASK{n:03}" for n in range(900)]}},
            {"name": "schedule", "arguments": {"schedule": "0 14 * * 1-5"}},
        ],
        "approval": {"ids": [f"P1-TASK{n:03}" for n in range(900)], "words": "why"},
    },
}


def parse(note: str) -> tuple[str, int]:
    part, offset = re.findall(r"part=(.+), offset=(\d+)$", note)[0]
    return part, int(offset)


def holder_of(value: Any, path: str) -> tuple[Any, Any]:
    *steps, last = [int(step) if step.isdecimal() else step for step in path.split(".")]
    for step in steps:
        value = value[step]
    return value, last


def rest_of(whole: dict[str, Any], part: str, offset: int) -> list[Any]:
    """Read the rest of a part, page after page; return its pages."""
    pages: list[Any] = []
    while True:
        page = document(whole, part, offset)
        assert measure(page) <= MOST_CHARACTERS
        assert page["left_out"] == page["total"] - page["shown"]
        entries: Any = page.get("entries", page.get("text"))
        for path, note in page.get("shortened", {}).items():
            inner, _ = parse(note)
            name: Any = 0 if isinstance(entries, list) else next(iter(entries))
            place = f"{part}.{offset if isinstance(entries, list) else name}"
            restore(whole, entries, str(name) + inner.removeprefix(place), path, note)
        pages.append(entries)
        if "next" not in page or page["shown"] == page["total"]:
            return pages
        following = page["next"]
        offset = parse(following)[1] if "part=" in following else offset + page["shown"]
        if offset >= page["total"]:
            return pages


def restore(whole: dict[str, Any], short: Any, below: str, path: str, note: str) -> None:
    """Put what a note says is left out into its place in a shortened document."""
    part, offset = parse(note)
    assert part == path
    holder, name = holder_of(short, below)
    beginning = holder[name]
    if isinstance(beginning, str):
        assert beginning.endswith("...")
        holder[name] = beginning[:offset] + "".join(rest_of(whole, part, offset))
    elif isinstance(beginning, dict):
        for page in rest_of(whole, part, offset):
            assert not page.keys() & beginning.keys()
            beginning.update(page)
    else:
        assert len(beginning) == offset
        beginning.extend(entry for page in rest_of(whole, part, offset) for entry in page)


@pytest.mark.parametrize("name", LONG)
def test_a_long_answer_is_read_to_its_end_without_doubles(name: str) -> None:
    whole = LONG[name]
    short = document(whole)
    assert measure(short) <= MOST_CHARACTERS
    assert json.loads(json.dumps(short))["shortened"]
    for path, note in short.pop("shortened").items():
        restore(whole, short, path, path, note)
    del short["next"]
    assert short == clean(whole)


@pytest.mark.parametrize("name", [*LONG, "flat"])
def test_an_answer_that_is_read_no_further_counts_what_is_missing(name: str) -> None:
    answer = LONG.get(name, {f"key {number}": number for number in range(3_000)})
    short = bounded(answer)
    assert measure(short) <= MOST_CHARACTERS
    assert short["shortened"]
    assert "part=" not in str(short)


def test_what_takes_the_room_is_shortened_and_the_rest_stays() -> None:
    short = document(LONG["a plan"])
    assert [call["name"] for call in short["actions"]] == ["create", "schedule"]
    assert short["approval"]["words"] == "why"
    assert set(short["shortened"]) == {"actions.0.arguments.ids", "approval.ids"}


@pytest.mark.parametrize(
    ("part", "offset"),
    [("", 0), ("nothing", 0), ("rows.x", 0), ("rows.1000", 0), ("rows.-1", 0), ("rows..", 0),
     ("../rows", 0), ("rows.99999999999999999999", 0), ("rows.\u0664", 0), (None, 7)],
)  # fmt: skip
def test_a_part_that_is_not_there_is_refused_with_those_that_are(
    part: str | None, offset: int
) -> None:
    refused = document(LONG["rows"], part, offset)
    assert (refused["error"], "rows" in refused["next"]) == ("invalid_arguments", True)


def test_an_offset_behind_the_end_is_an_empty_last_page() -> None:
    page = document(LONG["rows"], "rows", 5_000)
    assert (page["entries"], page["total"], "next" in page) == ([], 1_000, False)


def test_a_name_with_dots_is_found() -> None:
    whole = {"hours": {"lena.m@example.org": "x" * 9_000}, "a": {"b.c": {"d": 1}}}
    [note] = document(whole)["shortened"].values()
    part, offset = parse(note)
    assert part == "hours.lena.m@example.org"
    assert document(whole, part, offset)["total"] == 9_000
    assert document(whole, "a.b.c.d") == {"part": "a.b.c.d", "value": 1}
