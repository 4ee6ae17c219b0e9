"""In-process Kubernetes API server for CronJobs, held to the recordings of a real one."""
