"""An upgrade of an earlier release's databases loses no row and no value."""

from collections import Counter

import pytest

from tests.migrations.conftest import Restorer
from tests.migrations.release import DUMPS, Dump, execute, read, read_columns, read_rows

# What another service has yet to receive may move to another table: its arrival is tested.
MOVABLE = {"alembic_version", "owed_audits", "deliveries"}

# Computed again from the notes, of which others count now.
DERIVED = {"project_history"}

# The upgrade announces the completed tasks of ended sprints to the backlog.
GROWING = {("sprint", "outbox")}

# The upgrade marks imported windows before a team's first work: no decision recalls them.
CORRECTED = {("orchestrator", "episodes"): {"recallable"}}

_LEARNED = {
    "rule_tasks": "(count ->> 'original_recommendation')::integer",
    "recommended_tasks": "(count ->> 'intelligence_recommendation')::integer",
    "applied_tasks": "(count ->> 'applied_value')::integer",
    "raw_confidence": "(count #>> '{evidence_details,confidence,raw}')::float8",
    "stated_confidence": "(count ->> 'confidence')::float8",
}
_FROM_EPISODES = """
    FROM episodes, jsonb_extract_path(reasoning, 'intelligence_adjustments',
                                      'task_count_modification') AS count
    WHERE origin = 'run' ORDER BY episode_id
"""


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.service)
def test_every_column_of_the_earlier_release_keeps_its_values(
    restorer: Restorer, dump: Dump
) -> None:
    url = restorer.restore(dump)
    columns = {
        table: [name for name in names if name not in CORRECTED.get((dump.service, table), ())]
        for table, names in read_columns(url).items()
        if table not in MOVABLE | DERIVED
    }
    before = read_rows(url, columns)
    restorer.upgrade(url, dump)
    after = read_rows(url, columns)
    for table, rows in before.items():
        missing, added = (
            Counter(rows) - Counter(after[table]),
            Counter(after[table]) - Counter(rows),
        )
        assert not missing, table
        assert not added or (dump.service, table) in GROWING, table


def test_projects_of_the_earlier_release_go_on_dealing_out_tasks(restorer: Restorer) -> None:
    dump = next(dump for dump in DUMPS if dump.service == "project")
    url = restorer.restore(dump)
    restorer.upgrade(url, dump)
    # A service of the earlier release stores its rows while the new ones start.
    execute(
        url,
        "INSERT INTO projects (id, name, description, status, country, timezone, progress_mode)"
        " VALUES ('NEW', 'New', '', 'active', 'US', 'UTC', 'simulated')",
    )
    projects = read(url, "SELECT id, assign_unowned FROM projects ORDER BY id")
    assert projects == [(name, True) for name in ("CUT", "ENDS", "HIST", "LATE", "NEW")]


def test_numbers_that_learning_reads_are_those_of_the_stored_reasoning(
    restorer: Restorer,
) -> None:
    memory = DUMPS[0]
    url = restorer.restore(memory)
    names = {"episodes": [*_LEARNED]}
    before = read(url, f"SELECT episode_id, {', '.join(_LEARNED.values())} {_FROM_EPISODES}")
    assert len(before) >= 15
    restorer.upgrade(url, memory)
    columns = [name for name in names["episodes"] if name in read_columns(url)["episodes"]]
    for position, name in enumerate(_LEARNED, start=1):
        if name in columns:
            after = read(url, f"SELECT episode_id, {name} {_FROM_EPISODES}")
            assert after == [(row[0], row[position]) for row in before], name
