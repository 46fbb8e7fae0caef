"""A script, spoken: its words as they are written and as they are said, when each is heard, and captions of them."""
