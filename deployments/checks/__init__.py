"""What `contraponto health` and `contraponto doctor` examine: one set of checks, a module for each subject."""
