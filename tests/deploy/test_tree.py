"""Every overlay is consistent with itself, with the catalogue and with the settings."""

import pytest

from tests.deploy.checks import availability, complaints, environment
from tests.deploy.checks.pods import pods
from tests.deploy.checks.references import of_kind
from tests.deploy.printed import printed
from tests.deploy.rendering import OVERLAYS, cluster, overlay


@pytest.mark.parametrize("name", OVERLAYS)
def test_nothing_is_wrong_with_an_overlay(name: str) -> None:
    assert complaints(cluster(name), printed()) == []


@pytest.mark.parametrize("name", OVERLAYS)
def test_the_services_know_every_peer(name: str) -> None:
    assert environment.missing_peers(overlay(name)) == []


def test_the_orchestrator_and_the_tree_agree_about_cronjobs() -> None:
    objects = overlay("production")
    (owner,) = (owner for owner in pods(objects) if owner.calls_the_cluster)
    assert list(environment.check_jobs(environment.variables(objects, owner))) == []


def test_the_sprint_service_has_two_replicas_and_a_disruption_budget() -> None:
    objects = overlay("production")
    scalers = {
        s["metadata"]["name"]: s["spec"] for s in of_kind(objects, "HorizontalPodAutoscaler")
    }
    budgets = {budget["metadata"]["name"] for budget in of_kind(objects, "PodDisruptionBudget")}
    assert scalers["sprint-service"]["minReplicas"] >= 2
    assert "sprint-service" in budgets


def test_production_survives_the_drain_of_a_node() -> None:
    objects = overlay("production")
    least = {
        scaler["metadata"]["name"]: scaler["spec"]["minReplicas"]
        for scaler in of_kind(objects, "HorizontalPodAutoscaler")
    }
    alone = [
        owner.name
        for owner in pods(objects)
        if environment.served(owner) and least.get(owner.name, 1) < 2
    ]
    assert alone == ["daily-scrum-service"]


@pytest.mark.parametrize("name", ["staging", "production"])
def test_somebody_makes_backups(name: str) -> None:
    names = {manifest["metadata"]["name"] for manifest in of_kind(overlay(name), "CronJob")}
    assert names == {"dsm-backup"}


def test_the_orchestrator_may_do_with_cronjobs_what_its_adapter_does_and_no_more() -> None:
    (role,) = of_kind(overlay("production"), "Role")
    assert role["metadata"]["namespace"] == "dsm-jobs"
    assert role["rules"] == [
        {
            "apiGroups": ["batch"],
            "resources": ["cronjobs"],
            "verbs": ["get", "list", "create", "update", "patch", "delete"],
        }
    ]


@pytest.mark.parametrize("name", OVERLAYS)
def test_connections_are_counted_for_every_service_with_a_database(name: str) -> None:
    assert len(availability.connection_counts(overlay(name))) == 7
    assert sum(availability.connection_counts(overlay(name)).values()) > 100
