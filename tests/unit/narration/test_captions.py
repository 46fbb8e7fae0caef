import json
from itertools import pairwise

import pysubs2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.narration.captions import CaptionDocument, caption_cues, caption_file, caption_words
from tasks.narration.script import clean_script, script_pieces
from tasks.narration.spoken_form import spoken_form
from tasks.promotion.materials import Language, Narration, SpokenSentence, SpokenWord, StoredFile
from tasks.subtitles.layout import Preset, SubtitleOptions

SCRIPT = """\
# Cafeteira Aurora ☕

Café _fresquinho_ em **3 minutos**. De R$ 1.599,00 por R$ 1.299,90!

---

- Em até 12x de R$ 108,33 sem juros
- Corre!

***
Acesse https://loja.com.br/x hoje. #cafe
"""


def narrated(script: str, language: Language, pace: float = 0.07, pause: float = 0.3) -> Narration:
    """A narration that takes `pace` seconds for every letter that is said."""
    now = 0.0
    sentences: list[SpokenSentence] = []
    for piece in script_pieces(clean_script(script), language):
        words: list[SpokenWord] = []
        for span in spoken_form(piece.text, language).spans:
            end = now + pace * len(span.spoken)
            words.append(SpokenWord(text=span.written, start=now, end=end))
            now = end
        sentences.append(SpokenSentence(text=piece.text, start=words[0].start, end=now, words=tuple(words)))
        now += pause
    return Narration(
        file=StoredFile(key="narration.wav", sha256="0"),
        duration=max(now - pause, 0.0),
        language=language,
        sentences=tuple(sentences),
        engine="hibari",
        voice="heart",
    )


def test_rules_and_emphasis_in_a_script_are_no_cues() -> None:
    cues = caption_cues(narrated(SCRIPT, "pt-BR"), SubtitleOptions(preset="vertical"))
    assert cues[0].start >= 0
    assert all(cue.start < cue.end for cue in cues)
    assert all(before.end <= after.start and before.start < after.start for before, after in pairwise(cues))
    shown = " ".join(line for cue in cues for line in cue.lines)
    assert shown == (
        "Cafeteira Aurora. Café fresquinho em 3 minutos. De R$ 1.599,00 por R$ 1.299,90! "
        "Em até 12x de R$ 108,33 sem juros. Corre! Acesse loja.com.br hoje."
    )


def test_no_cue_holds_two_sentences_and_no_price_is_broken() -> None:
    for cue in caption_cues(narrated(SCRIPT, "pt-BR"), SubtitleOptions(preset="vertical")):
        text = " ".join(cue.lines)
        assert not any(mark in text[:-1] for mark in ("! ", "s. ", "a. "))
        assert all(not line.endswith(("R$", "até")) for line in cue.lines)


def test_a_sentence_too_short_to_be_shown_joins_the_next() -> None:
    cues = caption_cues(
        narrated("Já! Agora é a sua vez.", "pt-BR", pause=0.05), SubtitleOptions(preset="standard")
    )
    assert [" ".join(cue.lines) for cue in cues] == ["Já! Agora é a sua vez."]


def test_a_cue_stays_for_as_long_as_its_words_are_heard() -> None:
    narration = narrated("Ligue (11) 98765-4321, agora.", "pt-BR", pace=0.1)
    words = {word.text: word for word in caption_words(narration)}
    cues = caption_cues(narration, SubtitleOptions(preset="vertical"))
    cue = next(cue for cue in cues if "(11) 98765-4321," in cue.lines[-1])
    assert cue.end >= words["(11) 98765-4321,"].end - 0.001


def test_cues_follow_the_words() -> None:
    narration = narrated(SCRIPT, "pt-BR")
    starts = [word.start for word in caption_words(narration)]
    for cue in caption_cues(narration, SubtitleOptions(preset="vertical")):
        # The preset lets a cue come a tenth of a second early where it could not be read otherwise.
        assert min(abs(cue.start - start) for start in starts) <= 0.101


TEXT = (
    "Compre já R$ 1.299,90 12x de hoje. só! a casa inteira, 50% frete grátis? maravilhosamente Sr. José — e"
)


@pytest.mark.parametrize("preset", ["vertical", "standard", "netflix", "bbc"])
@given(
    words=st.lists(st.sampled_from(TEXT.split()), min_size=1, max_size=40),
    pace=st.sampled_from([0.02, 0.07, 0.15]),
    pause=st.sampled_from([0.0, 0.3, 2.0]),
)
def test_cues_are_in_order_within_the_narration(
    preset: Preset, words: list[str], pace: float, pause: float
) -> None:
    narration = narrated(" ".join(words), "pt-BR", pace, pause)
    cues = caption_cues(narration, SubtitleOptions(preset=preset))
    assert bool(cues) == bool(narration.sentences)
    assert all(0 <= cue.start < cue.end for cue in cues)
    assert all(before.end <= after.start for before, after in pairwise(cues))
    shown = " ".join(line for cue in cues for line in cue.lines)
    assert shown.split() == " ".join(word.text for word in caption_words(narration)).split()


def test_files_hold_the_same_cues() -> None:
    narration = narrated(SCRIPT, "pt-BR")
    cues = caption_cues(narration, SubtitleOptions(preset="vertical"))
    for kind in ("srt", "vtt", "ass"):
        read = pysubs2.SSAFile.from_string(caption_file(narration, cues, kind, tall=True), format_=kind)
        assert [event.plaintext for event in read] == ["\n".join(cue.lines) for cue in cues]
        assert all(abs(event.start - 1000 * cue.start) <= 10 for event, cue in zip(read, cues, strict=True))
    text = caption_file(narration, cues, "json")
    assert CaptionDocument.model_validate_json(text).words == caption_words(narration)
    assert json.loads(text)["language"] == "pt-BR"


def test_nothing_said_has_no_captions() -> None:
    assert caption_cues(narrated("---", "pt-BR"), SubtitleOptions(preset="vertical")) == ()
