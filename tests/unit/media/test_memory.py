"""Memory that is freed and used again."""

import subprocess
import sys

from tests.processes import linux_only

PICTURES = """
import resource, sys
from tasks.media.memory import keep_freed_memory
if sys.argv[1] == "keep":
    keep_freed_memory()
for _ in range(21):
    picture = b"p" * 40_000_000
    del picture
    if not _:
        begun = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - begun)
"""


@linux_only
def test_pictures_do_not_ask_the_system_for_memory_again_and_again() -> None:
    """Each page that the system hands out costs a fault."""
    asked = {
        way: int(
            subprocess.run(
                [sys.executable, "-c", PICTURES, way], check=True, capture_output=True, text=True, timeout=60
            ).stdout
        )
        for way in ("keep", "leave")
    }
    assert asked["keep"] < asked["leave"] / 10
