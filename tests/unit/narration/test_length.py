"""Against what the embedded voices took (`heart`, `pf_dora`) for sentences that are among those of the fit."""

import pytest

from tasks.narration.length import pace_of, predicted_seconds, seconds_too_many, words_too_many
from tasks.promotion.materials import Language
from tasks.voice.pieces import SENTENCE_PAUSE

SPOKEN: dict[Language, list[tuple[str, float]]] = {
    "en": [
        ("Your feet will thank you.", 1.06),
        ("The Trail 200 boot is waterproof, weighs only 480 grams, and grips on wet rock.", 5.87),
        ("Sizes 35 to 44, in three colors.", 2.82),
        ("It costs $189.90 and ships within 24 hours.", 4.94),
        ("Questions? Call (555) 123-4567, Monday to Friday, 9am to 6pm.", 7.87 + SENTENCE_PAUSE),
    ],
    "pt-BR": [
        ("Seus pés vão agradecer.", 1.55),
        ("A bota Trilha 200 é impermeável, pesa só 480 g e não escorrega na pedra molhada.", 6.44),
        ("Do 35 ao 44, em três cores.", 2.94),
        ("Custa R$ 189,90 e sai em até 24h.", 5.48),
        ("Dúvidas? Ligue (11) 98765-4321, de segunda a sexta, das 9h às 18h.", 6.75 + SENTENCE_PAUSE),
    ],
}


@pytest.mark.parametrize("language", SPOKEN)
def test_a_script_is_predicted_within_eight_percent(language: Language) -> None:
    script = " ".join(text for text, _ in SPOKEN[language])
    seconds = sum(took for _, took in SPOKEN[language]) + SENTENCE_PAUSE * (len(SPOKEN[language]) - 1)
    assert predicted_seconds(script, language) == pytest.approx(seconds, rel=0.08)


def test_the_voice_of_last_resort_is_slower() -> None:
    script = "Hoje a gente quer te mostrar a Luminária de Mesa Lume. De R$ 620,00 por R$ 480,00."
    spoken = 3.85 + 4.83 + SENTENCE_PAUSE
    assert predicted_seconds(script, "pt-BR", pace_of("jm_kumo")) == pytest.approx(spoken, rel=0.1)
    assert pace_of("pf_dora") == 1.0


def test_speed_and_nothing() -> None:
    assert predicted_seconds("Compre já.", "pt-BR", 2.0) == predicted_seconds("Compre já.", "pt-BR") / 2
    assert predicted_seconds("---", "pt-BR") == 0
    assert predicted_seconds("", "en") == 0


def test_what_is_too_long_is_told() -> None:
    script = " ".join(["Esta frase tem sete palavras e pouco."] * 10)
    seconds = predicted_seconds(script, "pt-BR")
    assert seconds_too_many(script, "pt-BR", seconds) == 0
    assert words_too_many(script, "pt-BR", seconds) == 0
    assert seconds_too_many(script, "pt-BR", seconds / 2) == pytest.approx(seconds / 2)
    assert words_too_many(script, "pt-BR", seconds / 2) == 35
    assert words_too_many(script, "pt-BR", seconds * 0.999) == 1
