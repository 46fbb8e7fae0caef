"""Who speaks when in a recording of any length.

1. In windows of ten seconds a network tells up to three voices apart, also where two speak at once.
2. Where a voice speaks alone, another network hears whose it is, piece by piece.
3. Similar pieces of the whole recording are joined into speakers.
4. Each moment gets its likeliest speaker.
"""

import logging
import threading
import time
from pathlib import Path

from tasks.media.pcm import decode
from tasks.progress import Progress, ignore_progress
from tasks.speakers.decoding import turns
from tasks.speakers.features import SAMPLE_RATE
from tasks.speakers.networks import EMBEDDING_FILE, Networks
from tasks.speakers.options import DiarizationOptions
from tasks.speakers.pieces import Piece, pieces
from tasks.speakers.segmentation import STEP_SECONDS, Activity, activity, windows
from tasks.speakers.turns import Turn, in_order_of_appearance
from tasks.speakers.voices import voices
from tasks.speech.watch import Watch
from tasks.speech.windows import audio_duration

logger = logging.getLogger(__name__)


class Diarizer:
    """A loaded model that tells speakers apart."""

    def __init__(self, networks: Networks) -> None:
        self._networks = networks

    def turns(
        self,
        audio: Path,
        options: DiarizationOptions,
        progress: Progress = ignore_progress,
        deadline: float = 6 * 3600.0,
    ) -> tuple[Turn, ...]:
        """The turns of a media file; none where nobody speaks. `deadline` in seconds.

        Raises NotMediaError, NoAudioError or DamagedMediaError for what holds no sound, StageTimeoutError at the
        deadline, and what `progress` raises.
        """
        options.check()
        watch = Watch(progress, time.monotonic() + deadline, audio.name)
        watch.duration = audio_duration(audio)
        heard: list[Activity] = []
        found: list[Piece] = []
        with decode(
            audio, sample_rate=SAMPLE_RATE, channels=1, deadline=deadline, block_seconds=STEP_SECONDS
        ) as blocks:
            for window in windows(block[:, 0] for block in blocks):
                watch.at(window.start)
                heard.append(activity(window, self._networks.classes(window.samples)))
                found += pieces(window, heard[-1], self._networks)
        speakers = voices(found, options)
        logger.info("%d speakers in %d pieces of speech", len(speakers), len(found))
        return in_order_of_appearance(turns(heard, found, speakers))


_loaded: dict[tuple[object, ...], Diarizer] = {}
_loading = threading.Lock()


def load_diarizer(model_dir: Path, threads: int) -> Diarizer:
    """The diarizer with the networks of a folder; the process keeps the one used last.

    Raises MissingEngineError without ONNX Runtime.
    """
    with _loading:
        key = (model_dir.resolve(), (model_dir / EMBEDDING_FILE).stat().st_mtime_ns, threads)
        if key not in _loaded:
            _loaded.clear()
            _loaded[key] = Diarizer(Networks(model_dir, threads))
        return _loaded[key]
