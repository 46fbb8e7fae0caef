"""What a Prefect server must hold before jobs can be submitted, and how it is reached."""
