"""Access to the cluster: of a kubeconfig, or of the pod that the orchestrator runs in."""

import os

from kubernetes import client, config
from kubernetes.config.config_exception import ConfigException

from agent.jobs.cluster.problems import ClusterUnavailable

CONNECTIONS = 4


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
    return client.ApiClient(configuration)
