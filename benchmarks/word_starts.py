"""When words begin: the transcript's times beside those of the voice that spoke them, in six languages.

python -m benchmarks.word_starts               all languages, two voices
python -m benchmarks.word_starts --languages de --voices jm_kumo

The voice (Kokoro) says how long each phoneme lasts, which gives the true start of every word; espeak-ng's rules give it
the phonemes of any language. "engine" are the times as the engine places them, "product" as they are in transcripts.
The voice's sound begins some 40 ms before its first phoneme does, as energy after silence shows (last column), so that
a start between 0 and 40 ms early is as right as one that is exact.
"""

import argparse
import difflib
import re
import statistics
import sys
import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import numpy as np
from numpy.typing import NDArray

from blocks.settings import get_settings
from tasks.models.install import find_model
from tasks.speech.activity import find_speech
from tasks.speech.options import RecognitionOptions
from tasks.speech.recognition import load_recogniser
from tasks.speech.transcript import Segment, Span
from tasks.speech.word_starts import on_time

_DURATIONS = "/encoder/Round_output_0"
"""The tensor of the network that holds the length of each phoneme, in units of 600 samples at 24 kHz."""
_RATE, _UNIT = 24_000, 600
_ESPEAK = {"en": "en-us", "pt": "pt-br", "es": "es", "fr": "fr-fr", "de": "de", "it": "it"}
_VOICES = ("jm_kumo", "jf_alpha")
_PAUSES = (0.1, 0.6, 0.3, 1.5)
"""Seconds of silence after each sentence, in turn."""
_LOUD = -40.0
"""Decibels below the loudest 5 ms from which on something is heard."""

SENTENCES = {
    "en": (
        "Nobody knew why the lights in the old house were still burning.",
        "She opened the letter slowly, read it twice, and put it in her pocket.",
        "After the storm, the river carried branches and broken boats to the sea.",
        "My brother works in a hospital, but he wants to become a teacher.",
        "The children were playing in the garden when the first snow fell.",
        "It was late, everybody was tired, and still nobody wanted to leave.",
    ),
    "pt": (
        "Ninguém sabia por que as luzes da casa velha ainda estavam acesas.",
        "Ela abriu a carta devagar, leu duas vezes e guardou no bolso.",
        "Depois da tempestade, o rio levou galhos e barcos quebrados para o mar.",
        "Meu irmão trabalha num hospital, mas quer ser professor.",
        "As crianças brincavam no jardim quando caiu a primeira chuva.",
        "Era tarde, todos estavam cansados, e ainda assim ninguém queria sair.",
    ),
    "es": (
        "Nadie sabía por qué las luces de la casa vieja seguían encendidas.",
        "Ella abrió la carta despacio, la leyó dos veces y la guardó en el bolsillo.",
        "Después de la tormenta, el río llevó ramas y barcos rotos hasta el mar.",
        "Mi hermano trabaja en un hospital, pero quiere ser profesor.",
        "Los niños jugaban en el jardín cuando cayó la primera nieve.",
        "Era tarde, todos estaban cansados, y aun así nadie quería marcharse.",
    ),
    "fr": (
        "Personne ne savait pourquoi les lumières de la vieille maison brûlaient encore.",
        "Elle ouvrit la lettre lentement, la relut deux fois et la glissa dans sa poche.",
        "Après la tempête, la rivière emporta des branches et des bateaux vers la mer.",
        "Mon frère travaille dans un hôpital, mais il veut devenir professeur.",
        "Les garçons jouaient dans le jardin quand la première neige tomba.",
        "Tout le monde semblait fatigué, mais personne ne voulait partir.",
    ),
    "de": (
        "Niemand wusste, warum die Lichter im alten Haus noch brannten.",
        "Sie öffnete den Brief langsam, las ihn zweimal und steckte ihn ein.",
        "Nach dem Sturm trug der Fluss Zweige und kaputte Boote zum Meer.",
        "Mein Bruder arbeitet im Krankenhaus, aber er möchte Lehrer werden.",
        "Die Kinder spielten im Garten, als der erste Schnee fiel.",
        "Es war spät, alle waren müde, und trotzdem wollte niemand gehen.",
    ),
    "it": (
        "Nessuno sapeva perché le luci della vecchia casa fossero ancora accese.",
        "Lei aprì la lettera lentamente, la lesse due volte e la mise in tasca.",
        "Dopo la tempesta, il fiume portò rami e barche rotte fino al mare.",
        "Mio fratello lavora in un ospedale, ma vuole diventare professore.",
        "I bambini giocavano nel giardino quando cadde la prima neve.",
        "Era tardi, tutti sembravano stanchi, eppure nessuno voleva partire.",
    ),
}


@dataclass(frozen=True)
class Spoken:
    """Samples at 24 kHz, and the words in them with the seconds at which they begin."""

    samples: NDArray[np.float32]
    words: tuple[tuple[str, float], ...]


