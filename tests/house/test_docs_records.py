"""Decision records: numbered without gaps, complete, and listed in their index."""

import re
from datetime import date
from pathlib import Path

import pytest

FOLDER = Path("docs/adr")
HEAD = re.compile(
    r"# (?P<number>\d{4})\. (?P<title>.+)\n\n"
    r"- Date: (?P<date>\S+)\n"
    r"- Status: (?P<status>Accepted|Superseded)"
)
SECTIONS = ["Context", "Decision", "Consequences", "Alternatives", "Links"]
ROW = re.compile(r"^\| \[(\d{4})\]\(([^)]+)\) \| (.+) \| (.+) \| (\S+) \|$", re.MULTILINE)


@pytest.fixture
def records(repository: Path) -> list[Path]:
    return sorted((repository / FOLDER).glob("[0-9]*.md"))


def test_numbers_are_unique_and_without_gaps(records: list[Path]) -> None:
    numbers = [int(record.name[:4]) for record in records]
    assert numbers == list(range(1, len(records) + 1))


def test_every_record_has_its_head_and_its_sections(records: list[Path]) -> None:
    incomplete: list[str] = []
    for record in records:
        text = record.read_text()
        head = HEAD.match(text)
        complete = head is not None and head["number"] == record.name[:4]
        if not complete or re.findall(r"^## (.+)$", text, re.MULTILINE) != SECTIONS:
            incomplete.append(record.name)
    assert incomplete == []


def test_the_index_lists_every_record_as_it_is(repository: Path, records: list[Path]) -> None:
    rows = ROW.findall((repository / FOLDER / "README.md").read_text())
    assert [row[1] for row in rows] == [record.name for record in records]
    for record, (number, _, title, status, day) in zip(records, rows, strict=True):
        head = HEAD.match(record.read_text())
        assert head is not None
        assert (number, title, day) == (head["number"], head["title"], head["date"]), record.name
        assert status.startswith(head["status"]), record.name
        date.fromisoformat(day)
