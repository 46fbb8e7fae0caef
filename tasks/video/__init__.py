"""Video: clips made of still images, videos fitted to a sound, and how both are encoded."""