class TimedVoice:
    """Kokoro, with the lengths that it gives its phonemes."""

    def __init__(self, models_dir: Path) -> None:
        import onnx  # noqa: PLC0415 - extras
        from kokoro_onnx.tokenizer import Tokenizer  # noqa: PLC0415 - extras
        from onnxruntime import InferenceSession  # noqa: PLC0415 - extras

        folder = find_model("kokoro-pt-br", models_dir)
        network = onnx.load(str(folder / "kokoro-v1.0.int8.onnx"))
        network.graph.output.append(onnx.helper.make_empty_tensor_value_info(_DURATIONS))
        self._session = InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
        self._styles = np.load(folder / "voices_ja.npz")
        self._tokenizer: Any = Tokenizer()

    def say(self, sentence: str, language: str, voice: str) -> Spoken:
        """Speaks a sentence; each word has phonemes of its own."""
        words = sentence.split()
        phonemes = self._tokenizer.phonemize(sentence, _ESPEAK[language])
        if len(phonemes.split(" ")) != len(words):  # espeak-ng has joined two: "de la"
            phonemes = " ".join(self._tokenizer.phonemize(word, _ESPEAK[language]) for word in words)
        tokens = self._tokenizer.tokenize(phonemes)
        audio, lengths = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], np.int64),
                "style": self._styles[voice][len(tokens)].astype(np.float32),
                "speed": np.array([1.0], np.float32),
            },
        )
        begins = np.concatenate([[0], np.cumsum(np.ravel(lengths))]) * _UNIT / _RATE
        known = self._tokenizer.known(phonemes)
        firsts = [i for i, sound in enumerate(known) if sound != " " and (i == 0 or known[i - 1] == " ")]
        starts = [float(begins[i + 1]) for i in firsts]  # after the token that opens the sentence
        return Spoken(np.ravel(audio).astype(np.float32), tuple(zip(words, starts, strict=True)))


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--languages", nargs="+", choices=list(SENTENCES), default=list(SENTENCES))
    parser.add_argument("--voices", nargs="+", choices=_VOICES, default=list(_VOICES))
    parser.add_argument("--model", default="base")
    arguments = parser.parse_args()
    models_dir = get_settings().models_dir
    voice = TimedVoice(models_dir)
    recogniser = load_recogniser(find_model(f"whisper-{arguments.model}", models_dir), device="cpu")
    kinds = f"{'median':>10}{'90 %':>6}{'bias':>6}"
    print(f"{'':9}{'engine, ms':>22}{'product, ms':>22}")
    print(f"{'language':9}{kinds}{kinds}{'words':>8}{'onset':>8}")
    for language in arguments.languages:
        engine: list[float] = []
        product: list[float] = []
        onsets: list[float] = []
        for name in arguments.voices:
            with TemporaryDirectory() as folder:
                said = [voice.say(sentence, language, name) for sentence in SENTENCES[language]]
                onsets += [_onset(spoken) for spoken in said]
                path = Path(folder, "said.wav")
                truth = _write(path, said)
                with patch("tasks.speech.run.on_time", _as_they_are):
                    heard = recogniser.transcribe(path, RecognitionOptions(language=language))
                with wave.open(str(path)) as file:
                    samples = np.frombuffer(file.readframes(file.getnframes()), np.int16) / 32768
                speech = find_speech(_at_16k(samples.astype(np.float32)))
                engine += _errors(truth, heard.segments)
                product += _errors(truth, on_time(heard.segments, speech))
        print(
            f"{language:9}{_row(engine)}{_row(product)}{len(product):8}{statistics.median(onsets) * 1000:8.0f}"
        )
        sys.stdout.flush()


def _write(path: Path, said: Sequence[Spoken]) -> list[tuple[str, float]]:
    """Writes the sentences with pauses between them; gives all words with their times."""
    truth: list[tuple[str, float]] = []
    parts: list[NDArray[np.float32]] = []
    now = 0.0
    for number, spoken in enumerate(said):
        silence = np.zeros(int(_PAUSES[number % len(_PAUSES)] * _RATE), np.float32)
        truth += [(word, now + start) for word, start in spoken.words]
        parts += [spoken.samples, silence]
        now += (spoken.samples.size + silence.size) / _RATE
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(_RATE)
        file.writeframes((np.clip(np.concatenate(parts), -1, 1) * 32767).astype(np.int16).tobytes())
    return truth


def _onset(spoken: Spoken) -> float:
    """Seconds from the first phoneme's beginning to the first sound."""
    step = _RATE // 200
    power = (
        np.add.reduceat(spoken.samples.astype(np.float64) ** 2, np.arange(0, spoken.samples.size, step))
        + 1e-9
    )
    loud = 10 * np.log10(power / power.max()) > _LOUD
    return float(np.argmax(loud)) * step / _RATE - spoken.words[0][1]


def _at_16k(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    positions = np.arange(0, samples.size, _RATE / 16_000)
    heard: NDArray[np.float32] = np.interp(positions, np.arange(samples.size), samples).astype(np.float32)
    return heard


def _as_they_are(segments: Sequence[Segment], speech: Sequence[Span]) -> list[Segment]:
    """The segments with the engine's own times."""
    del speech
    return list(segments)


def _errors(truth: Sequence[tuple[str, float]], segments: Sequence[Segment]) -> list[float]:
    """Seconds by which the words that were heard right begin late (early: below 0)."""
    heard = [word for segment in segments for word in segment.words]
    said, written = [_bare(word) for word, _ in truth], [_bare(word.word) for word in heard]
    matcher = difflib.SequenceMatcher(None, said, written, autojunk=False)
    return [
        heard[b + k].start - truth[a + k][1]
        for a, b, size in matcher.get_matching_blocks()
        for k in range(size)
    ]


def _bare(word: str) -> str:
    return re.sub(r"\W", "", word.casefold())


def _row(errors: Sequence[float]) -> str:
    sizes = np.abs(errors) * 1000
    return f"{np.median(sizes):10.0f}{np.percentile(sizes, 90):6.0f}{np.median(errors) * 1000:6.0f}"


if __name__ == "__main__":
    main()
