"""Collect and execute: a conversation with collectors and executors by messages, carried on through any restart."""
