"""Answers of a Kubernetes API server as the product's problems."""

import json
import re
from typing import Any, cast

from kubernetes.client.exceptions import ApiException

from domain_services.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    Problem,
    Unavailable,
)

ROLE = "dsm-orchestrator"
_VERB = re.compile(r'cannot (\w+) resource "cronjobs"')


class ClusterUnavailable(Unavailable):
    """No answer, or one that says to come again: it is not known whether anything was done."""

    code = "cluster_unavailable"
    title = "The cluster does not answer"


class ClusterForbidden(Forbidden):
    """The orchestrator may not do this in the cluster."""

    code = "cluster_forbidden"
    title = "The cluster forbids it"


class NamespaceMissing(NotFound):
    code = "cluster_namespace_missing"
    title = "The namespace does not exist"


class ClusterRefused(Invalid):
    """The same request would be refused again."""

    code = "cluster_refused"
    title = "The cluster refuses the object"


class AlreadyExists(Conflict):
    code = "cluster_object_exists"
    title = "An object of that name exists"


class Modified(Conflict):
    """The object is not the one that was read."""

    code = "cluster_object_modified"
    title = "The object was changed meanwhile"


class Gone(NotFound):
    """There is no object of that name, or its list is to be read again from the beginning."""

    code = "cluster_object_missing"
    title = "There is no such object"


def problem_of(answer: ApiException, verb: str, namespace: str) -> Problem:
    """Return the problem of an answer that is no success."""
    status = _status(answer)
    code = cast(int | None, answer.status)
    message = str(status.get("message") or cast(str | None, answer.reason) or "no reason given")
    match code:
        case 400 | 422:
            return ClusterRefused(f"the cluster refuses it: {message}")
        case 401:
            return ClusterForbidden(
                "the cluster does not accept the orchestrator's token (401): check the service"
                " account of the orchestrator, or the kubeconfig",
                cluster_status=401,
            )
        case 403:
            return _forbidden(message, verb, namespace)
        case 404 if _details(status).get("kind") == "namespaces":
            return NamespaceMissing(
                f"cannot {verb} CronJobs: the namespace {namespace} does not exist; create it, or"
                " set DSM_JOBS_NAMESPACE"
            )
        case 404 | 410:
            return Gone(message)
        case 409 if status.get("reason") == "AlreadyExists":
            return AlreadyExists(message)
        case 409:
            return Modified(message)
        case _:
            return ClusterUnavailable(f"the cluster answers {code}: {message}")


def _forbidden(message: str, verb: str, namespace: str) -> ClusterForbidden:
    named = _VERB.search(message)
    if named is None:  # a quota, a namespace that is being deleted, a policy
        return ClusterForbidden(f"cannot {verb} CronJobs in namespace {namespace}: {message}")
    return ClusterForbidden(
        f"cannot {named[1]} CronJobs in namespace {namespace}: grant the Role {ROLE} the verb"
        f" {named[1]}"
    )


def _status(answer: ApiException) -> dict[str, Any]:
    """Return the answer's `Status`; a proxy in between may answer something else."""
    try:
        body: object = json.loads(cast(str | None, answer.body) or "")
    except ValueError:
        return {}
    return cast(dict[str, Any], body) if isinstance(body, dict) else {}


def _details(status: dict[str, Any]) -> dict[str, Any]:
    details = status.get("details")
    return cast(dict[str, Any], details) if isinstance(details, dict) else {}
