"""The embedding engine by itself; `daimon bench embed` runs it in a process beside a Daimon."""
