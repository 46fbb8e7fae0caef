"""Clean-up: stored files, runs and leftovers that are old enough to go."""
