"""Films finished: sounds mixed under them, pictures and texts laid over them, silences cut out.

What edits have in common is in `flows/edits.py`.
"""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from blocks.settings import get_settings
from flows.edits import Input, edit_job, edited
from flows.parameters import FileName, Source, StorePath
from tasks.captions.look import SafeArea
from tasks.captions.steps import font_folders
from tasks.editing import silences
from tasks.editing.document import EditOutcome
from tasks.editing.mixing import mix
from tasks.editing.mixing_plan import (
    Ducked,
    Gain,
    Length,
    Loud,
    MixOptions,
    OwnSound,
    Peak,
    Release,
    Tracks,
    placings,
)
from tasks.editing.overlay_plan import Layers, OverlayOptions, laid_over
from tasks.editing.overlays import layer_typeface
from tasks.editing.overlays import overlay as lay
from tasks.editing.silences import (
    Detection,
    MaxSilence,
    MinKept,
    MinSilence,
    Padding,
    SilenceOptions,
    Threshold,
)
from tasks.editing.steps import edit_step
from tasks.video.encoding import Quality

_mix = edit_step("mix-audio", mix)
_lay = edit_step("overlay", lay)
_remove_silence = edit_step("remove-silence", silences.remove_silence)

_SOUND = ".m4a"


@edit_job(operation="mix-audio", time_limit=30)
async def mix_audio(
    url_video: Source,
    tracks: Tracks,
    own_sound: OwnSound = "voice",
    own_gain_db: Gain = 0,
    ducking_db: Ducked = 12,
    ducking_release: Release = 0.5,
    loudness: Loud | None = -14,
    true_peak: Peak = -1,
    length: Length = "picture",
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
) -> EditOutcome:
    """Mix voices, music and effects under a video, at one loudness; its picture is copied.

    Args:
        url_video: Address of the video, or of sound alone, or its key in the media store.
        tracks: Each with url (or store key), role, gain_db, start, end, loop, fade_in, fade_out; see below.
        own_sound: Role of the video's own sound: voice, music, effect; none leaves it out.
        own_gain_db: How much louder the video's own sound gets, in dB; below 0 softer.
        ducking_db: How far music goes down while a voice speaks, in dB; 0 leaves it.
        ducking_release: Seconds in which music comes back after a voice.
        loudness: Of the result, in LUFS; null leaves it as it comes.
        true_peak: Highest peak of the result, in dBTP.
        length: picture lasts as long as the video; sound as long as its longest voice.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
    """
    options = MixOptions(
        tracks=placings(tracks),
        own_sound=own_sound,
        own_gain_db=own_gain_db,
        ducking_db=ducking_db,
        ducking_release=ducking_release,
        loudness=loudness,
        true_peak=true_peak,
        length=length,
        quality=quality,
    )
    inputs = [Input(url_video, "media"), *(Input(track.url, "audio") for track in tracks)]
    return await edited(_mix, inputs, options, path, output_filename, ending=_ending(output_filename))


@edit_job(operation="overlay", time_limit=30)
async def overlay(
    url_video: Source,
    layers: Layers,
    safe_area: SafeArea = "none",
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
) -> EditOutcome:
    """Lay logos, pictures, films and texts over a video.

    Args:
        url_video: Address of the video, or its key in the media store. Its sound is kept.
        layers: Each with url (or store key) or text, and its place, size, opacity and time; see below.
        safe_area: Keep clear of what an app lays over the picture.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
    """
    fonts = font_folders(get_settings())
    options = OverlayOptions(
        layers=laid_over(layers),
        safe_area=safe_area,
        quality=quality,
        fonts=tuple(str(folder) for folder in fonts),
        font_files=await asyncio.to_thread(_font_files, layers, fonts),
    )
    inputs = [Input(url_video), *(Input(layer.url, "file") for layer in layers if layer.url is not None)]
    return await edited(_lay, inputs, options, path, output_filename)


def _font_files(layers: Layers, fonts: Sequence[Path]) -> tuple[str, ...]:
    """Raises InvalidInputError for an unknown font, before anything is fetched."""
    typefaces = [layer_typeface(layer, fonts) for layer in layers if layer.text is not None]
    return tuple(dict.fromkeys(name for typeface in typefaces for name in typeface.file_names))


@edit_job(operation="remove-silence", time_limit=60)
async def remove_silence(
    url_video: Source,
    detect: Detection = "level",
    threshold: Threshold = "auto",
    min_silence: MinSilence = 0.5,
    padding_before: Padding = 0.1,
    padding_after: Padding = 0.2,
    min_kept: MinKept = 0.1,
    max_silence: MaxSilence = 0,
    path: StorePath | None = None,
    output_filename: FileName | None = None,
    quality: Quality = "standard",
) -> EditOutcome:
    """Cut the silences out of a video, picture and sound.

    Args:
        url_video: Address of the video, or of sound alone, or its key in the media store.
        detect: level keeps what is louder than the threshold; speech what a model hears as voices.
        threshold: dBFS below which it is silent (-40); auto: between the recording's noise and its speech.
        min_silence: Seconds; shorter silences stay.
        padding_before: Seconds of silence that stay before what follows.
        padding_after: Seconds of silence that stay after what came before.
        min_kept: Seconds; a shorter sound between silences (a click) counts as silent.
        max_silence: Seconds that silences are shortened to, instead of to the paddings.
        path: Folder of the media store for the result; empty for one of the job's own.
        output_filename: Name of the result; empty for video.mp4.
        quality: draft is fastest, high is for further editing.
    """
    options = SilenceOptions(
        detect=detect,
        threshold=threshold,
        min_silence=min_silence,
        padding_before=padding_before,
        padding_after=padding_after,
        min_kept=min_kept,
        max_silence=max_silence,
        quality=quality,
    )
    ending = _ending(output_filename)
    return await edited(
        _remove_silence, [Input(url_video, "media")], options, path, output_filename, ending=ending
    )


def _ending(output_filename: str | None) -> str:
    """A name that ends so asks for sound alone."""
    return _SOUND if (output_filename or "").lower().endswith(_SOUND) else ".mp4"
