"""A file and a web server that nobody may touch, and media that try to make their reader touch them."""

from __future__ import annotations

import os
import struct
import threading
from pathlib import Path

from tests.servers.media import MediaServer

CANARY = b"canary of a file that no job may read\n" * 50


class Traps:
    """Notes who opens its file and who asks its server.

    The file is a named pipe: to open it for writing without waiting succeeds only while somebody has it open.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "canary.wav"
        self.web = MediaServer()
        self.url = f"{self.web.url}/canary.wav"
        self.opened = False
        self._over = threading.Event()
        os.mkfifo(self.file)
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()

    @property
    def touched(self) -> list[str]:
        return [*(["the file"] if self.opened else []), *(asked.path for asked in self.web.asked)]

    def close(self) -> None:
        self._over.set()
        self._watcher.join()
        self.web.close()

    def _watch(self) -> None:
        while not self._over.wait(0.002):
            try:
                descriptor = os.open(self.file, os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                continue
            self.opened = True
            with os.fdopen(descriptor, "wb", buffering=0) as pipe:
                try:
                    pipe.write(CANARY)
                except OSError:
                    continue


def playlists(traps: Traps) -> dict[str, bytes]:
    """Texts that players take for lists of media."""
    file, url = f"file://{traps.file}", traps.url
    begin, item = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n", "#EXTINF:9,\n"
    texts = {
        "HLS, a file": f"{begin}{item}{file}\n#EXT-X-ENDLIST\n",
        "HLS, a path": f"{begin}{item}{traps.file}\n#EXT-X-ENDLIST\n",
        "HLS, a server": f"{begin}{item}{url}\n#EXT-X-ENDLIST\n",
        "HLS, a key": f'{begin}#EXT-X-KEY:METHOD=AES-128,URI="{file}"\n{item}{url}\n#EXT-X-ENDLIST\n',
        "HLS of lists": f"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n{file}\n#EXT-X-STREAM-INF:BANDWIDTH=2\n{url}\n",
        "concat": f"ffconcat version 1.0\nfile '{traps.file}'\nfile '{url}'\n",
        "DASH": (
            '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" '
            'mediaPresentationDuration="PT9S"><Period><AdaptationSet mimeType="audio/mp4">'
            f'<Representation id="1" bandwidth="1"><BaseURL>{file}</BaseURL></Representation>'
            f'<Representation id="2" bandwidth="2"><BaseURL>{url}</BaseURL></Representation>'
            "</AdaptationSet></Period></MPD>"
        ),
        "SDP": (
            "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {traps.web.port} TCP/RTP/AVP 0\r\n"
        ),
    }
    return {name: text.encode() for name, text in texts.items()}


def drawings(traps: Traps) -> dict[str, bytes]:
    """Images that name other images, or run programs that do."""
    file, url = f"file://{traps.file}", traps.url
    texts = {
        "SVG": (
            '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "' + file + '">]>'
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
            f'width="64" height="64"><image xlink:href="{file}" width="64" height="64"/>'
            f'<image href="{url}" width="64" height="64"/><text>&x;</text></svg>'
        ),
        "MVG": f"push graphic-context\nviewbox 0 0 64 64\nimage over 0,0 0,0 '{url}'\nimage over 0,0 0,0 '{file}'\n",
        "EPS": f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({traps.file}) (r) file 99 string readstring\n",
        "XPM": '/* XPM */\nstatic char *x[] = {"1 1 1 1", "a c #000000", "a"};\n',
    }
    return {name: text.encode() for name, text in texts.items()}


def film_with_playlist(playlist: bytes) -> bytes:
    """An AVI file of grey frames whose subtitles are a playlist; old players read it as one."""
    width = height = 64
    frame = bytes([128]) * (width * height * 3)
    count = 12
    said = b"GAB2\0" + struct.pack("<HI", 2, 0) + struct.pack("<HI", 4, len(playlist)) + playlist
    header = struct.pack("<14I", 100_000, 0, 0, 0, count, 0, 2, 0, width, height, 0, 0, 0, 0)
    bitmap = struct.pack(
        "<IiiHHIIiiII", 40, width, height, 1, 24, 0, len(frame), 0, 0, 0, 0
    )  # as in Windows' BITMAPINFOHEADER
    return _riff(
        _list(
            b"hdrl",
            _chunk(b"avih", header),
            _list(b"strl", _chunk(b"strh", _stream(b"vids", count)), _chunk(b"strf", bitmap)),
            _list(b"strl", _chunk(b"strh", _stream(b"txts", 1)), _chunk(b"strf", b"")),
        ),
        _list(b"movi", _chunk(b"01tx", said), *[_chunk(b"00db", frame)] * count),
    )


def film_with_outside_data(film: bytes, file: Path) -> bytes:
    """The film (QuickTime, its index at the end) as if its first track's data lay in another file."""
    place = film.index(b"url \0\0\0\1") - 4
    path = str(file).encode()
    path = b"/" * (len(path) % 2) + path  # an even number of bytes, all of the path
    alias = bytes(10) + bytes(28) + bytes(12) + b"\1x" + bytes(62) + bytes(16) + bytes(4) + bytes(16)
    alias += struct.pack(">HH", 2, len(path)) + path + struct.pack(">HH", 0xFFFF, 0)
    entry = struct.pack(">I4sI", len(alias) + 12, b"alis", 0) + alias
    changed = bytearray(film[:place] + entry + film[place + 12 :])
    for name in (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"):
        start = film.rindex(name, 0, place) - 4
        (size,) = struct.unpack_from(">I", changed, start)
        struct.pack_into(">I", changed, start, size + len(entry) - 12)
    return bytes(changed)


def _stream(kind: bytes, length: int) -> bytes:
    return kind + struct.pack("<IIHHIIIIIIIIQ", 0, 0, 0, 0, 0, 1, 10, 0, length, 0, 0, 0, 0)


def _riff(*lists: bytes) -> bytes:
    return _chunk(b"RIFF", b"AVI " + b"".join(lists))


def _list(kind: bytes, *chunks: bytes) -> bytes:
    return _chunk(b"LIST", kind + b"".join(chunks))


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)
