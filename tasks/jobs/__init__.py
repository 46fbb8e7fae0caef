"""What all jobs share: the job document, stages, steps whose results are kept, shards, slots."""
