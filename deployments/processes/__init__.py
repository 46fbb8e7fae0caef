"""What the services of a stack share: environment, sockets, log lines, ties to their parent."""
