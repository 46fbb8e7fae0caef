from tasks.narration.matching import heard_words, place_sentences
from tasks.narration.spoken_form import spoken_form
from tasks.speech.transcript import Segment, Span, Transcript, Word

SCRIPT = ["Som que enche a casa.", "Por R$ 1.299,90 à vista.", "Corre!", "Ligue (11) 98765-4321 agora."]
SPOKEN = [spoken_form(sentence, "pt-BR") for sentence in SCRIPT]


def transcript(text: str, start: float = 0.0, pace: float = 0.5) -> Transcript:
    words = tuple(
        Word(word=word, start=start + pace * i, end=start + pace * (i + 1), probability=1.0)
        for i, word in enumerate(text.split())
    )
    segment = Segment(
        text=text,
        start=start,
        end=words[-1].end if words else start,
        words=words,
        avg_logprob=0.0,
        no_speech_prob=0.0,
        compression_ratio=1.0,
    )
    return Transcript(
        text=text,
        language="pt",
        language_probability=1.0,
        duration=segment.end,
        segments=(segment,),
        source_language="pt",
        model="base",
        device="cpu",
        compute_type="int8",
        threads=1,
    )


def placed(text: str, start: float = 0.0) -> tuple[dict[int, tuple[float, float, bool]], tuple[str, ...]]:
    heard = transcript(text, start)
    speech = (Span(start=start, end=heard.duration),)
    found = place_sentences(SPOKEN, heard_words(heard, "pt-BR"), speech)
    return {place.sentence: (place.start, place.end, place.sure) for place in found.places}, found.warnings


def test_a_price_that_was_written_down_is_the_price_that_is_spoken() -> None:
    words = heard_words(transcript("Por R$ 1.299,90 hoje"), "pt-BR")
    assert [word.word for word in words][:6] == ["por", "mil", "duzentos", "e", "noventa", "e"]
    assert words[1].start == 0.5
    assert words[-2].end == 1.5


def test_all_sentences_are_found_after_silence() -> None:
    found, warnings = placed(" ".join(SCRIPT), start=5.0)
    assert list(found) == [0, 1, 2, 3]
    assert found[0][0] == 5.0
    assert warnings == ()


def test_a_sentence_that_is_not_said_has_no_place() -> None:
    found, _ = placed("Som que enche a casa. Corre! Ligue (11) 98765-4321 agora.")
    assert list(found) == [0, 2, 3]


def test_a_sentence_that_was_misheard_has_the_place_between_its_neighbours() -> None:
    found, _ = placed(
        "Som que enche a casa. Por mil duzentos e noventa e nove reais à vista. Socorro "
        "Ligue (11) 98765-4321 agora."
    )
    assert found[2][2] is False
    assert found[1][1] <= found[2][0] < found[2][1] <= found[3][0]


def test_words_that_are_not_in_the_script_are_told() -> None:
    found, warnings = placed(
        "Som que enche a casa. Antes de continuar eu queria agradecer a todo mundo. Por R$ 1.299,90 à vista."
    )
    assert found[1][0] > found[0][1] + 2
    assert "antes de continuar" in warnings[0]


def test_another_text_has_no_places() -> None:
    assert placed("Bom dia, hoje vamos falar sobre jardinagem e flores do campo.") == ({}, ())
