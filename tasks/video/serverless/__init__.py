"""Clips made by a serverless endpoint instead of this machine."""
