"""Gets recordings from URLs, safely: `download`, `list_entries`, `fingerprint`."""
