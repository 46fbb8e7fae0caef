"""What every OpenAI-compatible endpoint has in common: its client, and what its refusals mean for whoever set it up."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import openai
from pydantic import SecretStr

from tasks.errors import ContrapontoError, EngineError, InvalidSettingError, TransientError
from tasks.net.retry_after import seconds_to_wait


@dataclass(frozen=True)
class OpenAIEndpoint:
    """An endpoint, and how sentences speak of it."""

    base_url: str
    model: str
    name: str
    """As the subject of a sentence: "The text model at https://…"."""
    kind: str
    """What `model` is: "model", "speech model"."""
    settings: str
    """What the names of its settings begin with."""
    model_setting: str
    timeout: float
    """Seconds for one answer."""

    def client(self, api_key: SecretStr | None, max_retries: int) -> openai.OpenAI:
        """A client; close it. It tries again after 429, 5xx, timeouts and lost connections."""
        return openai.OpenAI(
            base_url=self.base_url,
            # The client insists on a key, and would otherwise send one from the environment to anybody.
            api_key=api_key.get_secret_value() if api_key else "none",
            timeout=self.timeout,
            max_retries=max_retries,
        )

    @contextmanager
    def explained(self, refused: Callable[[openai.APIStatusError], ContrapontoError]) -> Iterator[None]:
        """Turns the client's errors into the product's; `refused` explains what is neither setting nor overload.

        Raises InvalidSettingError when the endpoint refuses the key or the model, TransientError when it cannot be
        reached or is overloaded, EngineError when it answers as no such endpoint does.
        """
        try:
            yield
        except openai.APIStatusError as error:
            raise self._from_status(error) or refused(error) from error
        except openai.APITimeoutError as error:
            raise TransientError(f"{self.name} is silent for {self.timeout:g} s.") from error
        except openai.APIConnectionError as error:
            raise TransientError(
                f"{self.name} cannot be reached, or breaks off.", hint="Check the address and that it runs."
            ) from error
        except (openai.OpenAIError, json.JSONDecodeError) as error:
            raise EngineError(
                f"The endpoint {self.base_url} does not answer as an OpenAI-compatible API does."
            ) from error

    def _from_status(self, error: openai.APIStatusError) -> ContrapontoError | None:
        if error.status_code in (401, 403):
            return InvalidSettingError(
                f"{self.name} refuses the API key.", hint=f"Set {self.settings}_API_KEY."
            )
        if error.status_code == 404:
            return InvalidSettingError(
                f'There is no {self.kind} "{self.model}" at {self.base_url}.',
                hint=f"Correct {self.model_setting} or {self.settings}_BASE_URL.",
            )
        if error.code == "insufficient_quota":
            return InvalidSettingError(f"{self.name} says that the account's quota is used up.")
        if error.status_code in (408, 429) or error.status_code >= 500:
            return TransientError(
                f"{self.name} is overloaded or out of order ({error.status_code}).",
                retry_after=seconds_to_wait(error.response.headers.get("Retry-After")),
            )
        return None
