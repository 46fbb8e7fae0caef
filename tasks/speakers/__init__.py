"""Speaker diarization: who speaks when in a recording, and which words are whose."""
