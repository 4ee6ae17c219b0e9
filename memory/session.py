"""Settings of a session that recalls, beside those of every session."""

# ef_search is the candidate list of an index scan. Of 100,000 episodes 40 find 95 % of the five
# nearest, 80 find 98 %, 120 find all. Iterative scans go on when a filter has left too few rows.
# Each statement has one good plan, so planning it again at every call is waste. A page read at
# random is in memory, so it costs about as much as a page read in order.
SETTINGS = {
    "hnsw.ef_search": "120",
    "hnsw.iterative_scan": "relaxed_order",
    "plan_cache_mode": "force_generic_plan",
    "random_page_cost": "1.1",
}
