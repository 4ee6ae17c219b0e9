"""Calls between workloads, from the catalogue."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from deploy.catalogue import JOB_CALLS, PLANNING_CALLS, SERVICES, Catalogue
from deploy.manifests.tree import JOBS_NAMESPACE, NAMESPACE, PLANNING_JOB


@dataclass(frozen=True, order=True)
class Workload:
    """Pods that a policy selects."""

    name: str
    """Their name label; "" for every pod of the namespace."""
    namespace: str = NAMESPACE


@dataclass(frozen=True, order=True)
class Edge:
    """Right of one workload to call another."""

    caller: Workload
    called: Workload


JOBS = Workload("", JOBS_NAMESPACE)
PLANNING = Workload(PLANNING_JOB)


def edges(catalogue: Catalogue = SERVICES) -> list[Edge]:
    """List who calls whom: the services, the cluster's Jobs and the planning Job."""
    return sorted({*_edges(catalogue)})


def _edges(catalogue: Catalogue) -> Iterator[Edge]:
    for spec in catalogue:
        yield from _from(Workload(spec.identity), spec.calls)
    yield from _from(JOBS, JOB_CALLS)
    yield from _from(PLANNING, PLANNING_CALLS)


def _from(caller: Workload, calls: Iterable[str]) -> Iterator[Edge]:
    for call in calls:
        yield Edge(caller, Workload(call.partition(" ")[0]))
