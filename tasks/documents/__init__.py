"""Contract documents: Word files as one linear text, the tags in it, and what is wrong with them."""
