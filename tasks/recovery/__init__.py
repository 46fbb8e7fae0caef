"""Recovery: lost runs are restarted, and jobs that ended without a word get their end."""
