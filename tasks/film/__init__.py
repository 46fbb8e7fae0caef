"""Promotional films: storyboard, templates, sound, and the check of what was made."""
