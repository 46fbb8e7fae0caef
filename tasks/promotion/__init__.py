"""Promotional content: the product's facts, what the steps hand each other, and pipelines as data."""
