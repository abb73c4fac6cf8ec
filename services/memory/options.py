"""How the sessions of memory are set up, as options of a connection."""

from __future__ import annotations

OWN = "-c timezone=UTC -c hnsw.iterative_scan=relaxed_order -c hnsw.ef_search=40 -c hnsw.max_scan_tuples=5000"
"""Planner settings belong to the whole session: flipped later, they would miss statements already prepared."""
CALLS = f"{OWN} -c statement_timeout=10s -c plan_cache_mode=force_custom_plan"
SEARCHES = f"{OWN} -c statement_timeout=10s -c plan_cache_mode=force_generic_plan -c enable_memoize=off"
"""Making a plan takes longer than most of what a search does: it is made once. What it looks up differs each time."""
READER = (
    "-c search_path=reader -c default_transaction_read_only=on -c statement_timeout={milliseconds} -c lock_timeout=500"
    " -c idle_in_transaction_session_timeout=10s -c work_mem=16MB -c max_parallel_workers_per_gather=0 -c jit=off"
    " -c timezone=UTC -c datestyle=ISO -c bytea_output=hex"
)
