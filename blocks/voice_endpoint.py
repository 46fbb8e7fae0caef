"""A voice behind an OpenAI-compatible speech endpoint (`POST …/audio/speech`). Needs the extra `translation`."""

from functools import partial
from pathlib import Path
from typing import Literal

import openai
from prefect.blocks.core import Block
from pydantic import Field, SecretStr

from blocks.openai_endpoint import OpenAIEndpoint
from tasks.errors import ContrapontoError, EngineError, InvalidSettingError

_LEAST_BYTES = 256
"""No sound is smaller, in whatever format."""
_SOUND = ("audio/", "application/octet-stream", "binary/octet-stream", "application/ogg", "video/")
"""How the content type of sound begins; servers that know no better send bytes."""


class VoiceEndpoint(Block):
    """A voice that is reached over HTTP."""

    _block_type_name = "Voice Endpoint"
    _block_type_slug = "voice-endpoint"
    _description = "A voice behind any OpenAI-compatible speech endpoint: speaks the scripts of films."

    base_url: str = Field(
        default="https://api.openai.com/v1", title="Endpoint", description="Address of the API, with its /v1."
    )
    api_key: SecretStr | None = Field(default=None, title="API key", description="Empty if it wants none.")
    model: str = Field(title="Model", description="Name of the model as the endpoint knows it.", min_length=1)
    voice: str = Field(
        default="alloy", title="Voice", description="The voice of jobs that name none.", min_length=1
    )
    timeout: float = Field(
        default=120, title="Timeout", description="Seconds for one sentence.", gt=0, le=3600
    )
    max_retries: int = Field(
        default=3,
        title="Further tries",
        description="After 429, 5xx, timeouts and lost connections; Retry-After is honoured.",
        ge=0,
        le=20,
    )
    audio_format: Literal["wav", "flac", "mp3", "opus", "aac"] = Field(
        default="wav",
        title="Sound format",
        description="What is asked for; simple servers know only mp3 or wav. What comes is taken as what it is.",
    )

    def speak(self, text: str, target: Path, *, voice: str | None = None, speed: float = 1.0) -> None:
        """Writes the endpoint's sound of a sentence to `target`, in whatever format it comes.

        Raises InvalidSettingError when the endpoint refuses the key, the model or the voice, TransientError when it
        cannot be reached or is overloaded, EngineError when what it sends is no sound.
        """
        with (
            self._endpoint.client(self.api_key, self.max_retries) as client,
            self._endpoint.explained(partial(self._refused, voice or self.voice)),
        ):
            answer = client.audio.speech.create(
                model=self.model,
                voice=voice or self.voice,
                input=text,
                response_format=self.audio_format,
                speed=speed if speed != 1.0 else openai.omit,
            )
            kind = answer.response.headers.get("Content-Type", "audio/").lower()
            content = answer.content
        if not kind.startswith(_SOUND) or len(content) < _LEAST_BYTES:
            raise EngineError(
                f"The endpoint {self.base_url} does not answer with sound ({len(content)} bytes of {kind}).",
                hint="Check that CONTRAPONTO_VOICE_ENDPOINT_BASE_URL is the address of its API, with its /v1.",
            )
        unfinished = target.with_name(f".{target.name}.partial")
        unfinished.write_bytes(content)
        unfinished.replace(target)

    @property
    def _endpoint(self) -> OpenAIEndpoint:
        return OpenAIEndpoint(
            base_url=self.base_url,
            model=self.model,
            name=f"The voice endpoint {self.base_url}",
            kind="speech model",
            settings="CONTRAPONTO_VOICE_ENDPOINT",
            model_setting="CONTRAPONTO_VOICE_ENDPOINT_MODEL",
            timeout=self.timeout,
        )

    def _refused(self, voice: str, error: openai.APIStatusError) -> ContrapontoError:
        return InvalidSettingError(
            f'{self._endpoint.name} refuses to speak with voice "{voice}" of model "{self.model}" '
            f"({error.status_code}).",
            hint="Choose a voice and a model that it has, or a voice-endpoint block with another sound format.",
        )
