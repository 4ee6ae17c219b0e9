"""Rows of a tracker as a file: what is written is read again, and anything else is words."""

import json
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from agent.importing.errors import CsvRefused
from agent.importing.options import ImportOptions
from agent.importing.reading.files import recognise_files
from agent.importing.reading.recognition import recognise_rows
from agent.importing.reading.source_rows import DOCUMENT_START, SourceRows
from agent.importing.sources.document import MAX_LINE_BYTES, read_document, write_document
from agent.importing.sources.source_request import SourceRequest
from tests.sources import gitlab_server
from tests.sources.github_server import REPOSITORY, GitHub, issue
from tests.sources.gitlab_server import PROJECT, GitLab
from tests.sources.jira_server import EMAIL
from tests.sources.jira_shop import shop
from tests.sources.reading import TOKEN, Reader, after
from tests.sources.tracker_server import serving_tracker

SOURCES: dict[str, tuple[Callable[[], Any], str]] = {
    "jira": (lambda: shop(is_cloud=True), "12"),
    "github": (lambda: GitHub([issue(number) for number in range(1, 6)]), REPOSITORY),
    "gitlab": (lambda: GitLab([gitlab_server.issue(iid) for iid in range(1, 6)]), PROJECT),
}


def read(kind: str) -> SourceRows:
    make, scope = SOURCES[kind]
    with serving_tracker(make().server()) as server:
        request = SourceRequest(kind, server.url, scope)  # type: ignore[arg-type]
        return Reader(email=EMAIL if kind == "jira" else None).read(request)


def content_of(source: SourceRows) -> bytes:
    stream = BytesIO()
    write_document(source, stream)
    return stream.getvalue()


@pytest.fixture(scope="module")
def lines() -> list[Any]:
    return [json.loads(line) for line in content_of(read("jira")).splitlines()]


def saved(path: Path, lines: list[Any]) -> Path:
    file = path / "rows.jsonl"
    texts = (json.dumps(line, separators=(",", ":"), ensure_ascii=False) for line in lines)
    file.write_bytes("\n".join(texts).encode("utf-8", "surrogatepass") + b"\n")
    return file


@pytest.mark.parametrize("kind", list(SOURCES))
def test_document_tells_all_that_the_tracker_told(kind: str, tmp_path: Path) -> None:
    source = read(kind)
    path = tmp_path / "upload.bin"
    path.write_bytes(content_of(source))
    assert path.read_bytes().startswith(DOCUMENT_START)
    assert TOKEN.encode() not in path.read_bytes()
    (recognition,) = recognise_files([path], ImportOptions())
    assert recognition == recognise_rows(source)
    again = read_document(path)
    assert list(again.rows) == list(again.rows) == list(source.rows)


def test_changes_are_a_document_of_one_project(tmp_path: Path) -> None:
    with serving_tracker(shop(is_cloud=True).server()) as server:
        request, reader = SourceRequest("jira", server.url, "12"), Reader(email=EMAIL)
        changes = reader.read(request, after(reader.read(request)))
    assert changes.places
    with pytest.raises(ValueError, match="changes without their project"):
        content_of(changes)
    path = tmp_path / "upload.bin"
    path.write_bytes(content_of(replace(changes, project="SHOP")))
    again = read_document(path)
    assert (again.since, again.places, again.project) == (changes.since, changes.places, "SHOP")


def test_rows_that_no_document_holds_are_refused_in_words() -> None:
    source = read("github")
    (row, *_) = source.rows
    for values, words in (
        ({"title": ["x" * 30_000]}, "cannot be read (values.title.0"),
        ({"labels": ["x" * 20_000] * 300}, "bytes in one line"),
    ):
        with pytest.raises(CsvRefused) as refused:
            content_of(replace(source, rows=[replace(row, values=values)]))
        assert words in refused.value.detail
        assert "read a part of it, by --jql or --labels" in refused.value.detail


def head(**values: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda lines: [{**lines[0], **values}, *lines[1:]]


def changes(**values: Any) -> Callable[[list[Any]], list[Any]]:
    return head(changes={"project": "SHOP", "since": "2026-03-01T10:00:00Z", **values})


def row(value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda lines: [lines[0], value, *lines[2:]]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (head(version=2), "line 1 cannot be read (version"),
        (head(profile="Nobody's tracker"), "names the unknown tracker"),
        (head(statuses={"done": "Perhaps"}), "line 1 cannot be read (statuses.done"),
        (head(statuses={f"s{number}": "Done" for number in range(6_000)}), "(statuses"),
        (head(sprints=[{"project": "SHOP"}]), "(sprints.0.name"),
        (head(rows=-1), "(rows"),
        (head(token="x"), "(token"),
        (changes(project="shop"), "(changes.project"),
        (changes(since="2026-03-01T10:00:00"), "(changes.since"),
        (changes(since=None), "(changes.since"),
        (changes(places={"SHOP-1": 1}), "(changes.places.SHOP-1"),
        (changes(places={"SHOP-1": "x" * 501}), "(changes.places.SHOP-1"),
        (changes(token="x"), "(changes.token"),
        (lambda lines: lines[:-1], "has 2 of 3 tasks"),
        (lambda lines: [*lines, lines[-1]], "has 4 of 3 tasks"),
        (row([]), "line 2 cannot be read"),
        (row({"values": {"id": "SHOP-1"}}), "(values.id"),
        (row({"values": {"id": [""]}}), "(values.id.0"),
        (row({"values": {"id": ["\ud83d"]}}), "line 2"),
        (row({"values": {"No field!": ["x"]}}), "(values.No field!"),
        (row({"values": {f"a{'b' * number}": ["x"] for number in range(60)}}), "(values"),
        (row({"values": {"title": ["x" * 30_000]}}), "(values.title.0"),
        (row({"values": {"id": ["x" * (MAX_LINE_BYTES + 9)]}}), "is longer than 4 MB"),
        (row({"values": {}, "transitions": [["2026-03-01T10:00:00", "Done"]]}), "(transitions.0.0"),
        (row({"values": {}, "transitions": [["yesterday", "Done"]]}), "(transitions.0.0"),
    ],
)
def test_file_of_another_content_is_refused_in_words(
    change: Callable[[list[Any]], list[Any]], words: str, lines: list[Any], tmp_path: Path
) -> None:
    path = saved(tmp_path, change(lines))
    with pytest.raises(CsvRefused) as refused:
        recognise_files([path], ImportOptions())
    assert words in refused.value.detail
    assert "read the tracker once more by dsm import jira" in refused.value.detail
    assert len(refused.value.detail) < 700


def test_file_that_ends_within_a_line_is_refused(lines: list[Any], tmp_path: Path) -> None:
    path = saved(tmp_path, lines)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(CsvRefused, match="line 4"):
        recognise_files([path], ImportOptions())
