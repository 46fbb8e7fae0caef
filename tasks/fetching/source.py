"""What a caller names a recording by: a URL, or a key of the media store; and what to give instead of anything else."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field, WithJsonSchema

from tasks.errors import InvalidInputError
from tasks.foreign_text import one_line
from tasks.net.urls import mask_urls

ALLOWED = "a URL that begins with https:// or http://, or the key of a file in the media store"
MAX_LENGTH = 4096
_SHOWN = 80


def _any_case(*schemes: str) -> str:
    """A pattern without flags: those of Python are unknown to other readers of schemas."""
    patterns = ("".join(f"[{c.upper()}{c}]" if c.isalpha() else c for c in scheme) for scheme in schemes)
    return f"(?:{'|'.join(patterns)})"


_WEB = _any_case("http", "https")
_UPLOAD = "put the file into the media store or on a web server, and give its key or https:// address"

ADVICE: tuple[tuple[str, str], ...] = (
    (rf"{_WEB}://[^\s/?#]\S*\s", "a URL has no blanks, write %20 for each"),
    (rf"{_WEB}:(?!//[^\s/?#])", "that is no complete URL, write it like https://example.org/talk.mp3"),
    (_any_case("ftp", "ftps", "sftp", "scp", "ssh", "smb", "nfs", "afp", "dav", "davs", "webdav", "rsync") + "://",
     f"only https:// and http:// are fetched, so {_UPLOAD}"),
    (_any_case("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "wasb", "wasbs", "r2", "b2", "minio", "oss") + "://",
     "a bucket is not read by that address: give a signed https:// link to the file, or its key if the bucket is the "
     "media store"),
    (_any_case("rtmp", "rtmps", "rtmpe", "rtmpt", "rtsp", "rtsps", "rtp", "udp", "srt", "mms", "mmsh", "ws", "wss")
     + "://",
     "streams are not recorded: give the https:// address of the finished recording"),
    (_any_case("feed", "podcast", "podcasts", "itpc", "pcast") + ":",
     "write https:// at its beginning, and send the feed to transcribe-batch"),
    (_any_case("folder") + ":", "a folder is a source of transcribe-batch; here give one file"),
    (_any_case("magnet") + ":", f"torrents are not fetched: {_UPLOAD}"),
    (_any_case("blob") + ":", "that is an address within a browser: give the address of the page"),
    (_any_case("data") + ":", f"a recording does not travel within its address: {_UPLOAD}"),
    (_any_case("mailto", "tel", "sms", "javascript", "about", "view-source", "chrome", "urn") + ":",
     f"that leads to no recording: give {ALLOWED}"),
    (rf"(?:{_any_case('file')}:|~[^/]*/|/|\.\.?[\\/]|[A-Za-z]:[\\/]|\\\\)",
     "files are not taken by their path: put it into the media store and give its key, or name its folder to "
     "transcribe-batch as folder:PATH"),
    (_any_case("www") + r"\.", "write https:// at its beginning"),
    (rf"(?!{_WEB}:)[A-Za-z][A-Za-z0-9+.-]*://", "only https:// and http:// are fetched"),
)  # fmt: skip
"""What to say of a source that cannot be used, by the pattern of its beginning; the first that fits."""
_UNUSABLE = (r"\s", "$", "[A-Za-z]:", "[^\\\\]*\\\\")
"""Beginnings that need no advice of their own: blanks, nothing, a letter of a drive, a path with backslashes."""

PATTERN = f"^(?!{'|'.join([pattern for pattern, _ in ADVICE] + list(_UNUSABLE))})"
"""What every source fits. It is that of the schema; pydantic's own engine knows no patterns that look ahead."""


def check_source(source: str) -> str:
    """The source itself, if it may be a URL or a key.

    Raises:
        InvalidInputError: It is neither; the sentence says what to give instead.
    """
    if re.match(PATTERN, source) and len(source) <= MAX_LENGTH:
        return source
    advice = next((said for pattern, said in ADVICE if re.match(pattern, source)), f"give {ALLOWED}")
    raise InvalidInputError(f'"{one_line(mask_urls(source), _SHOWN)}" cannot be used: {advice}.')


def _checked(source: str) -> str:
    try:
        return check_source(source)
    except InvalidInputError as error:
        raise ValueError(str(error)) from None


Source = Annotated[
    str,
    AfterValidator(_checked),
    Field(max_length=MAX_LENGTH, title="URL or store key"),
    WithJsonSchema(
        {
            "type": "string",
            "title": "URL or store key",
            "maxLength": MAX_LENGTH,
            "pattern": PATTERN,
            "allowed": ALLOWED,
            "advice": {f"^{pattern}": said for pattern, said in ADVICE},
        }
    ),
]
"""A URL, or a key of the media store. `deployments.server.refusals` says `allowed` and `advice`."""
