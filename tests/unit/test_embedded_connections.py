"""Pools of all services on one embedded PostgreSQL."""

import pytest

from deploy.catalogue import SERVICES
from deploy.errors import StackError
from deploy.local.connections import check_connections
from deploy.serving.start import read_settings
from domain_services.kernel.settings import KernelSettings


def services() -> dict[str, KernelSettings]:
    return {
        spec.name: read_settings(
            spec, port=1, database_url="postgresql://local/x" if spec.database else None
        )
        for spec in SERVICES
    }


def test_pools_as_shipped_fit() -> None:
    check_connections(services())


def test_pools_that_cannot_all_be_filled_are_refused_by_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DSM_POOL_SIZE", "23")
    check_connections(services())
    monkeypatch.setenv("DSM_POOL_SIZE", "24")
    with pytest.raises(StackError) as refusal:
        check_connections(services())
    assert str(refusal.value) == (
        "the services open up to 194 connections (orchestrator 49, daily_scrum 29, sprint 29,"
        " backlog 29, project 29, chronicle 29), more than the 190 that the embedded PostgreSQL"
        " has for them; lower DSM_POOL_SIZE, DSM_READ_POOL_SIZE, DSM_MEMORY_POOL_SIZE,"
        " DSM_RECALL_POOL_SIZE"
    )
