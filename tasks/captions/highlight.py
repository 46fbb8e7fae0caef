"""Captions word by word: the spoken one stands out.

Every word is placed on its own, measured with the very font that draws it, so that the box behind it fits and words
do not move when one of them changes.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import pysubs2

from tasks.captions.breaking import timed_phrases
from tasks.captions.direction import read_from_right
from tasks.captions.emoji import with_look
from tasks.captions.emphasis import emphasised
from tasks.captions.fonts import Typeface
from tasks.captions.lines import ends_sentence
from tasks.captions.look import Canvas
from tasks.captions.movement import entrance, way_to
from tasks.captions.placing import PlacedCard, PlacedWord, Placing, ShownWord, without_punctuation
from tasks.captions.reading import SpokenWord
from tasks.captions.script import (
    DIRECTION_BY_TEXT,
    STYLE,
    alpha_code,
    ass_color,
    codes,
    color_code,
    event,
    new_script,
    rounded_box,
    styled_text,
)
from tasks.captions.timing import seen, stands_out_until
from tasks.captions.word_look import HighlightLook, readable_outline
from tasks.captions.wording import replaced_words

_BOX, _WORD_BOX, _TEXT = 0, 1, 2
"""Layers, from the back; letters with more than an outline around them take the layers from `_TEXT` on."""
_ON_TOP = 10
"""Layers between the spoken word and the others: it may grow over them."""
_ROUND = 0.28
"""Radius of corners, as a share of the line height."""
_UNDERLINE, _BELOW = 0.1, 0.93
"""Thickness and place of the line under a word, as shares of the line height."""
_THINNEST = 4.5
"""Pixels of that line in a picture whose shorter side has 1080: 3 at 720."""

_RIM = 2.0
"""Pixels around it, in the same picture."""


@dataclass(frozen=True, slots=True)
class _State:
    """How a word is drawn for some time (seconds)."""

    start: float
    end: float
    color: str
    outline: str | None
    """None: no outline, nor anything else around the letters."""
    spoken: bool = False
    glow: str | None = None
    """None for that of the look."""


def highlight_script(
    words: Sequence[SpokenWord], look: HighlightLook, canvas: Canvas, typeface: Typeface
) -> tuple[pysubs2.SSAFile, str]:
    """The captions, and the characters that no font here can draw."""
    typeface = typeface.for_text(" ".join(word.word for word in words))
    return _Captions(look, canvas, typeface).script(words)


class _Captions:
    def __init__(self, look: HighlightLook, canvas: Canvas, typeface: Typeface) -> None:
        self._look = look
        self._canvas = canvas
        self._typeface = typeface
        self._placing = Placing(look, canvas, typeface)

    def script(self, words: Sequence[SpokenWord]) -> tuple[pysubs2.SSAFile, str]:
        look, size = self._look, self._placing.size
        script = new_script(self._canvas)
        script.styles[STYLE] = pysubs2.SSAStyle(
            fontname=self._typeface.family,
            encoding=DIRECTION_BY_TEXT,
            fontsize=size,
            bold=self._typeface.bold,
            primarycolor=ass_color(look.texto_cor),
            outlinecolor=ass_color(look.outline_color),
            spacing=look.letter_spacing / 100 * size,
            borderstyle=1,
            outline=look.outline_width / 100 * size,
            shadow=0,
            alignment=pysubs2.Alignment.TOP_LEFT,
            marginl=0,
            marginr=0,
            marginv=0,
        )
        shown, lost = self._shown(words)
        for card in self._placing.cards(shown):
            script.extend(self._card(card))
        return script, lost

    def _shown(self, words: Sequence[SpokenWord]) -> tuple[list[ShownWord], str]:
        look, lost = self._look, ""
        drawable: list[tuple[SpokenWord, str]] = []
        for word in _phrases(seen(replaced_words(words, look.replacements))):
            if any(hole.start <= word.start < hole.end for hole in look.excluded):
                continue
            text, missing = self._typeface.drawable(look.cased(word.word))
            lost += missing
            if look.strip_punctuation:
                text = without_punctuation(text)
            if text.strip():
                drawable.append((word, text.strip()))
        marked = emphasised(
            [word.word for word, _ in drawable], look.emphasis_words, automatic=look.emphasis_auto
        )
        directions = _directions([word for word, _ in drawable])
        return [
            ShownWord(
                word=word.word,
                start=word.start,
                end=word.end,
                text=text,
                emphasised=mark,
                number=number,
                from_right=from_right,
            )
            for number, ((word, text), mark, from_right) in enumerate(
                zip(drawable, marked, directions, strict=True)
            )
        ], lost

    def _card(self, card: PlacedCard) -> Iterator[pysubs2.SSAEvent]:
        if self._look.fundo_opacidade:
            yield self._background(card)
        words = [word for line in card.lines for word in line]
        starts = [word.shown.start for word in words[1:]]
        for word, following in zip(words, [*starts, card.end], strict=True):
            yield from self._word(card, word, stands_out_until(word.shown, following))

    def _word(self, card: PlacedCard, word: PlacedWord, end: float) -> Iterator[pysubs2.SSAEvent]:
        start, visible = word.shown.start, False
        states = self._different(
            [state for state in self._states(card, word, end) if _lasts(state.start, state.end)]
        )
        was_spoken = False
        for state in states:
            yield from self._drawn(word, state, enters=not visible, was_spoken=was_spoken)
            visible, was_spoken = True, state.spoken
        accent, pad, size = self._accent(word), self._placing.pad * card.scale, word.size
        if not _lasts(start, end):
            return
        if self._look.style == "underline":
            thick = max(_UNDERLINE * word.line_height, _THINNEST * self._canvas.scale)
            area = (word.x, word.y + _BELOW * word.line_height, word.width, thick)
            outline = self._look.outline_width / 100 * size
            around = min(outline, max(outline / 2, _RIM * self._canvas.scale))
            rim: dict[str, object] = {
                "bord": f"{around:.2f}",
                "3c": color_code(readable_outline(accent, "#000000")),
            }
            yield self._drawing(area, thick / 2, accent, 1.0, (start, end), _WORD_BOX, rim)
        elif self._look.style == "highlight":
            radius = _ROUND * size if self._look.fundo_arredondado else 0.0
            top = word.y + (word.line_height - size) / 2
            area = (word.x - word.pad, top - pad / 2, word.width + 2 * word.pad, size + pad)
            yield self._drawing(area, radius, accent, 1.0, (start, end), _WORD_BOX, {"bord": 0})

    def _states(self, card: PlacedCard, word: PlacedWord, end: float) -> Iterator[_State]:
        look, start = self._look, word.shown.start
        plain = look.emphasis_color if word.shown.emphasised else look.texto_cor
        accent = self._accent(word)
        around = readable_outline(plain, look.outline_color) if look.is_layered else look.outline_color
        reached = readable_outline(accent, look.outline_color)
        match look.style:
            case "classic":
                yield _State(card.start, card.end, plain, around)
            case "word_by_word":
                color = plain if word.shown.emphasised or not look.word_colors else accent
                yield _State(card.start, card.end, color, readable_outline(color, around))
            case "reveal":
                yield _State(start, end, accent, reached, spoken=True, glow=accent)
                color = accent if look.word_colors else plain
                yield _State(end, card.end, color, readable_outline(color, around))
            case "karaoke":
                yield _State(card.start, start, plain, around)
                yield _State(start, end, accent, reached, spoken=True, glow=accent)
                yield _State(end, card.end, accent, reached)
            case "underline":
                yield _State(card.start, start, plain, around)
                yield _State(start, end, plain, around, spoken=True)
                yield _State(end, card.end, plain, around)
            case "color":
                yield _State(card.start, start, plain, around)
                yield _State(start, end, accent, reached, spoken=True, glow=accent)
                yield _State(end, card.end, plain, around)
            case "highlight":
                yield _State(card.start, start, plain, around)
                yield _State(start, end, look.highlight_texto_cor, None, spoken=True)
                yield _State(end, card.end, plain, around)

    def _different(self, states: Sequence[_State]) -> list[_State]:
        """The states, those as one in which nothing changes."""
        still = not (self._look.moves or self._look.glow)
        found: list[_State] = []
        for state in states:
            last = found[-1] if found else None
            if (
                last
                and still
                and replace(state, start=last.start, spoken=last.spoken, glow=last.glow)
                == replace(last, end=state.end)
            ):
                found[-1] = replace(last, end=state.end)
            else:
                found.append(state)
        return found

    def _accent(self, word: PlacedWord) -> str:
        colors = self._look.word_colors
        return colors[word.shown.number % len(colors)] if colors else self._look.highlight_cor

    def _drawn(
        self, word: PlacedWord, state: _State, *, enters: bool, was_spoken: bool
    ) -> Iterator[pysubs2.SSAEvent]:
        look = self._look
        # Lines of other scripts may be taller; their letters stand on the same baseline.
        above, below = self._typeface.line_height(word.shown.text)
        own = self._typeface.file.ascent
        rise, sink = above - own, below - (1 - own)
        if look.moves:
            x, y, corner = word.x + word.width / 2, word.y + word.line_height / 2, 5
            y += (sink - rise) / 2 * word.size
        else:
            x, y, corner = word.x, word.y - rise * word.size, 7
        sized = {"fs": f"{word.size:.2f}"} if abs(word.size - self._placing.size) > 0.005 else {}
        grown = min(look.highlight_scale / 100, word.growth)
        motion = way_to(
            look.animation,
            scale=grown if state.spoken else 1.0,
            before=None if enters else grown if was_spoken else 1.0,
            spoken=state.spoken,
            most=word.growth,
        )
        passes = list(self._passes(word, state))
        for number, (layer, down, drawn) in enumerate(passes, 1):
            top = layer + (_ON_TOP if state.spoken and look.moves else 0)
            place = codes({"an": corner, "pos": f"({x:.2f},{y + down:.2f})", "q": 2, **sized, **drawn})
            moved = entrance(look.animation) if enters else ""
            # Behind the letters is nothing of an emoji but its room.
            text, _ = styled_text(
                word.shown.text, self._typeface, word.size, draws_emoji=number == len(passes)
            )
            text = with_look(text, codes(drawn)[1:-1] + motion)
            yield event(state.start, state.end, _joined(place, moved + motion) + text, top)

    def _passes(self, word: PlacedWord, state: _State) -> Iterator[tuple[int, float, dict[str, object]]]:
        """Layer, pixels further down, codes: from what lies furthest behind the letters to themselves."""
        look = self._look
        letters: dict[str, object] = {"1c": color_code(state.color)}
        if state.outline is None:
            yield _TEXT + (3 if look.is_layered else 0), 0.0, {**letters, "bord": 0}
            return
        if not look.is_layered:
            if state.outline != look.outline_color:
                letters["3c"] = color_code(state.outline)
            yield _TEXT, 0.0, letters
            return
        share = word.size / 100
        width = look.outline_width * share
        if look.shadow_distance or look.shadow_blur:
            yield (
                _TEXT,
                look.shadow_distance * share,
                _blot(look.shadow_color, width, look.shadow_blur * share),
            )
        if look.glow:
            glow = look.glow * share
            yield _TEXT + 1, 0.0, _blot(state.glow or look.glow_color, width + glow / 2, glow)
        if width:
            yield _TEXT + 2, 0.0, _blot(state.outline, width, 0)
        yield _TEXT + 3, 0.0, {**letters, "bord": 0}

    def _background(self, card: PlacedCard) -> pysubs2.SSAEvent:
        words = [word for line in card.lines for word in line]
        size, inset = words[0].line_height, self._placing.inset * card.scale
        left = min(word.x for word in words) - inset
        right = max(word.x + word.width for word in words) + inset
        top = card.lines[0][0].y - inset * 0.6
        bottom = card.lines[-1][0].y + size + inset * 0.6
        radius = _ROUND * size * 1.3 if self._look.fundo_arredondado else 0.0
        area, opacity = (left, top, right - left, bottom - top), self._look.fundo_opacidade / 100
        times = (card.start, card.end)
        return self._drawing(area, radius, self._look.fundo_cor, opacity, times, _BOX, {"bord": 0})

    def _drawing(
        self,
        area: tuple[float, float, float, float],
        radius: float,
        color: str,
        opacity: float,
        times: tuple[float, float],
        layer: int,
        border: dict[str, object],
    ) -> pysubs2.SSAEvent:
        x, y, width, height = area
        look = {"1c": color_code(color), "1a": alpha_code(opacity), **border, "shad": 0}
        place = codes({"an": 7, "pos": f"({x:.2f},{y:.2f})", **look, "p": 4})
        return event(*times, place + rounded_box(width, height, radius), layer)


def _blot(color: str, width: float, blur: float) -> dict[str, object]:
    """The shape of the letters and of their outline in one colour."""
    soft = {"blur": f"{blur:.2f}"} if blur else {}
    return {"1c": color_code(color), "3c": color_code(color), "bord": f"{width:.2f}", **soft}


def _phrases(words: Iterable[SpokenWord]) -> Iterator[SpokenWord]:
    """The words; those of a script without spaces, which may be whole sentences, in their phrases."""
    for word in words:
        for text, start, end in timed_phrases(word.word, word.start, word.end):
            yield word.model_copy(update={"word": text, "start": start, "end": end})


def _directions(words: Sequence[SpokenWord]) -> list[bool]:
    """Of each word whether its sentence is read from the right."""
    found: list[bool] = []
    for number, word in enumerate(words, 1):
        if ends_sentence(word) or number == len(words):
            sentence = [each.word for each in words[len(found) : number]]
            found += [read_from_right(sentence)] * len(sentence)
    return found


def _joined(place: str, motion: str) -> str:
    return f"{place[:-1]}{motion}}}"


def _lasts(start: float, end: float) -> bool:
    """Whether a renderer, which counts hundredths of a second, shows it at all."""
    return round(end * 100) > round(start * 100)
