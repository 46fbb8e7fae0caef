"""`contraponto backup` and `contraponto restore`: an installation in one folder, and out of it again."""
