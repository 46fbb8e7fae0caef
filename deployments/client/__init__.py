"""What a client of the server does: submit, read and cancel jobs, redeliver webhook messages."""
