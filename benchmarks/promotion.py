# ruff: noqa: PLC0415 - Prefect and the settings read the environment when they are imported
"""A promotional film of 30 s at 1080×1920, from five photographs, beside MoviePy; and the job that makes one.

python -m benchmarks.promotion FOLDER           the film alone and MoviePy's, of the photographs in FOLDER
python -m benchmarks.promotion FOLDER --job     also the whole pipeline from pictures to film, en and pt-BR

- ours: planned, titles of a template, moving pictures, transitions, captions word by word, music under a voice, one
  loudness, checked;
- MoviePy: the same pictures with a zoom and fades, a title, captions of three words, and our finished sound under it.

A job's slowest chain is the sum of the seconds of copy, voice-over, captions and film, as its document says.
"""

import argparse
import asyncio
import json
import os
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.film_peers import moviepy_python
from benchmarks.measure import Cost, machine, measured
from tasks.captions.faces import FontFile
from tasks.captions.fonts import find_typeface
from tasks.editing.bench import Bench
from tasks.film.making import Material, produce
from tasks.film.music import Music
from tasks.film.options import VideoConfig
from tasks.film.sound import Mix
from tasks.media.ffmpeg import ffmpeg_binary, run_ffmpeg
from tasks.promotion.materials import Narration, Picture, SpokenSentence, SpokenWord, StoredFile
from tasks.promotion.product import Brand, Product

_SECONDS, _SENTENCE, _PAUSE = 30.0, 5.0, 0.4
_PICTURES = 5
_GOALS = {"en": 45.0, "pt-BR": 60.0}
_CHAIN = ("VIRAL_COPY", "VOICE_OVER", "CAPTIONS", "PROMOTIONAL_VIDEO")
_FEATURES = {
    "en": ("Hand thrown stoneware", "Keeps coffee warm for 40 minutes", "Holds 350 ml", "Dishwasher safe"),
    "pt-BR": ("Moldada à mão em grés", "Café quente por 40 minutos", "Leva 350 ml", "Vai na lava-louças"),
}

_MOVIE = """\
import json, sys
from moviepy import *
asked = json.loads(sys.argv[1])
size, clips, at = (1080, 1920), [], 0.0
for path, start, end in asked["shots"]:
    clip = ImageClip(path, duration=end - start + 0.4)
    clip = clip.resized(max(1080 / clip.w, 1920 / clip.h))
    seconds = clip.duration
    moving = clip.resized(lambda t, s=seconds: 1 + 0.15 * t / s).with_position("center").with_start(start)
    clips.append(moving.with_effects([vfx.CrossFadeIn(0.4)]) if start else moving)
def text(words, size, height, start, end):
    made = TextClip(font=asked["font"], text=words, font_size=size, color="white", stroke_color="black", stroke_width=4)
    return made.with_position(("center", height)).with_start(start).with_end(end)
clips.append(text(asked["title"], 90, 250, 0, 5))
clips += [text(words, 80, 1250, start, end) for words, start, end in asked["cues"]]
film = CompositeVideoClip(clips, size=size).with_duration(asked["seconds"]).with_audio(AudioFileClip(asked["sound"]))
film.write_videofile(asked["target"], fps=30, codec="libx264", preset="superfast", ffmpeg_params=["-crf", "20"],
                     audio_codec="aac", audio_bitrate="192k", audio_fps=48000, logger=None)
"""


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("photographs", type=Path, help="folder with five photographs")
    parser.add_argument("--job", action="store_true", help="also the whole pipeline, in both languages")
    arguments = parser.parse_args()
    photographs = sorted(path for path in arguments.photographs.iterdir() if path.is_file())[:_PICTURES]
    if not photographs:
        sys.exit(f"{arguments.photographs} holds no files.")
    print(machine())
    with TemporaryDirectory() as name:
        _compare_films(photographs, Path(name))
        if arguments.job:
            _measure_jobs(photographs, Path(name))


def _product(language: str) -> Product:
    return Product(
        name="Aurora 350",
        features=_FEATURES[language],
        price="49.90",
        old_price="69.90",
        currency="BRL" if language == "pt-BR" else "USD",
        brand=Brand(name="Casa Aurora", colors=("#0B5D4B",)),
    )


def _compare_films(photographs: list[Path], folder: Path) -> None:
    narration, material = _material(photographs, folder)
    target, scratch = folder / "film.mp4", folder / "scratch"
    scratch.mkdir()
    mix = Mix(voice=material.voice, music=Music(folder / "bed.wav"))
    config = VideoConfig(duration=_SECONDS)
    with _Memory() as memory:
        made, ours = measured(lambda: produce(material, config, mix, target, Bench(scratch)))
    print(f"A film of {_SECONDS:g} s, 1080×1920, 30 frames a second, of {len(photographs)} photographs:")
    print(
        f"  {'ours':10} {ours.wall:6.1f} s  {ours.cpu:6.1f} CPU s   {memory.peak:,.0f} MB at most (goal: 1,200)"
    )
    python = moviepy_python()
    if python is None:
        return
    shots = [(str(photographs[shot.picture or 0]), shot.start, shot.end) for shot in made.plan.shots]
    words = [word for sentence in narration.sentences for word in sentence.words]
    lines = [words[first : first + 3] for first in range(0, len(words), 3)]
    cues = [(" ".join(word.text for word in line), line[0].start, line[-1].end) for line in lines]
    face: FontFile = find_typeface("Montserrat Black", bold=True).file
    asked = {
        "shots": shots, "cues": cues, "title": "Aurora 350", "seconds": _SECONDS, "sound": str(scratch / "sound.m4a"),
        "target": str(folder / "moviepy.mp4"), "font": str(face.path),
    }  # fmt: skip
    command = [str(python), "-W", "ignore", "-c", _MOVIE, json.dumps(asked)]
    environment = {**os.environ, "IMAGEIO_FFMPEG_EXE": ffmpeg_binary()}
    _, theirs = measured(
        lambda: subprocess.run(command, check=True, timeout=1800, cwd=folder, env=environment)
    )
    print(f"  {'MoviePy':10} {theirs.wall:6.1f} s  {theirs.cpu:6.1f} CPU s")
    print(
        f"  MoviePy ÷ ours: wall {theirs.wall / ours.wall:.1f}, CPU {theirs.cpu / ours.cpu:.1f} (goal: at least 3)"
    )


