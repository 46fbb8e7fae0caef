"""What the included collectors gather: files with their facts and texts; videos with theirs, and what is said."""
