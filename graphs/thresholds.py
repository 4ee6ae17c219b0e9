"""Every number that decides something, once: unit, direction, origin.

"Development set": 516 usable sprints of 61 teams from public trackers (54 teams have a usable one;
Choetkiertikul et al., IEEE TSE 2017), each forecast from earlier sprints only. Numbers fitted there
are rounded. They were checked by choosing them again without each project and scoring them on that
project (`python -m benchmarks.decision_quality`). "Windows": 233 fortnights of the two Scrum
projects of rueedlinger/agile-project-dataset, where teams drift more.
"""

from memory.episode import KEPT_SPRINTS

# The rule: the team's own pace (docs/adr/0115-own-pace.md)
PACE_SPRINTS = 6  # newest worked sprints that the pace is made from; development set
TRIMMED_SPRINTS = 4  # sprints from which on best and worst are left out; fewer leave too little
MIDDLE_TO_MEAN = 1.15  # mean over trimmed mean of the skewed counts; development set, 1.1 to 1.2
PRIOR_MEAN_TASKS = 9.0  # tasks a sprint of a team nobody knows; development set: median 6, mean 12
PRIOR_MORE_TASKS = 3  # with a known team one task a person and these; first sprints, 2 to 4 alike
MOST_PRIOR_TASKS = 30  # of a team without a past, at most; the largest that was seen did 25
PRIOR_SPRINTS = 0.5  # own sprints that this counts for, higher trusts the history less
LENGTH_POWER = 0.25  # tasks grow with this power of the days; development set, 0.25 to 0.5
SMALLEST_MEAN = 0.5  # tasks; an expectation of zero would call every completion impossible
CERTAINTIES = (50, 60, 70, 85)  # percent of sprints that complete the plan; a choice of people
MAX_CHANGE = 0.5  # share of the rule's count an adjustment may move, either way; specification
HALF_WINDOW = 0.5  # share of the working time below which another end of the sprint is offered

# When evidence is enough
MIN_OWN_SPRINTS = 3  # finished sprints of the project, at least; specification
MIN_NEIGHBOURS = 3  # similar episodes with a known outcome, at least; specification
CONFIDENCE_THRESHOLD = 0.75  # probability that following evidence pays, at least; specification
HISTORY_SPRINTS = KEPT_SPRINTS  # 24 most recent sprints read; about a year of fortnights
NAMED_DAYS_OFF = 5  # days off spelled out in a reason, the rest are counted; legibility
SHOWN_LEFT_OUT = 5  # tasks named that were not chosen, and as many that wait; legibility
READ_AHEAD = 20  # tasks read beyond the largest plan: some wait, some are named as left out

# The spread around it: variance = scale * (mean + dispersion * mean^2)
DISPERSION = 0.35  # variance beyond Poisson over mean^2, higher widens; development set
# Past errors that a scale of 1 counts for, higher adapts slower to the team; 5 to 10 alike.
DISPERSION_WEIGHT = 7.0
MAX_ERROR = 3.0  # cap on a standardised error: beyond 3 deviations counts as 3
UNFORESEEN = 0.1  # share of sprints that follow no past; development set, 0 to 0.1 alike
INTERVAL = 0.70  # share of outcomes between low and high; a choice, easy to check on records
PROMISE = 0.85  # share of sprints that reach a promised count; a choice, common among forecasters
# Correlation of the errors of two sprints of one forecast: the level itself is uncertain.
# Development set, 2 to 6 sprints ahead; 0 promises too much.
LEVEL_CORRELATION = 0.5

# The scope on the table
PLAN_WEIGHT = 0.6  # of the scope in the mixture with the pace; development set, 0.5 to 0.7 alike
RATIO_WEIGHT = 5.0  # sprints that "completed as committed" counts for; development set, 3 to 10
SCOPE_DISPERSION = 0.3  # as DISPERSION, when the scope is known; development set

# Chances of tasks by age (docs/adr/0117-chances-by-age.md)
LOOK_BACK_WINDOWS = 76  # windows that chances are counted over, at most; about three years
CHANCE_PRIOR_TASKS = 2.0  # open tasks that the overall share counts for in each class
MIN_FINISHED_TASKS = 30  # finished tasks in them, at least, for chances of the project's own
# Upper borders in days, and chances for 14 days, of the classes of projects with a shorter past;
# windows. The source holds only tasks that were finished in the end, so they are upper bounds.
POOL_AGES = (14, 28, 90)
POOL_CHANCES = (0.65, 0.37, 0.22, 0.10)
POOL_DAYS = 14  # days that these chances are for
STALE_SHARE = 0.25  # of the finished tasks' mean chance; a task below it is named as stale

# Similar episodes
NEIGHBOUR_SPRINTS = 1.0  # own sprints that they count for; development set, 0.5 to 2 within 1 %
MAX_RATIO = 3.0  # completed over typical of neighbours, at most, and its inverse at least; caution

# The gate: does following evidence pay in this project (docs/adr/0116-does-it-pay.md)
RECORD_WINDOWS = 24  # newest windows whose errors are compared; about a year of fortnights
PRIOR_PAIRS = 3.0  # windows without an advantage that a record begins with
TASK_ERROR = 1.5  # usual deviation of the advantage in tasks, plans from a backlog; windows
SPRINT_ERROR = 3.0  # the same for whole sprints; development set

# Calibration of the chance to end nearer to the outcome
# Borders of the served table. Each bin holds 38 outcomes of the shipped calibration or more.
CALIBRATION_BINS = (0.0, 0.6, 0.75, 0.85, 1.0)
CALIBRATION_WEIGHT = 100.0  # own outcomes the shipped calibration counts for, higher moves slower
CALIBRATION_BLOCKS = 10  # steps in time in which a refitted calibration is judged

# Sprint duration
DURATION_CORRELATION = 0.11  # rank correlation with completions in a team; development set
DURATION_SPRINTS = 460  # sprints behind it, of 32 teams with at least 4; development set

# Time allowed, in seconds, at most
RECALL_SECONDS = 0.25  # the search for similar episodes; the rest of the step builds the answer
RECALL_NODE_SECONDS = 0.3  # the whole recall step; specification
EVIDENCE_SECONDS = 0.3  # the one question to the chronicle; 500 ms are for the whole answer
RECALL_EPISODES = 15  # neighbours asked for; development set, 10 to 30 alike
