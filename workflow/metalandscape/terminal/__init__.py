"""What the terminal shows of a run: one line per job, the work left, and where the results are."""
