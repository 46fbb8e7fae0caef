"""What `normalise` takes of memory, however long a recording is."""

import subprocess
import sys
from pathlib import Path

import pytest

from tasks.media.ffmpeg import run_ffmpeg
from tests.processes import linux_only

MEASURE = """\
import sys
import tracemalloc
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from tasks.audio import choice
from tasks.audio.normalise import NormalisationOptions, normalise
target, models_dir, noise = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3] == "noise"
if not noise:
    # Of a child counts, too, what its parent held when it started it: with a model loaded that would hide ffmpeg.
    choice.can_hear = lambda: False
tracemalloc.start()
for source in map(Path, sys.argv[4:]):
    tracemalloc.reset_peak()
    normalise(source, target, NormalisationOptions(remove_noise=noise), models_dir, threads=1)
    resident = (getrusage(who).ru_maxrss * 1024 for who in (RUSAGE_SELF, RUSAGE_CHILDREN))
    print(tracemalloc.get_traced_memory()[1], *resident)
"""


@linux_only
@pytest.mark.parametrize(
    ("noise", "short", "long"),
    [("plain", 60, 900), pytest.param("noise", 40, 60, marks=pytest.mark.models)],
)
def test_memory_does_not_grow_with_the_length(
    tmp_path: Path, models_dir: Path, noise: str, short: int, long: int
) -> None:
    sources = [tmp_path / f"{seconds}.flac" for seconds in (short, long)]
    for seconds, source in zip((short, long), sources, strict=True):
        run_ffmpeg(
            ["-f", "lavfi", "-i", f"anoisesrc=d={seconds}:r=16000:a=0.1"],
            output=source,
            duration=seconds,
            deadline=60,
        )
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, tmp_path / "out.flac", models_dir, noise, *sources],
        capture_output=True,
        text=True,
        check=True,
        timeout=200,
    )
    before, after = ([int(peak) for peak in line.split()] for line in done.stdout.splitlines())
    # What Python holds is counted to the byte, and not even one copy of the sound may be added. What the processes take
    # varies by itself; it shows a copy of the longest alone.
    assert after[0] < before[0] + 2 * 2**20
    most = (
        150 if noise == "noise" else 20
    ) * 2**20  # the model's engine takes 30 to 80 MB more for any second sound
    assert all(longer < shorter + most for shorter, longer in zip(before[1:], after[1:], strict=True))
