"""A narration out of a script: who speaks it, its sentences spoken and joined, its words in time, its loudness."""

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from blocks.from_settings import media_store, voice_endpoint
from blocks.media_store import MediaStore, sha256_of
from blocks.settings import Settings
from tasks.errors import EngineError, InvalidInputError, LimitExceededError, MissingEngineError
from tasks.inference.client import perform
from tasks.inference.sockets import chosen_socket
from tasks.media.ffmpeg import media_input, run_ffmpeg
from tasks.media.probe import probe, require_audio
from tasks.narration.assembly import SentenceSound, even_times, join
from tasks.narration.captioning import recorded_narration
from tasks.narration.length import pace_of, predicted_seconds
from tasks.narration.level import levelled
from tasks.narration.options import VoiceConfig
from tasks.narration.remote_voice import speak_remotely
from tasks.narration.script import clean_script, script_pieces
from tasks.narration.speaking import SpokenSamples, Voice, speak_once
from tasks.narration.spoken_form import Spoken, spoken_form
from tasks.progress import Progress, part_of
from tasks.promotion.materials import Language, Narration, SpokenSentence, StoredFile
from tasks.voice.choice import choose_voice
from tasks.voice.engine import Samples16, Utterance
from tasks.voice.pieces import SENTENCE_PAUSE, Piece
from tasks.voice.saying import stretched
from tasks.voice.sentences import SpokenFile, write_samples
from tasks.voice.speech import as_16_bit
from tasks.voice.work import SpeakingSentences

_SPOKEN, _ALIGNED = 0.8, 0.95
"""Shares of the progress: up to them sentences are spoken, and their words found."""
_SECONDS_PER_LETTER = 1.0
"""Time that is allowed for speaking; the slowest voice needs 0.1 on one processor."""
_LEAST_SECONDS = 120.0
_SURELY = 1.15
"""Times as long as there is room for: what is predicted to be longer than that is not worth speaking."""
_FASTER = 1.15
"""So much faster a narration may be than it was spoken, to keep within the time: no voice takes just what was
predicted, and nobody hears that much."""
_A_LITTLE = 1.005
"""More, since what is stretched is not a sample shorter than that."""
_RECORDING_RATE = 48_000
"""Hz of a recording as it is kept."""


@dataclass(frozen=True)
class Wishes:
    """How a narration is to be."""

    sentence_pause: float
    """Seconds behind a sentence, at speed 1."""
    loudness: float
    """LUFS."""
    max_seconds: float | None
    """A longer one is refused."""


def sentences_of(script: str, language: Language) -> list[tuple[Piece, Spoken]]:
    """The sentences of a script as it was written, in both forms. Raises InvalidInputError if there are none."""
    pieces = script_pieces(clean_script(script), language)
    both = [(piece, spoken_form(piece.text, language)) for piece in pieces]
    found = [(piece, spoken) for piece, spoken in both if spoken.spans]
    if not found:
        raise InvalidInputError(
            "There is nothing to speak in the script.", hint="Give a sentence with at least one word."
        )
    return found


def choose(config: VoiceConfig, language: Language, settings: Settings) -> tuple[Voice, tuple[str, ...]]:
    """Who speaks, and what is to be said of that. Raises as `tasks.narration.steps.narration_request`."""
    endpoint = voice_endpoint(settings) if config.engine in ("auto", "endpoint") else None
    if endpoint is not None:
        voice = Voice(
            engine=config.model or endpoint.model,
            version=endpoint.base_url,
            remote=True,
            language=language,
            voice=config.voice or endpoint.voice,
            speed=config.speed,
        )
        return voice, ()
    if config.engine == "endpoint":
        raise MissingEngineError(
            "The speech endpoint is asked for, and the settings name none.",
            hint="Set CONTRAPONTO_VOICE_ENDPOINT_BASE_URL and CONTRAPONTO_VOICE_ENDPOINT_MODEL, or choose the engine "
            '"embedded".',
        )
    if config.model is not None:
        raise InvalidInputError(
            f'"{config.model}" would be a model of a speech endpoint, and the embedded voices speak.',
            hint="Leave model out, or name an endpoint in the settings.",
        )
    chosen = choose_voice(language, settings.models_dir, config.voice)
    voice = Voice(
        engine=chosen.offer.engine,
        version=chosen.offer.version,
        language=language,
        voice=chosen.voice,
        speed=config.speed,
    )
    return voice, chosen.warnings


