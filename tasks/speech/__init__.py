"""Speech recognition: from an audio file to a transcript with a quality report."""
