"""Unassigned tasks are counted from a summary and a list that were read at different moments."""

import pytest

from domain_services.backlog.schema import BacklogSummary
from graphs.nodes.analyse import count_unassigned_tasks
from graphs.rules.base import TaskFact
from graphs.rules.capacity import most_tasks
from tests.unit.rules.conftest import OPTIONS

LIMIT = most_tasks(OPTIONS)


def summary_of(unassigned_tasks: int) -> BacklogSummary:
    return BacklogSummary(
        project_id="APOLLO",
        total_tasks=100,
        status_counts={},
        unassigned_tasks=unassigned_tasks,
        average_progress=None,
    )


@pytest.mark.parametrize(
    ("summary_count", "list_count", "expected"),
    [
        pytest.param(4, 4, 4, id="both agree"),
        pytest.param(9, 4, 4, id="tasks were assigned before a short list was read"),
        pytest.param(0, 4, 4, id="tasks were added before a short list was read"),
        pytest.param(40, LIMIT, 40, id="a full list holds the first of many tasks"),
        pytest.param(LIMIT - 3, LIMIT, LIMIT, id="a full list holds more than the summary counted"),
    ],
)
def test_short_list_is_counted_and_full_list_takes_the_larger_count(
    summary_count: int, list_count: int, expected: int
) -> None:
    plannable = tuple(TaskFact(f"APOLLO-TASK{number:03}", 1) for number in range(list_count))
    assert count_unassigned_tasks(summary_of(summary_count), plannable, OPTIONS) == expected
