"""Answers of a Kubernetes API server as the product's problems."""

import json
import re
from typing import Any, cast

from kubernetes.client.exceptions import ApiException

from domain_services.kernel.errors import Problem

ROLE = "dsm-orchestrator"
_VERB = re.compile(r'cannot (\w+) resource "cronjobs"')


class ClusterProblem(Problem):
    """Base of what a cluster answers; no caller of a route sees one."""


class ClusterUnavailable(ClusterProblem):
    """No answer, or one that says to come again: it is not known whether anything was done."""


class ClusterBusy(ClusterUnavailable):
    """Refusal of a server with too much to do (429): it asks for a pause."""


class ClusterForbidden(ClusterProblem):
    """Refusal of a verb, or of one object by a policy or quota.

    `verb` is the verb that the Role lacks; None when the server names none.
    """

    def __init__(self, detail: str, verb: str | None = None) -> None:
        super().__init__(detail)
        self.verb = verb


class TokenRefused(ClusterProblem):
    """Refusal of the orchestrator's token (401)."""


class NamespaceMissing(ClusterProblem):
    """There is no such namespace."""


class ClusterRefused(ClusterProblem):
    """The same request would be refused again."""


class AlreadyExists(ClusterProblem):
    """An object of that name exists."""


class Modified(ClusterProblem):
    """The object is not the one that was read."""


class Gone(ClusterProblem):
    """There is no object of that name, or its list is to be read again from the beginning."""


def problem_of(answer: ApiException, verb: str, namespace: str) -> Problem:
    """Return the problem of an answer that is no success."""
    status = _status(answer)
    code = cast(int | None, answer.status)
    message = str(status.get("message") or cast(str | None, answer.reason) or "no reason given")
    match code:
        case 400 | 422:
            return ClusterRefused(f"the cluster refuses it: {message}")
        case 401:
            return TokenRefused(
                "the cluster does not accept the orchestrator's token (401): check the service"
                " account of the orchestrator, or the kubeconfig"
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
        case 429:
            return ClusterBusy(f"the cluster answers 429: {message}")
        case _:
            return ClusterUnavailable(f"the cluster answers {code}: {message}")


def _forbidden(message: str, verb: str, namespace: str) -> ClusterForbidden:
    named = _VERB.search(message)
    if named is None:  # a quota, a namespace that is being deleted, a policy
        return ClusterForbidden(f"cannot {verb} CronJobs in namespace {namespace}: {message}")
    return ClusterForbidden(
        f"cannot {named[1]} CronJobs in namespace {namespace}: grant the Role {ROLE} the verb"
        f" {named[1]}",
        verb=named[1],
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
