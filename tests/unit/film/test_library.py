"""Skia where the machine lacks libraries that it names and does not use."""

import ctypes
import subprocess
import sys
from pathlib import Path

import pytest
import skia

from tasks.film.drawing import library

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the names are those of Linux")

MISSING = {b"libEGL.so.1": b"libEGQ.so.1", b"libGL.so.1": b"libGQ.so.1"}
DRAWS = """
import runpy, sys
# By its path: its package has imported the machine's own.
library = runpy.run_path(sys.argv[2])
sys.path.insert(0, sys.argv[1])
try:
    import skia
except ImportError as error:
    assert "libEGQ.so.1" in str(error), error
else:
    raise AssertionError("nothing is missing")
library["make_importable"]("skia", ("libEGQ.so.1", "libGQ.so.1"))
import skia
assert skia.__file__.startswith(sys.argv[1]), skia.__file__
surface = skia.Surface(8, 8)
surface.getCanvas().clear(skia.ColorRED)
print(surface.makeImageSnapshot().toarray()[0, 0].tolist())
"""


def test_a_hollow_library_is_loaded_and_has_its_functions(tmp_path: Path) -> None:
    path = tmp_path / "libnothing.so.1"
    path.write_bytes(library.hollow_library(path.name, [b"glNothing"]))
    assert ctypes.CDLL(str(path)).glNothing


def test_skia_draws_where_the_libraries_that_it_names_are_not(tmp_path: Path) -> None:
    original = Path(skia.__file__)
    content = original.read_bytes()
    for there, nowhere in MISSING.items():
        assert there in content
        content = content.replace(there, nowhere)
    (tmp_path / original.name).write_bytes(content)
    beside = original.parent / "skia_python.libs"
    (tmp_path / beside.name).symlink_to(beside)
    command = [sys.executable, "-c", DRAWS, str(tmp_path), library.__file__]
    told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 0, told.stderr
    assert told.stdout.strip() == "[0, 0, 255, 255]"
