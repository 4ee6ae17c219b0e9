"""Catalogue of the services, and import of the objects that it names."""

import pytest

from deploy.catalogue import SERVICES, resolve
from deploy.errors import StackError


def test_every_service_has_a_port_and_a_database_of_its_own() -> None:
    assert {spec.name: (spec.offset, spec.database) for spec in SERVICES} == {
        "orchestrator": (0, "dsm_agent_memory"),
        "project": (1, "dsm_project"),
        "backlog": (2, "dsm_backlog"),
        "sprint": (3, "dsm_sprint"),
        "chronicle": (4, "dsm_chronicle"),
        "embedding": (5, None),
        "daily_scrum": (6, "dsm_daily_scrum"),
    }


def test_identity_of_a_service_is_its_name_in_a_cluster() -> None:
    identities = {spec.name: spec.identity for spec in SERVICES}
    assert identities["orchestrator"] == "project-orchestrator"
    assert identities["daily_scrum"] == "daily-scrum-service"
    assert all(call.split()[0] in identities.values() for spec in SERVICES for call in spec.calls)


def test_services_drain_before_the_services_that_they_call() -> None:
    order = [spec.name for spec in SERVICES]
    calls = [("orchestrator", "sprint"), ("sprint", "backlog"), ("backlog", "project")]
    calls += [("sprint", "chronicle"), ("orchestrator", "embedding"), ("daily_scrum", "sprint")]
    assert all(order.index(caller) < order.index(called) for caller, called in calls)


@pytest.mark.parametrize("name", ["no.such.module:app", "deploy.catalogue:NONE", "bare", ""])
def test_reference_that_cannot_be_imported_is_refused_in_one_line(name: str) -> None:
    with pytest.raises(StackError, match=r"\Acannot load .*\Z"):
        resolve(name)
