"""Tree of manifests: its place, and the names that it shares with the code."""

from pathlib import Path

TREE = Path(__file__).parents[1] / "k8s"
NAMESPACE = "dsm"
JOBS_NAMESPACE = "dsm-jobs"
PORT = 8000
"""Port of every service's container."""
NAME_LABEL = "app.kubernetes.io/name"
PLANNING_JOB = "sprint-planning"
"""Name label of the Job that plans a sprint."""
