"""Limit of open descriptors of a process that serves: each connection needs one."""

import resource

import structlog

logger = structlog.get_logger()

# All services of one process with all their connections; some systems refuse to have no limit.
MOST = 65_536
# Pools, Redis, peers and logs of a service.
_OTHERS = 256


def raise_limit() -> int:
    """Raise the soft limit to the hard one, at most to `MOST`; return the limit that holds.

    A shell, systemd and newer container runtimes give 1,024, fewer than the connections that one
    service takes (`DSM_HTTP__CONNECTIONS`): callers could then take those of the database too.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    reachable = MOST if hard == resource.RLIM_INFINITY else min(hard, MOST)
    if soft == resource.RLIM_INFINITY or soft >= reachable:
        return MOST if soft == resource.RLIM_INFINITY else soft
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (reachable, hard))
    except (ValueError, OSError) as error:
        logger.warning("serving.descriptors_not_raised", limit=soft, error=str(error))
        return soft
    return reachable


def warn_of_few(limit: int, connections: int) -> None:
    """Log that a service may take more connections than its process can have open."""
    if limit < connections + _OTHERS:
        logger.warning(
            "serving.descriptors_scarce",
            limit=limit,
            connections=connections,
            advice="raise the hard limit (ulimit -Hn), or lower DSM_HTTP__CONNECTIONS",
        )
