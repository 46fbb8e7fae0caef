"""Stages done by services elsewhere: submit, poll, fetch."""
