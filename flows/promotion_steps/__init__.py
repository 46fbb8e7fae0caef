"""What `flows/promotion.py` is made of: the kinds of steps, what each does in a job, how they are run and shown."""
