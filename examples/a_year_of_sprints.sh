#!/usr/bin/env bash
# Moves the two projects of the example data through a year of sprints, and prints each decision
# beside what the team really did. Uses `dsm` commands alone, on a stack of its own.
#
#   examples/a_year_of_sprints.sh [SPRINTS] [AS_OF] [BASE_PORT]     (26, 2015-03-02, 8700)
#
# Takes one to two minutes on two cores. It stops its stack and removes its data at the end, so that
# it may be run again.
set -euo pipefail

SPRINTS=${1:-26}
AS_OF=${2:-2015-03-02}
BASE_PORT=${3:-${BASE_PORT:-8700}}
HERE=$(cd "$(dirname "$0")/.." && pwd)
DSM=${DSM:-$HERE/.venv/bin/dsm}
[ -x "$DSM" ] || DSM=dsm

WORK=$(mktemp -d)
# Also after a failure or Ctrl-C: no server may outlive the script.
trap '"$DSM" down --data-dir "$WORK" >/dev/null 2>&1 || true; rm -rf "$WORK"' EXIT

"$DSM" up --detach --data-dir "$WORK" --base-port "$BASE_PORT" >/dev/null
"$DSM" import csv "$HERE/agent/cli/example_data/two-scrum-projects.csv" --prefix P \
  --map id=id,project=project,created=created_date,finished=finished_date \
  --as-of "$AS_OF" --autonomy act --data-dir "$WORK" --json >/dev/null
echo "Two projects as of $AS_OF; each now passes $SPRINTS sprints."
"$DSM" walk P0 P1 --sprints "$SPRINTS" --data-dir "$WORK"
