"""The rules that subtitles break, read from transcripts or subtitle files of real recordings.

python -m benchmarks.cues TRANSCRIPT.json …                       our cues, preset by preset
python -m benchmarks.cues --language pt SUBTITLES.srt …           those of any program, beside the rules of each preset

What is listed under `too_fast` and `too_short` may be the speech's own pace; nothing else should be there.
"""

import argparse
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pysubs2

from tasks.speech.transcript import Transcript
from tasks.subtitles.cues import Cue, plan_cues
from tasks.subtitles.layout import Preset, SubtitleOptions
from tasks.subtitles.rules import Rule, violations


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path)
    parser.add_argument("--language", default="en", help="of subtitle files, which do not say it")
    parser.add_argument("--show", action="store_true", help="each violation")
    arguments = parser.parse_args()
    print(f"{'preset':10}{'cues':>6}" + "".join(f"{rule:>14}" for rule in get_args(Rule)))
    for preset in get_args(Preset):
        counts: Counter[str] = Counter()
        shown = 0
        for path in arguments.files:
            language, cues = _cues(path, arguments.language, preset)
            shown += len(cues)
            for violation in violations(cues, language, SubtitleOptions(preset=preset).layout(language)):
                counts[violation.rule] += 1
                if arguments.show:
                    print(f"  {path.name} {violation.cue + 1}: {violation.rule}, {violation.what}")
        print(f"{preset:10}{shown:6}" + "".join(f"{counts[rule]:14}" for rule in get_args(Rule)))


def _cues(path: Path, language: str, preset: Preset) -> tuple[str, Sequence[Cue]]:
    """The language of a file and its cues: as they are, or planned by a preset."""
    if path.suffix == ".json":
        transcript = Transcript.model_validate_json(path.read_text(encoding="utf-8"))
        layout = SubtitleOptions(preset=preset).layout(transcript.language)
        return transcript.language, plan_cues(transcript, layout)
    events = pysubs2.load(str(path)).events
    cues = [Cue(event.start / 1000, event.end / 1000, tuple(event.plaintext.split("\n"))) for event in events]
    return language, cues


if __name__ == "__main__":
    main()
