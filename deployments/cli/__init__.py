"""The command `contraponto`: a file has the name of its command, and `app` lists them."""
