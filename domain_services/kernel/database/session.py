"""Settings of every database session, and the two ways in which a session gets them."""

# A stuck client must not hold locks.
STATEMENT_SECONDS = 3
LOCK_SECONDS = 1
IDLE_IN_TRANSACTION_SECONDS = 10


def settings() -> dict[str, str]:
    """Return the settings of every session, in PostgreSQL's own form."""
    return {
        "statement_timeout": f"{STATEMENT_SECONDS}s",
        "lock_timeout": f"{LOCK_SECONDS}s",
        "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION_SECONDS}s",
        "TimeZone": "UTC",
    }


def startup_options(*, pooled: bool) -> dict[str, str]:
    """Return libpq's parameter with the settings; none behind a pooler, whose role has them.

    A pooler gives one server connection to many clients, so that it cannot pass settings on.
    """
    if pooled:
        return {}
    return {"options": " ".join(f"-c {name}={value}" for name, value in settings().items())}
