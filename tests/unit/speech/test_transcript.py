import json

import numpy as np
import pytest
from pydantic import ValidationError

from tasks.speech.transcript import Segment, Transcript, Word, join_text


def test_numbers_become_plain_and_times_are_milliseconds() -> None:
    word = Word(
        word="olá", start=np.float64(1.23456), end=np.float32(2.0), probability=np.float64(0.987654321)
    )
    assert (type(word.start), word.start) == (float, 1.235)
    assert type(word.end) is float
    assert (type(word.probability), word.probability) == (float, 0.9877)


def test_a_transcript_survives_json() -> None:
    segment = Segment(
        text="Não é só isso.",
        start=0.5,
        end=2.25,
        words=(Word(word="Não", start=0.5, end=0.9, probability=0.9),),
        avg_logprob=-0.2,
        no_speech_prob=0.01,
        compression_ratio=1.1,
    )
    transcript = Transcript(
        text=segment.text,
        language="pt",
        source_language="pt",
        language_probability=0.99,
        duration=3.0,
        segments=(segment,),
        model="whisper-base",
        device="cpu",
        compute_type="int8",
        threads=2,
    )
    document = transcript.model_dump_json()
    assert json.loads(document)["segments"][0]["duration"] == 1.75
    assert "Não é só isso." in document
    assert Transcript.model_validate_json(document) == transcript


def test_models_are_frozen() -> None:
    word = Word(word="a", start=0, end=1, probability=1)
    with pytest.raises(ValidationError):
        word.start = 2.0  # type: ignore[misc]


def test_texts_join_as_the_language_writes_them() -> None:
    assert join_text([" Hello.", "", "World. "]) == "Hello. World."
    assert join_text(["今日は。", "いい天気。"], spaced=False) == "今日は。いい天気。"
