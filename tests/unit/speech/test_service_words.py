"""What a transcription service writes, as a transcript."""

from tasks.remote.protocol import RemoteTranscript
from tasks.speech.options import RecognitionOptions
from tasks.speech.steps import RecogniseRequest, _from_service
from tasks.subtitles.pieces import pieces


def test_words_with_spaces_are_as_those_without() -> None:
    said = RemoteTranscript.model_validate(
        {
            "text": "Bom dia a todos.",
            "language": "pt",
            "segments": [
                {
                    "text": " Bom dia a todos.",
                    "start": 0,
                    "end": 4,
                    "words": [
                        {"word": word, "start": number, "end": number + 0.5, "probability": 0.5}
                        for number, word in enumerate([" Bom", " dia\u00a0", " ", "a", " todos."])
                    ],
                }
            ],
        }
    )
    request = RecogniseRequest(
        audio_key="a.flac",
        duration=4,
        model="base",
        device="remote",
        compute_type="",
        engine="service",
        options=RecognitionOptions(),
    )
    transcript = _from_service(said, request)
    (segment,) = transcript.segments
    assert [(word.word, word.start, word.end) for word in segment.words] == [
        ("Bom", 0.0, 0.5),
        ("dia", 1.0, 1.5),
        ("a", 3.0, 3.5),
        ("todos.", 4.0, 4.5),
    ]
    assert {word.probability for word in segment.words} == {0.5}
    assert [(piece.text, piece.start) for piece in pieces(transcript)] == [
        ("Bom", 0.0),
        ("dia", 1.0),
        ("a", 3.0),
        ("todos.", 4.0),
    ]
