"""What the answers of a stage service mean."""

from dataclasses import dataclass
from typing import TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from tasks.errors import EngineError, InvalidInputError, InvalidSettingError, TransientError
from tasks.net.http import retry_after
from tasks.net.urls import mask_urls

Form = TypeVar("Form", bound=BaseModel)


@dataclass(frozen=True)
class Answers:
    """Reads the answers of one service."""

    service: str
    """Its name in messages."""

    def passing(self, response: httpx.Response) -> TransientError | None:
        """The error of an answer that may be another one a little later; None for every other answer."""
        status = response.status_code
        if response.is_server_error:
            sentence = f"The {self.service} service is out of order (HTTP {status})."
        elif status in (408, 425, 429):
            sentence = f"The {self.service} service is overloaded (HTTP {status})."
        else:
            return None
        return TransientError(sentence, retry_after=retry_after(response))

    def require_success(self, response: httpx.Response) -> None:
        """Returns for a success.

        Raises:
            TransientError: The service may accept the same a little later.
            InvalidSettingError: Key, address or paths are wrong.
            InvalidInputError: It refuses what was sent.
        """
        if response.is_success:
            return
        if passing := self.passing(response):
            raise passing
        status = response.status_code
        match status:
            case 401 | 403:
                raise InvalidSettingError(
                    f"The {self.service} service refuses the key (HTTP {status}).",
                    hint="Set CONTRAPONTO_REMOTE_API_KEY, or the key of its block.",
                )
            case 404 | 405 | 410:
                raise InvalidSettingError(
                    f"The {self.service} service has nothing at {response.request.url.path} (HTTP {status}).",
                    hint="Check its address and paths; if those are right, it has lost the job.",
                )
            case _ if status < 400:
                raise InvalidSettingError(
                    f"The {self.service} service redirects to another address.", hint="Set its final address."
                )
            case _:
                raise InvalidInputError(
                    f"The {self.service} service refuses the job (HTTP {status}){_reason_in(response)}"
                )

    def read(self, response: httpx.Response, form: type[Form]) -> Form:
        """The answer's content. Raises EngineError if it has another form."""
        try:
            return form.model_validate_json(response.content)
        except ValidationError as error:
            raise EngineError(
                f"The {self.service} service answers in an unknown form.",
                hint="Check that its address leads to a stage service of the expected protocol.",
            ) from error


def shorten(text: str) -> str:
    """What a service says, in one line, credentials masked."""
    line = mask_urls(" ".join(text.split()))
    return line if len(line) <= 300 else line[:299] + "…"


def _reason_in(response: httpx.Response) -> str:
    """What a refusing service says, if it says it in a usual form."""
    try:
        body = response.json()
    except ValueError:
        return "."
    if isinstance(body, dict):
        for name in ("message", "detail", "error"):
            if isinstance(body.get(name), str):
                return f": {shorten(body[name])}"
    return "."
