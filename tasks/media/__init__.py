"""Media files: what is in them, and the one way in which ffmpeg is run over them."""
