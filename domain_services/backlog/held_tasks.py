"""Comparison of the tasks that two databases say a sprint holds."""

# Of the ids in a group of rows, in any order, as a number below 2^52; md5 is the same everywhere.
TASKS_DIGEST = "bit_xor(CAST(CAST('x' || left(md5(task_id), 13) AS bit(52)) AS bigint))"
