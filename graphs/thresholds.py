"""Every number that decides something, once: unit, direction, origin.

"Development set": 516 usable sprints of 61 teams from public trackers (54 teams have a usable one;
Choetkiertikul et al., IEEE TSE 2017), each forecast from earlier sprints only. Numbers fitted there
are rounded. They were checked by choosing them again without each project and scoring them on that
project (`python -m benchmarks.decision_quality`). "Windows": 233 fortnights of the two Scrum
projects of rueedlinger/agile-project-dataset, where teams drift more.
"""

from memory.episode import KEPT_SPRINTS

# The rule
RULE_TASKS = 10  # tasks a sprint, at most, when the caller sets no limit; specification
MAX_CHANGE = 0.5  # share of the rule's count an adjustment may move, either way; specification

# When evidence is enough
MIN_OWN_SPRINTS = 3  # finished sprints of the project, at least; specification
MIN_NEIGHBOURS = 3  # similar episodes with a known outcome, at least; specification
CONFIDENCE_THRESHOLD = 0.75  # probability of ending nearer than the rule, at least; specification
HISTORY_SPRINTS = KEPT_SPRINTS  # 24 most recent sprints read; about a year of fortnights
NAMED_DAYS_OFF = 5  # days off spelled out in a reason, the rest are counted; legibility
MEAN_SPRINTS = 3  # last sprints in the plain mean; "yesterday's weather"

# The expectation: exponentially weighted means, shrunk towards a prior
# Weights of the newest sprint, one for each mean, higher forgets faster; development set, windows.
SMOOTHING_FACTORS = (0.1, 0.3)
# How fast the mean with the smaller past errors gains weight, per deviation of error, 0: never.
# Beside one mean of factor 0.15: alike in the development set, errors 4 % smaller in the windows.
MODEL_WEIGHT_RATE = 2.0
SMOOTHING = 0.15  # the same where one factor is enough: typical pace, worth of past plans
LENGTH_POWER = 0.25  # tasks grow with this power of the days; development set, 0.25 to 0.5
# Tasks a sprint with nothing else known; between median (6) and mean (12) of the development set.
PRIOR_MEAN_TASKS = 9.0
POOL_WEIGHT = 0.5  # newest own sprints the pool counts for, higher trusts the history less
NEIGHBOUR_WEIGHT = 1.0  # the same for neighbours; development set, 0.5 to 2 within 1 %
MAX_RATIO = 3.0  # completed over typical of neighbours, at most, and its inverse at least; caution
SMALLEST_MEAN = 0.5  # tasks; an expectation of zero would call every completion impossible

# The spread around it: variance = scale * (mean + dispersion * mean^2)
DISPERSION = 0.35  # variance beyond Poisson over mean^2, higher widens; development set
# Past errors that a scale of 1 counts for, higher adapts slower to the team. Values of 10 and more
# are alike in the development set; less than 20 is better in the windows.
DISPERSION_WEIGHT = 10.0
MAX_ERROR = 3.0  # cap on a standardised error: beyond 3 deviations counts as 3
INTERVAL = 0.70  # share of outcomes between low and high; a choice, easy to check on records
PROMISE = 0.85  # share of sprints that reach a promised count; a choice, common among forecasters

# The objective: planned tasks completed, less this for each that stays open
OVERCOMMITMENT_COST = 1.0  # completed tasks that one open task outweighs, higher plans less; choice

# What a plan adds to the expectation
PLAN_WEIGHT = 0.6  # of the plan in the mixture with the pace; development set, 0.5 to 0.7 alike
RATIO_WEIGHT = 5.0  # sprints that "completed as committed" counts for; development set, 3 to 10
PLAN_DISPERSION = 0.22  # as DISPERSION, when the plan is known; development set

# Confidence
# Share of sprints that the past says nothing about (even odds), higher lowers confidence. In the
# development set 0.1 and 0.2 have the same log loss, 0.1 the smaller calibration error.
UNIFORM_MIXTURE_WEIGHT = 0.1
RECORD_WEIGHT = 20.0  # replayed decisions the prediction counts for; development set

# Calibration of the confidence
# Borders of the served table. Each bin holds 50 outcomes of the development set or more, and one
# border is the default threshold.
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
