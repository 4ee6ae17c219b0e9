"""Checks of one service: facts in, findings out."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from agent.doctor.facts import Page, ServiceFacts
from agent.doctor.findings import Finding, Result
from domain_services.kernel.client.diagnosis import Diagnosis

CLOCK_WARNING_SECONDS = 5.0
CLOCK_FAILED_SECONDS = 60.0


def check_service(facts: ServiceFacts, identity: str, release: str) -> Iterator[Finding]:
    """Check reach, readiness, loops, key, release and clock of a service named `identity`."""
    name = facts.name
    if facts.health.status is None:
        yield Finding(
            name,
            "reachable",
            "failed",
            f"{facts.url} does not answer: {facts.health.problem}",
            "check that the service runs and that its URL is right",
        )
        return
    # The health of the daily-scrum service is 503 without Redis, by the specification.
    if facts.health.status not in (200, 503) or not facts.health.body:
        yield Finding(
            name,
            "reachable",
            "failed",
            f"{facts.url}/health answers {facts.health.status}, not as a service does",
            "check the URL: another program listens there",
        )
        return
    yield Finding(name, "reachable", "ok", facts.url)
    if _text(facts.serving.body.get("reason")) == "schema":
        # It answers nothing else yet.
        yield Finding(
            name,
            "schema",
            "failed",
            "it waits for its database, or for the newest schema in it",
            "its log says which (schema.waiting); an older schema is brought up by: dsm migrate",
        )
        return
    yield from _serving(name, facts.serving)
    yield from _ready(name, facts.ready, _silent_stores(facts.diagnosis.value))
    yield from _clock(name, facts.health)
    yield from _key(facts, identity, release)


def _serving(name: str, page: Page) -> Iterator[Finding]:
    # A service of an earlier release has no such route.
    if page.status == 200:
        yield Finding(name, "serving", "ok", "it takes requests")
    elif page.status == 503:
        reason = _text(page.body.get("reason") or page.body.get("detail")) or "no reason given"
        yield Finding(
            name,
            "serving",
            "failed",
            f"it takes no requests: {reason}",
            "a draining service is replaced by itself; otherwise look at its database",
        )
    elif page.status is None:
        yield Finding(name, "serving", "failed", page.problem, "look at the service's log")


def _silent_stores(diagnosis: Diagnosis | None) -> set[str]:
    """Name, as a readiness does, the own stores of which other lines say that they are silent."""
    stores: set[str] = set()
    if diagnosis and diagnosis.redis and diagnosis.redis.problem:
        stores.add("redis")
    if diagnosis and diagnosis.database and diagnosis.database.problem:
        stores |= {"database", "agent_memory_db"}
    return stores


def _ready(name: str, page: Page, silent: set[str]) -> Iterator[Finding]:
    if page.status is None:
        yield Finding(name, "ready", "failed", page.problem, "look at the service's log")
        return
    failing, loops = _dependencies(page.body)
    if page.status == 200 and not failing:
        yield Finding(name, "ready", "ok", "every dependency answers it")
    elif others := sorted(set(failing) - silent):
        result: Result = "failed" if page.status != 200 else "warning"
        yield Finding(
            name,
            "ready",
            result,
            f"these do not answer it: {', '.join(others)}",
            "see the lines of these; one that is ok there cannot be reached from this service",
        )
    elif not failing and not loops:
        yield Finding(
            name, "ready", "failed", f"it answers {page.status}", "look at the service's log"
        )
    if loops:
        stopped = "stopped" in loops.values()
        yield Finding(
            name,
            "loops",
            "failed" if stopped else "warning",
            ", ".join(f"{loop} is {state}" for loop, state in sorted(loops.items())),
            "restart the service" if stopped else "they try again; the log names their errors",
        )
    else:
        yield Finding(name, "loops", "ok", "every background loop works")


def _dependencies(body: Mapping[str, Any]) -> tuple[list[str], dict[str, str]]:
    """Return the dependencies that fail, and the loops in trouble, of either shape of body."""
    failing: list[str] = []
    loops: dict[str, str] = {}
    services = body.get("services")
    parts = dict(cast("Mapping[str, Any]", services) if isinstance(services, dict) else body)
    external = parts.pop("external_apis", None)
    if isinstance(external, dict):
        parts |= cast("dict[str, Any]", external)
    background = parts.pop("background", None)
    if isinstance(background, dict):
        states = cast("dict[str, Any]", background)
        states = states.get("loops", states)
        loops = {str(loop): str(state) for loop, state in dict(states).items()}
    for name, state in parts.items():
        status = cast("Any", state).get("status") if isinstance(state, dict) else state
        if status == "error":
            failing.append(name)
    return failing, loops


def _clock(name: str, page: Page) -> Iterator[Finding]:
    offset = page.clock_offset_seconds
    if offset is None:
        return
    if abs(offset) < CLOCK_WARNING_SECONDS:
        yield Finding(name, "clock", "ok", "it shows this machine's time")
        return
    yield Finding(
        name,
        "clock",
        "failed" if abs(offset) >= CLOCK_FAILED_SECONDS else "warning",
        f"it is {abs(offset):.0f} s {'ahead of' if offset > 0 else 'behind'} this machine",
        "set both clocks by NTP: schedules and leases are kept by them",
    )


def _key(facts: ServiceFacts, identity: str, release: str) -> Iterator[Finding]:
    name, reply = facts.name, facts.diagnosis
    if reply.value is not None:
        yield from _identity(name, reply.value, identity, release)
    elif reply.status == 401:
        yield Finding(
            name,
            "key",
            "failed",
            "it does not know the API key, or none was sent",
            "give another by --key-file or DSM_AUTH__SERVICE_KEY; hashes are in DSM_AUTH__KEYS",
        )
    elif reply.status == 403:
        yield Finding(
            name,
            "key",
            "warning",
            "the API key is known, and is not for this route",
            "ask with a key of a viewer, operator or admin to see its stores",
        )
    elif reply.status == 404:
        yield Finding(
            name,
            "release",
            "warning",
            "it is of an earlier release, without GET /diagnosis",
            f"bring it to release {release}",
        )
    else:
        yield Finding(name, "key", "failed", reply.problem, "look at the service's log")


def _identity(name: str, diagnosis: Diagnosis, identity: str, release: str) -> Iterator[Finding]:
    if diagnosis.service != identity:
        yield Finding(
            name,
            "identity",
            "failed",
            f"{diagnosis.service} answers at this URL",
            f"give the URL of {identity}",
        )
    yield Finding(name, "key", "ok", f"{diagnosis.caller.name}, role {diagnosis.caller.role}")
    if diagnosis.release == release:
        yield Finding(name, "release", "ok", release)
    else:
        yield Finding(
            name,
            "release",
            "warning",
            f"it is of release {diagnosis.release}, this dsm of {release}",
            "use one release of both, except while a new one is rolled out",
        )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
