"""`python -m deployments.cli` is `contraponto`."""

from deployments.cli.app import main

main()
