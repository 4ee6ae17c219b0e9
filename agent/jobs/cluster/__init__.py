"""CronJobs of a Kubernetes cluster. Only DSM_SCHEDULES=kubernetes imports what lies here."""
