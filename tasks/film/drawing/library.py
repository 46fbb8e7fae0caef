"""Skia on machines that have no OpenGL: servers and containers.

Its package names libEGL and libGL as libraries that it needs, and draws films without either. Where they are missing,
libraries of these names are put in their place which have all the functions it names, and nothing in them: none is
ever called. The form of the files is the System V ABI's (ELF), as the dynamic linker of Linux reads it.
"""

import ctypes
import importlib
import importlib.util
import os
import re
import struct
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_NEEDED = ("libEGL.so.1", "libGL.so.1")
_FUNCTION = re.compile(rb"\0((?:gl|egl|glX)[A-Z]\w*)(?=\0)")
_PAGE = 0x1000
_LOAD, _DYNAMIC, _STACK = 1, 2, 0x6474E551
_READ_WRITE = 6
_GLOBAL_FUNCTION, _SOMEWHERE = 0x12, 1
"""Kind of a symbol, and a section of it that is not "undefined"."""


def make_importable(module: str = "skia", needed: Sequence[str] = _NEEDED) -> None:
    """Imports a module, with libraries that do nothing for those of `needed` that this machine lacks.

    Raises ImportError: something else is missing.
    """
    try:
        importlib.import_module(module)
    except ImportError as error:
        found = importlib.util.find_spec(module)
        missing = any(name in str(error) for name in needed)
        if sys.platform != "linux" or not missing or found is None or found.origin is None:
            raise
        functions = sorted(set(_FUNCTION.findall(Path(found.origin).read_bytes())))
        for name in needed:
            _load_or_stand_in(name, functions)
        flags = sys.getdlopenflags()
        sys.setdlopenflags(os.RTLD_LAZY)
        try:
            importlib.import_module(module)
        finally:
            sys.setdlopenflags(flags)


def _load_or_stand_in(name: str, functions: Sequence[bytes]) -> None:
    try:
        ctypes.CDLL(name, mode=ctypes.RTLD_GLOBAL)
    except OSError:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(hollow_library(name, functions))
            ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)


def hollow_library(name: str, functions: Sequence[bytes] = ()) -> bytes:
    """A shared library for this machine with a name and functions that must not be called."""
    with Path("/proc/self/exe").open("rb") as program:
        identification, _, machine = struct.unpack("<16sHH", program.read(20))
    strings = b"\0" + name.encode() + b"\0"
    places = []
    for function in functions:
        places.append(len(strings))
        strings += function + b"\0"
    count = 1 + len(functions)
    header, program_header, entry, symbol = 64, 56, 16, 24
    dynamic = header + 3 * program_header
    symbols = dynamic + 7 * entry
    hashes = symbols + count * symbol
    names = hashes + 4 * (3 + count)
    size = names + len(strings)
    # DT_HASH, DT_STRTAB, DT_SYMTAB, DT_STRSZ, DT_SYMENT, DT_SONAME, DT_NULL
    tags = ((4, hashes), (5, names), (6, symbols), (10, len(strings)), (11, symbol), (14, 1), (0, 0))
    # One bucket, whose chain leads through all symbols.
    chain = [*range(2, count), 0] if functions else []
    return b"".join(
        (
            identification[:7] + bytes(9),
            struct.pack("<HHIQQQIHHHHHH", 3, machine, 1, 0, header, 0, 0, header, program_header, 3, 0, 0, 0),
            struct.pack("<IIQQQQQQ", _LOAD, _READ_WRITE, 0, 0, 0, size, size, _PAGE),
            struct.pack("<IIQQQQQQ", _DYNAMIC, _READ_WRITE, *(3 * [dynamic]), *(2 * [7 * entry]), 8),
            struct.pack("<IIQQQQQQ", _STACK, _READ_WRITE, 0, 0, 0, 0, 0, 16),
            *(struct.pack("<QQ", tag, value) for tag, value in tags),
            bytes(symbol),
            *(struct.pack("<IBBHQQ", place, _GLOBAL_FUNCTION, 0, _SOMEWHERE, names, 0) for place in places),
            struct.pack(f"<{3 + count}I", 1, count, min(1, len(functions)), 0, *chain),
            strings,
        )
    )
