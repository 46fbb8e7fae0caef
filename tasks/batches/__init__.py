"""Batches: which recordings their sources hold, and which of them are new since the last run."""