def check_length(script: str, voice: Voice, limit: float | None) -> None:
    """Raises LimitExceededError for a script that will surely take longer than `limit` seconds."""
    if limit is None:
        return
    language: Language = "en" if voice.language == "en" else "pt-BR"
    seconds = predicted_seconds(script, language, voice.speed * pace_of(voice.voice))
    if seconds > limit * _SURELY:
        raise _too_long(seconds, limit, "would take about")


def spoken_narration(
    script: str,
    language: Language,
    voice: Voice,
    wishes: Wishes,
    settings: Settings,
    folder: Path,
    progress: Progress,
) -> Narration:
    """Has a script spoken and stores it as WAV. Raises as `tasks.narration.steps.narrate`."""
    store = media_store(settings)
    sentences = sentences_of(script, language)
    deadline = max(_LEAST_SECONDS, _SECONDS_PER_LETTER * len(script))

    texts = [spoken.text for _, spoken in sentences]
    speak = partial(_speak, voice, deadline, settings)
    sounds = speak_once(texts, voice, speak, store, folder, part_of(progress, 0.0, _SPOKEN))
    pause, limit = wishes.sentence_pause / SENTENCE_PAUSE / voice.speed, wishes.max_seconds
    found = _joined(sentences, sounds, pause, voice)
    warnings: tuple[str, ...] = ()
    if limit is not None and limit < found.seconds <= limit * _FASTER:
        times = found.seconds / limit * _A_LITTLE
        faster = [_sped_up(sound, times) for sound in sounds]
        found = _joined(sentences, faster, pause / times, voice)
        warnings = (f"Spoken {times - 1:.0%} faster, to fit into {limit:g} s.",)
    if limit is not None and found.seconds > limit:
        raise _too_long(found.seconds, limit, "takes")
    plain = folder / "plain.wav"
    write_samples(plain, found.samples, found.rate)
    file = _levelled(plain, wishes, store, folder, deadline)
    told = found.sentences
    if not found.has_times:
        listening = part_of(progress, _SPOKEN, _ALIGNED)
        told, doubts = _listened(file, script, language, voice, told, settings, listening)
        warnings += doubts
    progress(1.0)
    return Narration(
        file=file,
        duration=found.seconds,
        language=language,
        sentences=told,
        engine=voice.engine,
        voice=voice.voice,
        warnings=warnings,
    )


@dataclass(frozen=True)
class _Said:
    """Sentences as they were spoken, one after the other."""

    samples: Samples16
    rate: int
    sentences: tuple[SpokenSentence, ...]
    has_times: bool
    """Whether the engine said when its words are heard."""

    @property
    def seconds(self) -> float:
        return len(self.samples) / self.rate


def _joined(
    sentences: Sequence[tuple[Piece, Spoken]], sounds: Sequence[SpokenSamples], pause: float, voice: Voice
) -> _Said:
    """The sounds of the sentences with the pauses between them, so many times as long as usual."""
    rate = sounds[0].rate
    parts: list[SentenceSound] = []
    for (piece, spoken), sound in zip(sentences, sounds, strict=True):
        if not len(sound.samples):
            raise EngineError(f'The voice {voice.voice} said nothing of "{piece.text[:60]}".')
        words = sound.words if sound.words is not None else even_times(spoken, len(sound.samples) / rate)
        parts.append(SentenceSound(piece.text, spoken, sound.samples, words, piece.pause * pause))
    samples, told = join(parts, rate)
    return _Said(samples, rate, told, has_times=all(sound.words is not None for sound in sounds))


