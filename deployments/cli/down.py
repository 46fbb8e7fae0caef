"""`down`: stop the services on this machine."""

import json

from deployments.cli.options import JsonOption
from deployments.cli.output import print_json, say


def down(as_json: JsonOption = False) -> None:
    """Stop the services that `up` started on this machine. Data, models and finished jobs stay."""
    from deployments.embedded.stack import EmbeddedStack

    stopped = EmbeddedStack.from_settings().down(say)
    if as_json:
        print_json(json.dumps({"stopped": stopped}))
    say(f"Down: {stopped} services stopped." if stopped else "Nothing was running.")
