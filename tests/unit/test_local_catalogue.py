"""The catalogue of the local stack, and how a name becomes a service."""

import pytest

from deploy.local.catalogue import SERVICES, resolve
from deploy.local.errors import StackError


def test_every_service_has_its_port_and_its_own_database() -> None:
    assert {spec.name: (spec.offset, spec.database) for spec in SERVICES} == {
        "orchestrator": (0, "dsm_agent_memory"),
        "project": (1, "dsm_project"),
        "backlog": (2, "dsm_backlog"),
        "sprint": (3, "dsm_sprint"),
        "chronicle": (4, "dsm_chronicle"),
        "embedding": (5, None),
        "daily_scrum": (6, "dsm_daily_scrum"),
    }


def test_callers_drain_before_those_they_call() -> None:
    order = [spec.name for spec in SERVICES]
    calls = [("orchestrator", "sprint"), ("sprint", "backlog"), ("backlog", "project")]
    calls += [("sprint", "chronicle"), ("orchestrator", "embedding"), ("daily_scrum", "sprint")]
    assert all(order.index(caller) < order.index(called) for caller, called in calls)


@pytest.mark.parametrize("name", ["no.such.module:app", "deploy.local.catalogue:NONE", "bare", ""])
def test_a_wrong_reference_is_told_in_one_line(name: str) -> None:
    with pytest.raises(StackError, match=r"\Acannot load .*\Z"):
        resolve(name)
