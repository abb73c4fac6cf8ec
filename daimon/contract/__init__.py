"""Documents generated from the contract."""
