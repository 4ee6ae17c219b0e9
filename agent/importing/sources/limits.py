"""Bounds on what a tracker may make the reader wait for, hold or repeat."""

# A read that waits longer looks hung; the person is told when to come back instead.
MAX_WAIT_SECONDS = 300.0
MAX_WAITS_SECONDS = 900.0
MAX_LIMIT_WAITS = 20
TRIES = 5
FIRST_PAUSE_SECONDS = 0.5
MAX_PAUSE_SECONDS = 8.0
# GitHub's advice for a secondary limit without a time.
SECONDARY_PAUSE_SECONDS = 60.0
CONNECT_SECONDS = 10.0
SILENCE_SECONDS = 60.0
ANSWER_SECONDS = 300.0
MAX_BODY_BYTES = 50 << 20
MAX_REDIRECTS = 3
MAX_PAGES = 10_000
MAX_STEPS_BACK = 50
# Parts of the path that a company puts its GitLab below.
MAX_PATH_PARTS = 2
