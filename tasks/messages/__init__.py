"""What systems say to each other: the envelope of every message, what it may hold, and what is not one."""