def _material(photographs: list[Path], folder: Path) -> tuple[Narration, Material]:
    """Five sentences of a hum with the times of their words."""
    sentences, at = [], 0.1
    for number in range(_PICTURES):
        each = _SENTENCE / 12
        words = tuple(
            SpokenWord(
                text=f"word{number}{place}", start=at + place * each, end=at + (place + 1) * each - 0.02
            )
            for place in range(12)
        )
        text = " ".join(word.text for word in words) + "."
        sentences.append(SpokenSentence(text=text, start=at, end=words[-1].end, words=words))
        at += _SENTENCE + _PAUSE
    sounds = (("voice", at, "0.2*sin(2*PI*170*t)*abs(sin(2*PI*2*t))"), ("bed", 12.0, "0.1*sin(2*PI*440*t)"))
    for name, seconds, hum in sounds:
        source = f"aevalsrc='{hum}':s=48000:d={seconds}"
        run_ffmpeg(
            ["-f", "lavfi", "-i", source], output=folder / f"{name}.wav", duration=seconds, deadline=60
        )
    stored = StoredFile(key="voice.wav", sha256="0" * 64)
    narration = Narration(
        file=stored, duration=at, language="en", sentences=tuple(sentences), engine="hum", voice="hum"
    )
    material = Material(
        product=_product("en"),
        pictures=tuple(
            Picture(file=stored, width=1, height=1, source=number) for number in range(len(photographs))
        ),
        images=tuple(photographs),
        narration=narration,
        voice=folder / "voice.wav",
        words=tuple(word for sentence in sentences for word in sentence.words),
        language="en",
    )
    return narration, material


class _Memory:
    """The most that this process and its children held together, in MB."""

    peak = 0.0

    def __enter__(self) -> "_Memory":
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        own = psutil.Process()
        while not self._over.wait(0.1):
            total = 0
            for process in (own, *own.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.peak = max(self.peak, total / 1024**2)


def _measure_jobs(photographs: list[Path], folder: Path) -> None:
    home = folder / "home"
    models = Path(os.environ.get("CONTRAPONTO_MODELS_DIR") or ".contraponto/models").resolve()
    os.environ.update(
        CONTRAPONTO_HOME=str(home),
        CONTRAPONTO_MODELS_DIR=str(models),
        CONTRAPONTO_ALLOWED_PRIVATE_HOSTS="127.0.0.1",
        PREFECT_HOME=str(home / "prefect"),
        PREFECT_LOCAL_STORAGE_PATH=str(home / "results"),
        PREFECT_LOGGING_LEVEL="ERROR",
        PREFECT_LOGGING_TO_API_ENABLED="false",
    )
    from deployments.local.scratch_server import scratch_server

    handler = partial(_Quiet, directory=str(photographs[0].parent))
    with (
        scratch_server(home, os.environ) as prefect,
        ThreadingHTTPServer(("127.0.0.1", 0), handler) as server,
    ):
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        prefect.wait_until_ready()
        site = f"http://127.0.0.1:{server.server_port}"
        for language, goal in _GOALS.items():
            steps, cost = _job([f"{site}/{path.name}" for path in photographs], language)
            chain = sum(step["seconds"] for step in steps.values() if step["type"] in _CHAIN)
            each = ", ".join(f"{name} {step['seconds']:.1f} s" for name, step in steps.items())
            print(
                f"A job of promotional-video-full, {language}: {cost.wall:.1f} s (goal: {goal:g}), {cost.cpu:.1f} CPU s"
            )
            print(f"  {each}")
            print(f"  job ÷ its slowest chain: {cost.wall / chain:.2f} (goal: at most 1.1)")
        server.shutdown()


def _job(images: list[str], language: str) -> tuple[dict[str, Any], Cost]:
    from flows.promotion import promote

    product = _product(language).model_dump(mode="json")
    config = {"viral_copy": {"language": language}, "promotional_video": {"duration": _SECONDS}}

    async def run() -> Any:
        state: Any = promote(
            pipeline="promotional-video-full",
            product=product,
            images=images,
            config=config,
            return_state=True,
        )
        return await (await state).result()

    document, cost = measured(lambda: asyncio.run(run()))
    return document.result["steps"], cost


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


if __name__ == "__main__":
    main()
