"""Becomes a service: this process is replaced by the program that `home/run/services/<name>.json` describes.

supervisord starts it as a script for every service. Its own configuration file cannot hold every command and every
environment (it reads `%`, quotes and `#` its own way), and what lies in an environment is nobody else's business:
the specification is JSON that only the owner can read. Standard library only, so that it costs milliseconds.
"""

import ctypes
import json
import os
import sys

_PR_SET_PDEATHSIG = 1


def main(name: str) -> None:
    """Replace this process by the service of that name."""
    home = os.environ["_CONTRAPONTO_STACK"]
    with open(f"{home}/run/services/{name}.json", encoding="utf-8") as file:  # noqa: PTH123 - pathlib takes as long as all the rest
        service = json.load(file)
    if sys.platform == "linux":
        # Without its supervisor a service has nobody who restarts it, and no reader of what it prints.
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, service["stop_signal"])
    os.chdir(service["directory"])
    sys.stdout.write(f"$ {' '.join(service['command'])}\n")
    sys.stdout.flush()
    os.execve(service["command"][0], service["command"], service["environment"])  # noqa: S606 - no shell is meant


if __name__ == "__main__":
    main(sys.argv[1])
