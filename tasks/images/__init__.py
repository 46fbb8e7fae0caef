"""Still images of every kind that callers have, read into one form."""
