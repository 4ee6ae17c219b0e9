"""Free tasks are counted from a summary and a list that were read at different moments."""

import pytest

from graphs.nodes.planning import count_free_tasks

LIMIT = 30


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
    assert count_free_tasks(summary_count, list_count, LIMIT) == expected
