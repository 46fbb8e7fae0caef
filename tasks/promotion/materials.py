"""What the steps of a pipeline hand each other. Files travel as keys of the media store with their content's hash."""

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, ConfigDict

Language = Literal["pt-BR", "en"]
"""Languages in which copy is written and spoken here."""


class StoredFile(BaseModel):
    """A file in the media store."""

    model_config = ConfigDict(frozen=True)

    key: str
    sha256: str


class Picture(BaseModel):
    """A picture that can be shown."""

    model_config = ConfigDict(frozen=True)

    file: StoredFile
    width: int
    height: int
    """As shown, in pixels."""
    source: int
    """Which of the job's images it was made of, from 0."""
    variant: int = 0


class TextModelUsage(BaseModel):
    """What a text model was asked for a text, over all its answers."""

    model_config = ConfigDict(frozen=True)

    requests: int
    prompt_tokens: int
    completion_tokens: int
    cost: float | None = None
    """In the endpoint's currency, mostly US dollars; None if it does not say."""


class WrittenCopy(BaseModel):
    """A text to publish, and what of it is shown and spoken in a film."""

    model_config = ConfigDict(frozen=True)

    platform: str
    language: Language
    headline: str
    """The shortest form, for a title: at most 40 letters."""
    text: str
    """The post as it is published, with its hashtags and emoji."""
    hashtags: tuple[str, ...]
    call_to_action: str
    script: str
    """What is spoken, in sentences and in written form (R$ 1.299,90), without hashtags and emoji."""
    engine: str
    """templates, or the name of the text model."""
    warnings: tuple[str, ...] = ()
    usage: TextModelUsage | None = None
    """None if no text model was asked."""

    def store_keys(self) -> Iterable[str]:
        """No file belongs to it; see `StepResult`."""
        return ()


class ProductDescription(BaseModel):
    """The texts of a product's page in a shop. None has a price: prices change, and shops show them themselves."""

    model_config = ConfigDict(frozen=True)

    language: Language
    title: str
    """At most 150 letters."""
    short_description: str
    """One or two sentences."""
    long_description: str
    """Markdown; what came from the facts is escaped in it."""
    html: str
    """The same as HTML: paragraphs, headings and lists, without links, pictures and scripts."""
    bullets: tuple[str, ...]
    """What is good about it, as plain text."""
    seo_title: str
    """For search engines: at most 60 letters."""
    meta_description: str
    """For search engines: at most 155 letters."""
    keywords: tuple[str, ...]
    engine: str
    """templates, or the name of the text model."""
    warnings: tuple[str, ...] = ()
    usage: TextModelUsage | None = None
    """None if no text model was asked."""

    def store_keys(self) -> Iterable[str]:
        """No file belongs to it; see `StepResult`."""
        return ()


class SpokenWord(BaseModel):
    """A word of the script as it is written ("R$ 1.299,90"), and when it is heard."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: float
    end: float
    """Seconds from the beginning of the narration."""


class SpokenSentence(BaseModel):
    """A sentence of the script and when it is heard."""

    model_config = ConfigDict(frozen=True)

    text: str
    start: float
    end: float
    """Seconds; from its first word's start to its last word's end. The pause behind it belongs to nobody."""
    words: tuple[SpokenWord, ...]


class Narration(BaseModel):
    """A spoken script, or somebody's recording of it."""

    model_config = ConfigDict(frozen=True)

    file: StoredFile
    """WAV or what the caller sent."""
    duration: float
    """Seconds."""
    language: Language
    sentences: tuple[SpokenSentence, ...]
    """Strictly in order; empty only if nothing is known of what a recording says."""
    engine: str
    """Of the voice, or recording."""
    voice: str
    warnings: tuple[str, ...] = ()

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `tasks.jobs.step.StepResult`."""
        return (self.file.key,)


class CaptionCue(BaseModel):
    """A caption: what is shown together."""

    model_config = ConfigDict(frozen=True)

    start: float
    end: float
    lines: tuple[str, ...]


class CaptionTrack(BaseModel):
    """The captions of a narration."""

    model_config = ConfigDict(frozen=True)

    language: Language
    cues: tuple[CaptionCue, ...]
    words: tuple[SpokenWord, ...]
    """All words in order, for captions that mark the spoken one."""
    files: dict[str, StoredFile]
    """By format: srt, vtt, ass, json."""
    warnings: tuple[str, ...] = ()

    def store_keys(self) -> Iterable[str]:
        """The files that must be there for the result to be used again; see `StepResult`."""
        return tuple(file.key for file in self.files.values())
