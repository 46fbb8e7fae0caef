"""Captions drawn into the picture of a video, from subtitles or from words with their times."""
