"""Messages in streams of Redis, or of what speaks like it: names, scripts, consumers, readers of conversations."""
