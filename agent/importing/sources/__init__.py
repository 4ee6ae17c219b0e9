"""Trackers' own APIs: rows of field values, read over HTTP."""
