"""Permissions of the orchestrator in the cluster, as the API server states them."""

import asyncio
from functools import partial

from kubernetes import client

from agent.jobs.cluster.access import open_client
from agent.jobs.cluster.api import ClusterApi
from domain_services.kernel.client.diagnosis import ClusterDiagnosis
from domain_services.kernel.errors import Problem

VERBS = ("get", "list", "create", "update", "patch", "delete")
# Below the time that `dsm doctor` gives to the whole answer.
ASK_SECONDS = 3.0


async def diagnose_cluster(
    kubeconfig: str | None, namespace: str, seconds: float = ASK_SECONDS
) -> ClusterDiagnosis:
    """Ask the API server which verbs on CronJobs this process has; a failure is an answer too."""
    # Opened anew, so that an exchanged token and a mended kubeconfig count at once.
    reviews = AccessReviews(partial(open_client, kubeconfig), namespace, "", seconds)
    try:
        async with asyncio.timeout(seconds):
            missing = [verb for verb in VERBS if not await reviews.is_allowed(verb)]
    except TimeoutError:
        problem = f"the cluster did not answer within {seconds:g} s"
        return ClusterDiagnosis(namespace=namespace, problem=problem)
    except Problem as problem:
        return ClusterDiagnosis(namespace=namespace, problem=problem.detail)
    finally:
        reviews.close()
    return ClusterDiagnosis(namespace=namespace, missing_verbs=missing)


class AccessReviews(ClusterApi):
    """Questions to the API server about the caller's own permissions."""

    async def is_allowed(self, verb: str) -> bool:
        """Tell whether this process has a verb on CronJobs. Raises: as `read`."""
        attributes = client.V1ResourceAttributes(
            group="batch", namespace=self.namespace, resource="cronjobs", verb=verb
        )
        spec = client.V1SelfSubjectAccessReviewSpec(resource_attributes=attributes)
        review = client.V1SelfSubjectAccessReview(spec=spec)

        def send(api: client.BatchV1Api) -> client.V1SelfSubjectAccessReview:
            return client.AuthorizationV1Api(api.api_client).create_self_subject_access_review(
                review, _request_timeout=self._seconds
            )

        answer = await self._call("ask about", send)
        return answer.status is not None and answer.status.allowed
