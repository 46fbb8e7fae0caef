"""Addresses, URLs, HTTP and retries: how other machines are reached, safely."""
