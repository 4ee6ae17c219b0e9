"""Access to the cluster: of a kubeconfig, or of the pod that the orchestrator runs in."""

import os
import time
from typing import Any, cast

from kubernetes import client, config
from kubernetes.client.rest import RESTClientObject
from kubernetes.config.config_exception import ConfigException

from agent.jobs.cluster.problems import ClusterUnavailable

CONNECTIONS = 4
CHUNK_BYTES = 65_536


class BoundedRest(RESTClientObject):
    """HTTP of the client, whose deadline covers the whole answer.

    The client's own begins anew with each byte: an answer that trickles in would keep its thread.
    """

    def request(self, *arguments: Any, _request_timeout: float | None = None, **values: Any) -> Any:
        """Send a request and read its answer. Raises: `TimeoutError`, and as the client."""
        request = cast(Any, super().request)
        ends = time.monotonic() + (_request_timeout or 0)
        answer = request(*arguments, _request_timeout=_request_timeout, **values)
        chunks: list[bytes] = []
        while chunk := answer.response.read1(CHUNK_BYTES):
            chunks.append(chunk)
            if _request_timeout and time.monotonic() > ends:
                answer.response.close()
                raise TimeoutError(f"its answer did not end within {_request_timeout:g} s")
        answer.data = b"".join(chunks)
        return answer


def open_client(kubeconfig: str | None) -> client.ApiClient:
    """Open a client of the configured cluster. Raises: `ClusterUnavailable` without one.

    `kubeconfig` comes before KUBECONFIG, and this before the service account of the pod.
    """
    configuration = client.Configuration()
    path = kubeconfig or os.environ.get("KUBECONFIG")
    try:
        if path:
            config.load_kube_config(path, client_configuration=configuration, persist_config=False)
        else:
            config.load_incluster_config(configuration)
    except (ConfigException, OSError, ValueError) as error:
        source = f"the kubeconfig {path}" if path else "the pod's service account"
        raise ClusterUnavailable(
            f"no cluster can be used: {source}: {error}; set DSM_KUBECONFIG, or run the"
            " orchestrator in a pod with a mounted token"
        ) from error
    # urllib3 would send a request up to four times, each with the whole deadline.
    configuration.retries = False
    configuration.connection_pool_maxsize = CONNECTIONS
    api_client = client.ApiClient(configuration)
    api_client.rest_client = BoundedRest(configuration)
    return api_client
