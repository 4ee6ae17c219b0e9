#!/usr/bin/env bash
# Walks Scrum's ceremonies with curl alone, against a running stack (`dsm up`):
# planning, daily scrums, progress, burndown, close, retrospective, velocity.
#
#   examples/ceremonies.sh [BASE_PORT] [KEY_FILE]     (8100, .dsm/admin.key)
#
# It makes a project and people of its own, so it may be run again. The project lives on Monday,
# 3 March 2025, so that the days of its sprint are the same whenever it is run.
# Exits 1 with one line when an answer is not as it must be.
set -euo pipefail

BASE_PORT=${1:-${BASE_PORT:-8100}}
KEY_FILE=${2:-${KEY_FILE:-${DSM_DATA_DIR:-.dsm}/admin.key}}
MONDAY=2025-03-03
TUESDAY=2025-03-04
FRIDAY=2025-03-14
RUN=$(date +%s)-$$
PROJECT=WALK-$RUN

WORK=$(mktemp -d)
trap 'rm -rf "$WORK"' EXIT

fail() { echo "error: $*" >&2; exit 1; }
step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }

[ -r "$KEY_FILE" ] || fail "no key in $KEY_FILE: name the file, or start the stack with dsm up"
umask 077
printf 'Authorization: Bearer %s\nContent-Type: application/json\n' "$(cat "$KEY_FILE")" \
  > "$WORK/headers"

ANSWER=
# call STATUS METHOD SERVICE PATH [BODY]: the answer is in ANSWER, its headers in $WORK/answered.
call() {
  local wanted=$1 method=$2 service=$3 path=$4 offset status
  case $service in
    project) offset=1 ;; backlog) offset=2 ;; sprint) offset=3 ;; chronicle) offset=4 ;;
    daily_scrum) offset=6 ;; *) fail "there is no service $service" ;;
  esac
  status=$(curl -sS --max-time 10 -X "$method" -H @"$WORK/headers" ${5:+--data "$5"} \
    -D "$WORK/answered" -o "$WORK/body" -w '%{http_code}' \
    "http://127.0.0.1:$((BASE_PORT + offset))$path") || fail "$service does not answer"
  ANSWER=$(cat "$WORK/body")
  [ "$status" = "$wanted" ] || fail "$method $path answered $status, not $wanted: $ANSWER"
}

# field NAME: the first value of that name in ANSWER, without its quotes.
field() {
  local value="\"$1\":(\"([^\"]*)\"|[^],}]*)"
  [[ $ANSWER =~ $value ]] || fail "the answer has no $1: $ANSWER"
  [ -n "${BASH_REMATCH[2]}" ] && echo "${BASH_REMATCH[2]}" || echo "${BASH_REMATCH[1]//\"/}"
}

# is NAME VALUE: the first value of that name must be this one.
is() { [ "$(field "$1")" = "$2" ] || fail "$1 is $(field "$1"), not $2: $ANSWER"; }

# says TEXT: the answer must contain it.
says() { [[ $ANSWER == *"$1"* ]] || fail "the answer does not say $1: $ANSWER"; }

# times TEXT: how often the answer contains it.
times() { { grep -oF -- "$1" <<< "$ANSWER" || true; } | wc -l | tr -d ' '; }

# eventually WHAT COMMAND...: events and notes arrive a little later; 15 s at most.
eventually() {
  local what=$1 tries=0
  shift
  until ("$@") > /dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 75 ] || { ("$@"); fail "it did not come true in 15 s: $what"; }
    sleep 0.2
  done
  "$@"
}

step "A project, its people, its team"
call 201 POST project /projects \
  "{\"id\": \"$PROJECT\", \"name\": \"A walk through Scrum\", \"as_of\": \"$MONDAY\"}"
say "project $PROJECT lives on $MONDAY"
ANN=ann-$RUN BOB=bob-$RUN EVA=eva-$RUN
for person in "$ANN" "$BOB" "$EVA"; do
  call 201 POST project /employees "{\"id\": \"$person\", \"name\": \"$person\"}"
done
call 200 POST project "/projects/$PROJECT/team-members-assign" \
  "{\"employee_ids\": [\"$ANN\", \"$BOB\", \"$EVA\"]}"
call 201 POST project "/projects/$PROJECT/calendar/pto?employee_id=$EVA" \
  "{\"start_date\": \"$TUESDAY\", \"end_date\": \"$TUESDAY\", \"reason\": \"a day off\"}"
call 200 GET project "/projects/$PROJECT/team-members"
say "team of $(times '"name"'): $ANN, $BOB, $EVA; $EVA is away on $TUESDAY"

step "The backlog"
TASKS=
for n in 1 2 3 4 5 6 7 8; do
  TASKS+="${TASKS:+, }{\"title\": \"Task $n\", \"priority\": $((n / 3 + 1))}"
done
call 201 POST backlog "/backlogs/$PROJECT/tasks" "{\"tasks\": [$TASKS]}"
call 200 GET backlog "/backlogs/$PROJECT/summary"
is unassigned_tasks 8
say "8 tasks, all free"

step "Sprint planning (8.1)"
call 201 POST sprint "/sprints/$PROJECT" \
  '{"sprint_name": "The first sprint", "duration_weeks": 2, "sprint_goal": "Learn to walk"}'
