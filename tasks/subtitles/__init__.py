"""Subtitles: cues that can be read in time, and the files that hold them."""
