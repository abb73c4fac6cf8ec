"""Benches: what Daimon costs, measured against what it stands on, in one run on one machine."""