is assigned_tasks_count 8
is start_date "$MONDAY"
SPRINT=$(field sprint_id)
[ "$(times "\"assigned_to\":\"$ANN\"")" = 3 ] || fail "the round robin is not one: $ANSWER"
say "$(field message)"
say "$SPRINT has 8 tasks until $(field end_date); they go round the team"
call 409 POST sprint "/sprints/$PROJECT" '{}'
say "a second one is refused: $(field detail)"
in_sprint() {
  call 200 GET backlog "/backlogs/$PROJECT?status=assigned_to_sprint&assigned_to=$ANN"
  [ "$(times '"task_id"')" = 3 ] || fail "the backlog does not show the assignees yet"
}
eventually "the backlog shows who has what" in_sprint
planned() { call 200 GET chronicle "/v1/notes/sprint_planning?sprint_id=$SPRINT"; }
eventually "the planning report is in the chronicle" planned
is sprint_goal "Learn to walk"
say "the backlog and the planning report tell the same"

step "Monday, by the deprecated daily-scrum service (4.3)"
call 200 POST daily_scrum "/scrums/$SPRINT/run"
EVENTS=$(field events_count)
for header in Deprecation Sunset Link; do
  line=$(grep -i "^$header:" "$WORK/answered" | tr -d '\r') || fail "no $header header"
  say "$line"
done
say "$EVENTS TASK_PROGRESSED events go to the sprint service"
MOVED=$(field task_id) TO=$(field new_total_progress)
moved() {
  call 200 GET "$1" "$2"
  [[ $ANSWER =~ \"task_id\":\"$MOVED\"[^}]*\"progress_percentage\":$TO[,}] ]] \
    || fail "$1 does not show $MOVED at $TO % yet"
}
eventually "the sprint shows the progress" moved sprint "/sprints/$SPRINT/tasks"
eventually "TASK_UPDATED took it to the backlog" moved backlog "/backlogs/$PROJECT"
say "$MOVED is at $TO % in the sprint and in the backlog"

# scrum DAY UPDATED: hold a day twice; the second call answers the first's report.
scrum() {
  call 200 POST sprint "/sprints/$SPRINT/run-daily-scrum" "{\"scheduled_for\": \"$1\"}"
  is scrum_date "$1"
  REPORT=$(field report_id) COUNT=$(field updated_tasks_count)
  call 200 POST sprint "/sprints/$SPRINT/run-daily-scrum" "{\"scheduled_for\": \"$1\"}"
  is report_id "$REPORT"
  is updated_tasks_count "$COUNT"
  say "$1: $COUNT tasks moved; asked twice, one report: $REPORT"
}
reported() {
  call 200 GET chronicle "/v1/notes/daily_scrum_report?sprint_id=$SPRINT&daily_scrum_date=$1"
}

step "The daily scrum (8.2)"
scrum "$MONDAY"
[ "$COUNT" = "$EVENTS" ] || fail "Monday has $COUNT tasks, not the $EVENTS of its events"
say "the day was not worked twice"
call 200 GET sprint "/sprints/$SPRINT/tasks"
[[ $ANSWER =~ \"task_id\":\"([^\"]+)\"[^}]*\"assigned_to\":\"$EVA\" ]] || fail "no task of $EVA"
HERS=${BASH_REMATCH[1]}
call 200 POST sprint "/tasks/$HERS/progress" "{\"progress_percentage\": 100,
  \"employee_id\": \"$EVA\", \"yesterday_work\": \"Wrote and tested it\",
  \"today_work\": \"A day off\", \"impediments\": \"The test environment was slow\"}"
is status completed
say "$EVA reports $HERS: $(field status)"
scrum "$TUESDAY"
eventually "Tuesday's report is in the chronicle" reported "$TUESDAY"
says "$EVA is away"
says "Wrote and tested it"
is total_team_members 3
is total_tasks 8
say "$(field summary)"

step "The burndown"
call 200 GET sprint "/sprints/$SPRINT/task-summary"
DONE=$(field completed_tasks) LEFT=$(field pending_tasks)
call 200 GET sprint "/sprints/$SPRINT/burndown"
is total_tasks 8
is remaining_tasks "$LEFT"
says "\"day\":\"$TUESDAY\",\"ideal_remaining\":6.4,\"remaining_tasks\":$LEFT}"
[ "$(times '"remaining_tasks":null')" = 12 ] || fail "12 of 14 days are to come: $ANSWER"
say "$LEFT of 8 tasks remain on $TUESDAY, the ideal line says 6.4; 12 days are to come"

step "The days move on"
call 200 PUT project "/projects/$PROJECT/clock" "{\"to\": \"$FRIDAY\"}"
say "$(field message)"

step "The close and the retrospective"
call 200 POST sprint "/sprints/$SPRINT/close"
is status_updated_to closed_with_pending_tasks
is completed_tasks_count "$DONE"
is uncompleted_tasks_moved_to_backlog_count "$LEFT"
RETROSPECTIVE=$(field retrospective_report_id)
say "$(field message) $DONE done, $LEFT back to the backlog"
call 409 POST sprint "/sprints/$SPRINT/close"
call 404 GET sprint "/sprints/active?project_id=$PROJECT"
freed() { call 200 GET backlog "/backlogs/$PROJECT/summary"; is unassigned_tasks "$LEFT"; }
eventually "the unfinished tasks are free again" freed
noted() { call 200 GET chronicle "/v1/notes/sprint_retrospective?sprint_id=$SPRINT"; }
eventually "the retrospective is in the chronicle" noted
is retrospective_id "$RETROSPECTIVE"
says "\"attendees\":[\"$ANN\",\"$BOB\",\"$EVA\"]"
is completed_tasks "$DONE"
say "$(field what_went_well)"
say "$(field what_could_be_improved)"

step "The velocity"
call 200 GET chronicle "/v1/analytics/project/$PROJECT/velocity"
[[ $(field average_velocity) =~ ^$DONE(\.0)?$ ]] || fail "the velocity is not $DONE: $ANSWER"
say "$(field average_velocity) tasks a sprint, after one sprint; trend: $(field velocity_trend)"

printf '\nEvery ceremony was held.\n'
