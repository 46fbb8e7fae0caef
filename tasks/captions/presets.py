"""Looks by name, as short videos have them today: tables of values, no code."""

from collections.abc import Mapping

from tasks.captions.word_look import HighlightLook, Preset

SHARED: dict[str, object] = {
    "fundo_opacidade": 0,
    "safe_area": "auto",
    "padding_horizontal": 60,
    "padding_vertical": 90,
    "words_per_line": 3,
    "max_lines": 1,
    "highlight_borda": 0,
    "line_spacing": 0,
}
"""What most of them share: no box, a few words at a time, clear of what the apps lay over the picture."""

MEANINGS: Mapping[Preset, str] = {
    "bold": "White capitals with a thick black outline, the spoken word yellow",
    "punch": "One large word at a time pops up, numbers and names in capitals yellow",
    "grow": "Three words, the spoken one larger and green",
    "box": "The spoken word in a box: give highlight_cor the colour of your brand",
    "clean": "Small letters, spoken words white, a soft shadow",
    "news": "A lower third on the left, the spoken word underlined",
    "neon": "White letters that glow, the spoken word in another light",
    "candy": "Words pop up when they are spoken, each in another colour",
}
"""What each looks like, for the manual."""

PRESETS: Mapping[Preset, Mapping[str, object]] = {
    "bold": {
        **SHARED,
        "style": "color",
        "fonte": "Montserrat Black",
        "tamanho_fonte": 136,
        "uppercase": True,
        "strip_punctuation": True,
        "highlight_cor": "#FFE100",
        "outline_width": 9,
        "shadow_distance": 4,
        "animation": "pop",
        "max_lines": 2,
        "words_per_line": 2,
    },
    "punch": {
        **SHARED,
        "style": "word_by_word",
        "fonte": "Anton",
        "tamanho_fonte": 230,
        "uppercase": True,
        "strip_punctuation": True,
        "outline_width": 6,
        "shadow_distance": 3,
        "shadow_blur": 2,
        "animation": "pop",
        "emphasis_auto": True,
        "emphasis_color": "#FFE100",
    },
    "grow": {
        **SHARED,
        "style": "color",
        "fonte": "Montserrat Black",
        "tamanho_fonte": 132,
        "highlight_cor": "#39FF5A",
        "highlight_scale": 118,
        "outline_width": 8,
        "shadow_blur": 5,
        "strip_punctuation": True,
        "animation": "pop",
    },
    "box": {
        **SHARED,
        "style": "highlight",
        "fonte": "Montserrat Black",
        "tamanho_fonte": 116,
        "highlight_cor": "#6D28D9",
        "highlight_borda": 18,
        "outline_width": 7,
        "shadow_blur": 3,
        "strip_punctuation": True,
    },
    "clean": {
        **SHARED,
        "style": "karaoke",
        "fonte": "Poppins SemiBold",
        "tamanho_fonte": 92,
        "lowercase": True,
        "strip_punctuation": True,
        "texto_cor": "#ABABAB",
        "highlight_cor": "#FFFFFF",
        "outline_width": 3,
        "shadow_blur": 8,
        "animation": "fade",
        "words_per_line": 4,
    },
    "news": {
        **SHARED,
        "style": "underline",
        "fonte": "Poppins SemiBold",
        "tamanho_fonte": 66,
        "fundo_cor": "#0A1B33",
        "fundo_opacidade": 92,
        "fundo_arredondado": False,
        "highlight_cor": "#FFB800",
        "outline_width": 0,
        "position": "bottom_left",
        "words_per_line": 6,
        "max_lines": 2,
        "emphasis_color": "#FFD166",
    },
    "neon": {
        **SHARED,
        "style": "color",
        "fonte": "Montserrat Black",
        "tamanho_fonte": 124,
        "uppercase": True,
        "strip_punctuation": True,
        "texto_cor": "#FFFFFF",
        "highlight_cor": "#5CF4FF",
        "outline_color": "#2A0A45",
        "outline_width": 5,
        "glow": 10,
        "glow_color": "#FF2BD6",
        "animation": "fade",
    },
    "candy": {
        **SHARED,
        "style": "reveal",
        "fonte": "Montserrat Black",
        "tamanho_fonte": 140,
        "uppercase": True,
        "strip_punctuation": True,
        "word_colors": ("#FFE100", "#5BFF7A", "#FF7AD9", "#5CD6FF"),
        "outline_width": 9,
        "shadow_distance": 5,
        "animation": "pop",
    },
}


def chosen_look(preset: Preset | None, sent: Mapping[str, object]) -> HighlightLook:
    """The look of a preset, or without one the classic look, with the values that a caller sent instead of its own.

    `sent` has None for what was not sent. Raises InvalidInputError for values that do not go together.
    """
    values = dict(PRESETS[preset]) if preset else {}
    values |= {name: value for name, value in sent.items() if value is not None}
    # What is asked for wins over what a preset brings along.
    for one, other in (("uppercase", "lowercase"), ("lowercase", "uppercase")):
        if sent.get(one) and sent.get(other) is None:
            values[other] = False
    return HighlightLook.model_validate(values)
