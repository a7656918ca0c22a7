"""What becomes of the children of each stratum after relapse: counts, estimates, tests."""
