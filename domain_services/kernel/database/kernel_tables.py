"""Retention of the tables that the kernel brings into the databases of services."""

from dataclasses import replace

from domain_services.kernel.database.retention import Kept, Rule

# Indexes that migrations have added: a batch reads the rows that it deletes, and no others. Not
# BRIN for the inbox: new rows in the place of deleted ones widen its ranges until all are read.
OUTBOX_INDEX = "CREATE INDEX outbox_closed ON outbox (closed_at) WHERE closed_at IS NOT NULL"
INBOX_INDEX = "DROP INDEX inbox_by_age; CREATE INDEX inbox_by_age ON inbox (processed_at)"
DELIVERIES_INDEX = """
    CREATE INDEX deliveries_delivered ON deliveries (delivered_at) WHERE delivered_at IS NOT NULL
"""
DEAD_LETTERS_INDEX = """
    CREATE INDEX dead_letters_resolved ON dead_letters (resolved_at) WHERE resolved_at IS NOT NULL
"""

SCHEMA = Kept("alembic_version", "version of the schema", "one row")

_KEYS = Rule(
    "keyed_requests",
    "first answer to a request with an Idempotency-Key",
    "keep_answers_days",
    "claimed_at < now() - make_interval(days => :days)",
    "claimed_at",
    "a caller repeats a request within minutes, and its key is honoured for 24 hours",
)
KEYS = (
    _KEYS,
    replace(
        _KEYS,
        table="idempotency_keys",
        rows=f"{_KEYS.rows}, of the release before",
        why="as above; that release may serve beside this one",
    ),
)
OUTBOX = Rule(
    "outbox",
    "event that all its consumers have confirmed",
    "keep_events_days",
    "closed_at < now() - make_interval(days => :days)",
    "closed_at",
    "a consumer that lost its stream gets a week again; an event without its confirmations stays",
)
INBOX = Rule(
    "inbox",
    "id of an event that has taken effect",
    "keep_inbox_days",
    "processed_at < now() - make_interval(days => :days)",
    "processed_at",
    "it makes a second arrival harmless, and so outlives the streams and the outbox",
)
DELIVERIES = Rule(
    "deliveries",
    "record, with its body, that a peer has accepted",
    "keep_deliveries_days",
    "delivered_at < now() - make_interval(days => :days)",
    "delivered_at",
    "the peer has it; a week is for whoever compares the two. One that is not delivered, or was"
    " set aside, stays until a person decides",
)
DEAD_LETTERS = Rule(
    "dead_letters",
    "failed event that an admin replayed or discarded",
    "keep_dead_letters_days",
    "resolved_at < now() - make_interval(days => :days)",
    "resolved_at",
    "a quarter shows which events fail again and again; an open one stays until a person decides",
)
