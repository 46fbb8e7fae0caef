"""Files of requests as REST Client (VS Code) reads them: variables, names, values from earlier answers."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx


@dataclass(frozen=True)
class Request:
    """One request, its placeholders not yet filled."""

    title: str
    name: str | None
    head: str
    headers: dict[str, str]
    body: str


@dataclass
class Collection:
    """The requests of a file; answers are kept for those that follow."""

    text: str
    variables: dict[str, str] = field(default_factory=dict)
    answers: dict[str, httpx.Response] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.variables = dict(re.findall(r"^@(\w+) = (.*)$", self.text, re.M)) | self.variables

    def requests(self) -> Iterator[Request]:
        """In the order of the file."""
        for part in re.split(r"^###", self.text, flags=re.M)[1:]:
            title, _, rest = part.partition("\n")
            name = re.search(r"^# @name (\w+)$", rest, re.M)
            call = "\n".join(line for line in rest.splitlines() if not line.startswith("#")).strip()
            top, _, body = call.partition("\n\n")
            head, *headers = top.splitlines()
            pairs = dict(line.split(": ", 1) for line in headers)
            yield Request(title.strip(), name[1] if name else None, head, pairs, body)

    def send(self, request: Request) -> httpx.Response:
        """Send it with everything filled in."""
        method, url = self._filled(request.head).split()
        answer = httpx.request(
            method,
            url,
            headers={name: self._filled(value) for name, value in request.headers.items()},
            content=self._filled(request.body) or None,
            timeout=60,
            trust_env=False,
        )
        if request.name:
            self.answers[request.name] = answer
        return answer

    def _filled(self, text: str) -> str:
        while found := re.search(r"\{\{([^{}]+)\}\}", text):
            text = text.replace(found[0], self._value(found[1]))
        return text

    def _value(self, name: str) -> str:
        if name in self.variables:
            return self.variables[name]
        request, path = name.split(".response.body.$.")
        return str(json.loads(self.answers[request].text)[path])