def _sped_up(sound: SpokenSamples, times: float) -> SpokenSamples:
    faster = stretched(
        Utterance(np.divide(sound.samples, 32767, dtype=np.float32), sound.words), sound.rate, times
    )
    return SpokenSamples(as_16_bit(faster.samples), sound.rate, faster.words)


def own_narration(
    recording: StoredFile,
    script: str,
    language: Language,
    wishes: Wishes,
    settings: Settings,
    folder: Path,
    progress: Progress,
) -> Narration:
    """Somebody's own recording at its loudness, with the times of the script's words in it.

    Raises as `tasks.narration.steps.narrate`.
    """
    store = media_store(settings)
    plain = folder / "plain.wav"
    with store.open_local(recording.key) as source:
        info = probe(source)
        audio = require_audio(info)
        if wishes.max_seconds is not None and info.duration > wishes.max_seconds:
            raise _too_long(info.duration, wishes.max_seconds, "takes")
        channels = min(audio.channels, 2)
        arguments = [*media_input(source), "-map", f"0:{audio.index}", "-vn", "-ac", str(channels)]
        arguments += ["-ar", str(_RECORDING_RATE), "-c:a", "pcm_s16le"]
        run_ffmpeg(arguments, output=plain, duration=info.duration, deadline=_LEAST_SECONDS + info.duration)
    file = _levelled(plain, wishes, store, folder, _LEAST_SECONDS + info.duration)
    return recorded_narration(file, script, language, settings, progress)


def _speak(
    voice: Voice,
    deadline: float,
    settings: Settings,
    texts: tuple[str, ...],
    paths: tuple[Path, ...],
    progress: Progress,
) -> tuple[SpokenFile, ...]:
    if voice.remote:
        endpoint = voice_endpoint(settings)
        if endpoint is None:
            raise MissingEngineError("The settings no longer name a speech endpoint.")
        endpoint.model = voice.engine
        return speak_remotely(
            endpoint,
            texts,
            paths,
            voice=voice.voice,
            speed=voice.speed,
            deadline=deadline,
            progress=progress,
        )
    work = SpeakingSentences(
        sentences=texts,
        targets=tuple(path.absolute() for path in paths),
        language=voice.language,
        voice=voice.voice,
        models_dir=settings.models_dir,
        speed=voice.speed,
        deadline=deadline,
    )
    return perform(work, progress, host=chosen_socket(settings.model_host, settings.home))


def _listened(
    file: StoredFile,
    script: str,
    language: Language,
    voice: Voice,
    guessed: tuple[SpokenSentence, ...],
    settings: Settings,
    progress: Progress,
) -> tuple[tuple[SpokenSentence, ...], tuple[str, ...]]:
    """When the words of a voice that does not say so are heard: by listening, where a speech model is here."""
    try:
        heard = recorded_narration(file, script, language, settings, progress)
    except MissingEngineError as error:
        reason = f"{error.message} {error.hint}"
    else:
        if [sentence.text for sentence in heard.sentences] == [sentence.text for sentence in guessed]:
            return heard.sentences, ()
        reason = "Not every sentence was found again in what it said."
    return guessed, (
        f"The voice engine {voice.engine} does not say when its words are heard: their times are judged by their "
        f"letters. {reason}",
    )


def _levelled(plain: Path, wishes: Wishes, store: MediaStore, folder: Path, deadline: float) -> StoredFile:
    """The sound at its loudness, in the store."""
    loud = folder / "narration.wav"
    with wave.open(str(plain), "rb") as file:
        frames, rate = file.getnframes(), file.getframerate()
    levelled(plain, loud, wishes.loudness, frames, rate, deadline)
    digest = sha256_of(loud)
    key = f"narrations/{digest[:2]}/{digest}.wav"
    store.put_file(loud, key)
    return StoredFile(key=key, sha256=digest)


def _too_long(seconds: float, limit: float, takes: str) -> LimitExceededError:
    return LimitExceededError(
        f"The narration {takes} {seconds:.1f} s, {seconds - limit:.1f} s more than the {limit:g} s that there are.",
        hint="Shorten the script, raise speed, or give the film more seconds.",
    )
