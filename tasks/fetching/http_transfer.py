"""One file on its way from one URL, over as many requests as it takes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

import httpx

from tasks.errors import ContrapontoError, LimitExceededError, NotMediaError, TransientError
from tasks.fetching.content import SNIFFED_BYTES, file_name, kind_of
from tasks.fetching.part_file import PartFile, megabytes
from tasks.fetching.results import Download, WebPage
from tasks.net.deadline import Deadline
from tasks.net.headers import content_length, content_range
from tasks.net.http import REQUEST_ERRORS, request_error, status_error
from tasks.net.urls import CheckedUrl, mask_url


class HttpTransfer:
    """Remembers between its requests what has arrived and of which edition of the file it is."""

    def __init__(
        self,
        client: httpx.Client,
        url: CheckedUrl,
        part: PartFile,
        deadline: Deadline,
        *,
        max_bytes: int,
        media_only: bool,
    ) -> None:
        self._client = client
        self._url = url
        self._part = part
        self._deadline = deadline
        self._max_bytes = max_bytes
        self._media_only = media_only
        self._validator: str | None = None
        self._total: int | None = None

    def run(self) -> Download | WebPage:
        """Makes one request for what is missing. Raises TransientError where another may succeed."""
        try:
            with self._client.stream("GET", self._url.text, headers=self._headers()) as response:
                return self._receive(response)
        except REQUEST_ERRORS as error:
            raise request_error(error, self._url.text) from error

    def _headers(self) -> dict[str, str]:
        headers = {"Accept": "*/*", "Accept-Encoding": "identity"}
        if self._part.size and self._validator:
            headers |= {"Range": f"bytes={self._part.size}-", "If-Range": self._validator}
        return headers

    def _receive(self, response: httpx.Response) -> Download | WebPage:
        if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
            self._part.restart()
            raise self._cut()
        if error := status_error(response):
            raise error
        self._place(response)
        self._check_size(self._total)
        body = _body(response)
        head = next(body)
        if self._part.size == 0:
            if page := self._page_instead(response, head):
                return page
            if self._total is not None:
                self._part.reserve(self._total)
        self._write(head)
        for chunk in body:
            self._write(chunk)
        if self._total is not None and self._part.size != self._total:
            raise self._cut()
        return self._kept(response)

    def _place(self, response: httpx.Response) -> None:
        """Settles where the body's first byte belongs, and how large the whole is."""
        start, total = content_range(response.headers)
        in_part = response.status_code == httpx.codes.PARTIAL_CONTENT
        # Some servers call even the whole a part, without being asked for one.
        if in_part and (self._part.size or start != 0):
            if start != self._part.size or total is None or total != self._total:
                self._part.restart()
                self._validator = None
                raise self._cut()
            return
        self._part.restart()
        encoded = response.headers.get("Content-Encoding", "identity").lower() != "identity"
        self._total = None if encoded else total if in_part else content_length(response.headers)
        etag = response.headers.get("ETag", "")
        strong = etag if etag.startswith('"') else None
        # Offsets into an encoded body are not offsets into the file.
        self._validator = (
            None if encoded or self._total is None else strong or response.headers.get("Last-Modified")
        )

    def _page_instead(self, response: httpx.Response, head: bytes) -> WebPage | None:
        """The page that the URL leads to, if it leads to none of the files that are wanted."""
        if not head:
            raise NotMediaError(
                f"The file at {self._url.masked} is empty (0 bytes).", hint="Check the address."
            )
        content_type = response.headers.get("Content-Type")
        kind = kind_of(content_type, head) if self._media_only else "unknown"
        if kind == "other":
            raise NotMediaError(
                f"{self._url.masked} is not audio or video but {content_type or 'another kind'}.",
                hint="Give the address of a recording.",
            )
        return WebPage(str(response.url), content_type, head[:SNIFFED_BYTES]) if kind == "page" else None

    def _kept(self, response: httpx.Response) -> Download:
        final = str(response.url)
        path, digest = self._part.keep(file_name(final, response.headers.get("Content-Disposition")))
        return Download(
            path=path,
            size=self._part.size,
            sha256=digest,
            title=PurePath(path.name).stem,
            duration=None,
            content_type=response.headers.get("Content-Type"),
            source="direct",
            extractor=None,
            url=mask_url(final),
        )

    def _write(self, chunk: bytes) -> None:
        self._check_size(self._part.size + len(chunk))
        self._part.write(chunk)
        self._deadline.report(self._part.size / self._total if self._total else 0.0)

    def _check_size(self, size: int | None) -> None:
        if size is not None and size > self._max_bytes:
            raise LimitExceededError(
                f"The file at {self._url.masked} is larger than the limit of {megabytes(self._max_bytes)}.",
                hint="Give a smaller file, or raise the size limit.",
            )

    def _cut(self) -> ContrapontoError:
        return TransientError(
            f"The download of {self._url.masked} was cut before its end.", hint="Try again later."
        )


def _body(response: httpx.Response) -> Iterator[bytes]:
    """The body in pieces, the first of which is long enough to tell what the file is (or is all there is)."""
    chunks = response.iter_bytes()
    head = b""
    for chunk in chunks:
        head += chunk
        if len(head) >= SNIFFED_BYTES:
            break
    yield head
    yield from chunks


def look_at(client: httpx.Client, url: CheckedUrl) -> WebPage:
    """How whatever is at the URL begins, without the rest. Raises as `HttpTransfer.run`."""
    try:
        with client.stream(
            "GET", url.text, headers={"Accept": "*/*", "Accept-Encoding": "identity"}
        ) as response:
            if error := status_error(response):
                raise error
            head = next(_body(response))
            return WebPage(str(response.url), response.headers.get("Content-Type"), head[:SNIFFED_BYTES])
    except REQUEST_ERRORS as error:
        raise request_error(error, url.text) from error
