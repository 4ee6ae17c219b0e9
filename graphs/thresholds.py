"""Every number that decides something, once: unit, direction, origin.

"Development set": 516 usable sprints of 61 teams from public trackers (54 teams have a usable one;
Choetkiertikul et al., IEEE TSE 2017), each forecast from earlier sprints only. What was fitted
there is rounded, and was checked by choosing it again without each project and scoring it on that
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

# The expectation: an exponentially weighted mean, shrunk towards a prior
SMOOTHING_FACTORS = (
    0.1,
    0.3,
)  # weights of the newest sprint, higher forgets faster; development set, windows
MODEL_WEIGHT_RATE = (
    2.0  # how soon the better speed prevails, per deviation of error; 0: never. Against one
)
# speed of 0.15: alike in the development set, errors 4 % smaller in the windows
SMOOTHING = 0.15  # the same where one speed does: what is typical, what plans were worth
LENGTH_POWER = 0.25  # tasks grow with this power of the days; development set, 0.25 to 0.5
PRIOR_MEAN_TASKS = 9.0  # tasks a sprint with nothing else known
POOL_WEIGHT = 0.5  # newest own sprints the pool counts for, higher trusts the history less
NEIGHBOUR_WEIGHT = 1.0  # the same for neighbours; development set, 0.5 to 2 within 1 %
MAX_RATIO = 3.0  # what neighbours may say at most of the own pace, as a factor; caution
SMALLEST_MEAN = 0.5  # tasks; an expectation of zero would call every completion impossible

# The spread around it: variance = scale * (mean + dispersion * mean^2)
DISPERSION = 0.35  # variance beyond Poisson over mean^2, higher widens; development set
DISPERSION_WEIGHT = 10.0  # past errors that a scale of 1 counts for; 10 and more alike in the
# development set, less than 20 is better in the windows
MAX_ERROR = 3.0  # cap on a standardised error: beyond 3 deviations counts as 3
INTERVAL = 0.70  # share of outcomes between low and high; a choice, easy to check on records
PROMISE = 0.85  # share of sprints that keep a promised count; a choice, usual among forecasters

# The objective: planned tasks completed, less this for each that stays open
OVERCOMMITMENT_COST = (
    1.0  # completed tasks that one open task outweighs, higher plans less; a choice
)

# What a plan adds to the expectation
PLAN_WEIGHT = 0.6  # of the plan in the mixture with the pace; development set, 0.5 to 0.7 alike
RATIO_WEIGHT = 5.0  # sprints that "completed as committed" counts for; development set, 3 to 10
PLAN_DISPERSION = 0.22  # as DISPERSION, when the plan is known; development set

# Confidence
UNIFORM_MIXTURE_WEIGHT = (
    0.1  # share of sprints the past says nothing about (even odds); development set, 0.1 and
)
# 0.2 have the same log loss, 0.1 the smaller calibration error
RECORD_WEIGHT = 20.0  # replayed decisions the prediction counts for; development set

# Calibration of the confidence
CALIBRATION_BINS = (0.0, 0.6, 0.75, 0.85, 1.0)  # borders of the served table; each bin holds 50
# outcomes of the development set or more, and one border is the default threshold
CALIBRATION_WEIGHT = 100.0  # own outcomes the shipped calibration counts for, higher moves slower
CALIBRATION_BLOCKS = 10  # steps in time in which a refitted calibration is judged

# Sprint duration
DURATION_CORRELATION = 0.11  # rank correlation with completions in a team; development set
DURATION_SPRINTS = 460  # sprints behind it, of 32 teams with at least 4; development set

# Time allowed, in seconds, at most
RECALL_SECONDS = 0.25  # similar episodes, the search itself; what is left of the step answers
RECALL_NODE_SECONDS = 0.3  # the whole recall step; specification
EVIDENCE_SECONDS = 0.3  # the one question to the chronicle; 500 ms are for the whole answer
RECALL_EPISODES = 15  # neighbours asked for; development set, 10 to 30 alike
