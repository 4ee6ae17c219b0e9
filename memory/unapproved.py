"""Parts of statements that end waiting runs which nobody approved, with episode and audit.

A waiting run has acted on nothing. Its drafts were stored with it, so that its end needs neither
the graph nor its state (docs/adr/0140-waiting-is-a-status.md).
"""

# ruff: noqa: S608 (statements consist of LiteralStrings, which the type checker holds)

from typing import LiteralString

from memory.audits import ROUTE

# `newer` holds the columns of a run that was decided now. A dry run changes nothing for a person.
SUPERSEDE: LiteralString = """
    UPDATE runs AS older SET status = 'superseded', superseded_by = newer.run_id,
        ended_at = now(), drafts = NULL,
        response = older.response || '{"status": "superseded", "approval": null}'
    FROM newer
    WHERE older.project_id = newer.project_id AND older.run_id <> newer.run_id
        AND older.status = 'waiting' AND older.kind = 'decision' AND newer.kind = 'decision'
        AND NOT coalesce((newer.request ->> 'dry_run')::boolean, false)
    RETURNING older.run_id, older.status, old.drafts,
        jsonb_build_object('status', 'superseded', 'superseded_by', newer.run_id) AS ending
"""
# `unapproved` holds the id, the status, the drafts and the `ending` of each run for its audit.
RECORD: LiteralString = f"""
    unapproved_remembered AS (
        INSERT INTO episode_journal (episode)
        SELECT (drafts -> 'episode') || jsonb_build_object('review', status) FROM unapproved
        WHERE jsonb_typeof(drafts -> 'episode') = 'object'
    ), unapproved_audited AS (
        INSERT INTO deliveries (id, route, body)
        SELECT run_id, '{ROUTE}', jsonb_set(
            drafts -> 'audit', ARRAY['decision'], (drafts -> 'audit' -> 'decision') || ending)
        FROM unapproved WHERE jsonb_typeof(drafts -> 'audit') = 'object'
        ON CONFLICT (id) DO NOTHING
    )
"""
