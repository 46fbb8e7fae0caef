"""The command `contraponto`: a file has the name of its command, and `app` lists them."""


def main() -> None:
    """Run the command line: where environments that an earlier version installed look for it."""
    from deployments.cli.app import main as run

    run()
