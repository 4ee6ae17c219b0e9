"""Changes of a tracker are completed by what is known, or refused with a reason."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from agent.importing.errors import ChangesRefused
from agent.importing.history.known_rows import KnownRows
from agent.importing.history.row_store import Document
from agent.importing.options import ImportOptions
from agent.importing.reading.source_rows import SourceRow, SourceRows
from agent.importing.saved_options import hash_options
from agent.importing.sources.last_read import OVERLAP
from agent.importing.sources.meanings import GITHUB
from agent.importing.tasks import Task, TrackerSprint
from agent.imports.job import SavedImport
from agent.imports.known_sources import KnownSource, imports_of, last_read
from agent.imports.schema import ImportSource

READ_AT = datetime(2026, 4, 24, 8, tzinfo=UTC)
REQUEST: dict[str, str | bool] = {"kind": "github", "url": "https://api.github.com", "scope": "a/b"}
OPTIONS = ImportOptions(prefix="X-")
LAST = ImportSource(
    kind="api", request=REQUEST, read_at=READ_AT, setup="s", options_hash=hash_options(OPTIONS)
)
NOW = LAST.model_copy(update={"read_at": READ_AT + timedelta(1), "options_hash": ""})
SAVED = SavedImport(project_id="X-SHOP", headers="", options={"prefix": "X-"}, source=LAST)
CHANGES = SourceRows(
    name="repository a/b",
    profile=GITHUB,
    rows=[SourceRow({"id": ("1",), "project": ("shop",), "created": ("2026-04-01",)}, (), 1)],
    sprints=(),
    notices=(),
    since=READ_AT - OVERLAP,
    project="X-SHOP",
)
ROWS = KnownRows(
    project_id="X-SHOP",
    as_of=date(2026, 4, 24),
    cadence_days=14,
    known_until=date(2026, 4, 24),
    tasks=tuple(Task(str(number), "X-SHOP", date(2026, 4, 1)) for number in (1, 2, 3)),
    sprints=(TrackerSprint("X-SHOP", "S1", None, None, committed=("2",)),),
)
KNOWN = KnownSource(NOW, [SAVED], ROWS)


def source(base: ImportSource, **values: Any) -> ImportSource:
    return base.model_copy(update=values)


def saved(**values: Any) -> list[SavedImport]:
    return [SAVED.model_copy(update={"source": source(LAST, **values)})]


def test_changes_are_completed_by_the_known_tasks_of_their_project() -> None:
    whole = KNOWN.complete(CHANGES, OPTIONS)
    assert [task.id for task in whole.known] == ["2", "3"]
    assert "1 changed task; 2 as they are known" in whole.notices[0].text


def test_seconds_by_which_moments_are_measured_otherwise_refuse_no_changes() -> None:
    measured = source(NOW, read_at=READ_AT - timedelta(seconds=20))
    assert replace(KNOWN, source=measured).complete(CHANGES, OPTIONS).known


@pytest.mark.parametrize(
    ("known", "changes", "options", "words"),
    [
        ({"imports": []}, {}, OPTIONS, "not what X-SHOP was read from last"),
        ({"source": None}, {}, OPTIONS, "not what X-SHOP was read from last"),
        ({}, {"project": "SHOP"}, OPTIONS, "not what SHOP was read from last"),
        (
            {"imports": [SAVED, SAVED.model_copy(update={"project_id": "OPS"})]},
            {}, OPTIONS, "several projects (OPS, X-SHOP)",
        ),
        ({"imports": saved(read_at=None)}, {}, OPTIONS, "begin after the moment"),
        ({}, {"since": READ_AT + timedelta(seconds=1)}, OPTIONS, "begin after the moment"),
        (
            {"imports": saved(read_at=READ_AT + timedelta(2))},
            {}, OPTIONS, "imported by somebody else meanwhile",
        ),
        ({"source": source(NOW, read_at=None)}, {}, OPTIONS, "by somebody else meanwhile"),
        ({"imports": saved(setup="t")}, {}, OPTIONS, "it was set up otherwise"),
        ({}, {}, replace(OPTIONS, types=("bug",)), "the options about tasks are others"),
        ({"rows": None}, {}, OPTIONS, "no earlier rows of the project are kept"),
        (
            {}, {"sprints": (TrackerSprint("shop", "S2", None, None, state="active"),)},
            OPTIONS, "nobody knows who was in 'S2'",
        ),
        (
            {}, {"rows": [SourceRow({"id": ("9",), "project": ("ops",)}, (), 1)]},
            OPTIONS, "a task of the project X-OPS is new in it",
        ),
    ],
)  # fmt: skip
def test_changes_that_nothing_known_completes_are_refused(
    known: dict[str, Any], changes: dict[str, Any], options: ImportOptions, words: str
) -> None:
    with pytest.raises(ChangesRefused) as refused:
        replace(KNOWN, **known).complete(replace(CHANGES, **changes), options)
    assert words in ChangesRefused.reason_in(refused.value.detail)
    assert refused.value.detail.startswith("Changes alone are not enough: ")
    assert refused.value.code == "changes_refused"


def test_whole_read_names_what_is_gone_from_its_project() -> None:
    whole = replace(CHANGES, since=None, project="")
    (notice,) = KNOWN.complete(whole, OPTIONS).notices
    assert notice.text.startswith("2, 3 are no longer there")
    # The same rows as another project: nothing is known of it.
    assert KNOWN.complete(whole, replace(OPTIONS, prefix="")) == whole
    assert KNOWN.complete(whole, replace(OPTIONS, project="NEW")) == whole
    assert replace(KNOWN, rows=None).complete(whole, OPTIONS) == whole


def test_repository_whose_name_is_no_id_is_one_project() -> None:
    address = "https://github.com/vercel/next.js/issues/1"
    rows = [SourceRow({"id": ("1",), "project": ("next.js",), "url": (address,)}, (), 1)]
    own = replace(CHANGES, rows=rows, project="NEXT-JS")
    before = SAVED.model_copy(
        update={
            "project_id": "NEXT-JS",
            "source": source(LAST, options_hash=hash_options(ImportOptions())),
        }
    )
    assert replace(KNOWN, imports=[before]).complete(own, ImportOptions()).known


class Store:
    """Rows of projects, of which reads are noted."""

    def __init__(self) -> None:
        self.read_ids: list[str] = []

    async def read(self, project_id: str) -> Document | None:
        self.read_ids.append(project_id)
        return None

    def describe(self, project_id: str) -> str:
        return project_id


async def test_rows_of_a_source_are_read_for_its_one_project_alone() -> None:
    other = source(LAST, request={**REQUEST, "scope": "a/c"})
    files = SAVED.model_copy(update={"source": ImportSource(kind="files", paths=["a.csv"])})
    imports = [SAVED, SAVED.model_copy(update={"project_id": "C", "source": other}), files]
    assert imports_of(NOW, imports) == [SAVED]
    assert imports_of(None, imports) == imports_of(files.source, imports) == []
    store = Store()
    await KnownSource.read(NOW, imports, store)  # type: ignore[arg-type]
    second = SAVED.model_copy(update={"project_id": "SECOND"})
    await KnownSource.read(NOW, [*imports, second], store)  # type: ignore[arg-type]
    assert store.read_ids == ["X-SHOP"]


def test_changes_after_the_last_read_are_asked_for_or_the_reason_told() -> None:
    projects, now = ["X-SHOP"], READ_AT + timedelta(days=1)
    last, reason = last_read(LAST, projects, OPTIONS, now)
    assert reason is None
    assert last is not None and last.since == READ_AT - OVERLAP
    for changed, names, options, words in (
        (source(LAST, read_at=None), projects, OPTIONS, "kept no moment"),
        (LAST, projects, ImportOptions(), "options about tasks are others"),
        (LAST, ["X-SHOP", "X-WEB"], OPTIONS, "it has several projects (X-SHOP, X-WEB)"),
        (source(LAST, read_at=now + timedelta(minutes=1)), projects, OPTIONS, "is to come"),
    ):
        last, reason = last_read(changed, names, options, now)
        assert last is None
        assert words in (reason or "")


def test_files_are_no_earlier_import_of_a_tracker() -> None:
    files = ImportSource(kind="files", paths=["shop.csv"])
    assert imports_of(files, [SAVED]) == imports_of(None, [SAVED]) == []
    assert imports_of(LAST, [SAVED, SAVED.model_copy(update={"source": files})]) == [SAVED]
    assert imports_of(LAST, [SAVED.model_copy(update={"source": None})]) == []
