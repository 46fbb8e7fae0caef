"""Webhooks: signed messages that notify an endpoint of a job's end, and their deliveries."""
