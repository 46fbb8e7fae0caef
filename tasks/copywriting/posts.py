"""Posts made of templates: the facts told in the order and manner of a platform."""

import random
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from tasks.copywriting import emoji
from tasks.copywriting.hashtags import hashtags
from tasks.copywriting.options import CopyConfig, Length, Platform
from tasks.copywriting.phrases import Phrases, choose, fields_of, fill, fitting
from tasks.copywriting.phrases_en import ENGLISH
from tasks.copywriting.phrases_pt import PORTUGUESE
from tasks.copywriting.platforms import RULES, too_long
from tasks.copywriting.told import Told
from tasks.copywriting.ways import way_of
from tasks.copywriting.wording import is_emoji, joined
from tasks.promotion.materials import Language
from tasks.promotion.product import Product

PHRASES: Mapping[Language, Phrases] = {"pt-BR": PORTUGUESE, "en": ENGLISH}
_INLINE: frozenset[Platform] = frozenset({"x", "threads", "tiktok"})
"""Where a list with a line for each feature is too tall."""
_LENGTHS: tuple[Length, ...] = ("short", "medium", "long")
_OTHER_WAY = re.compile(
    r"(?i)whats|direct|\bdm|mensage|message|telegram|telefone|phone|call|ligue|coment|comment"
)
"""How a shop's own call to action says that it goes another way than by the address."""
_PLAIN = ("elegant", "professional")
_LAYOUTS: tuple[tuple[str, ...], ...] = (
    ("hook", "lead", "list", "price", "quote", "action"),
    ("hook", "price", "list", "lead", "quote", "action"),
    ("hook", "list", "lead", "quote", "price", "action"),
    ("hook", "quote", "list", "price", "lead", "action"),
    ("hook", "lead", "price", "list", "quote", "action"),
)


@dataclass(frozen=True)
class Post:
    """A text to publish and its parts."""

    text: str
    hashtags: tuple[str, ...]
    call_to_action: str


@dataclass(frozen=True)
class _Amount:
    """How much a post tells."""

    features: int
    lead: int
    """Sentences of the description."""
    quote: bool
    tags: int
    deadline: bool = True
    parts: bool = True
    introduced: bool = True


def write_post(product: Product, told: Told, config: CopyConfig, key: str) -> Post:
    """A post that the platform takes. `key` makes the choices: the same one gives the same post."""
    post = None
    for amount in _amounts(told, config):
        post = _Writer(product, told, config, _dice(key)).post(amount)
        if not too_long(config.platform, post.text):
            return post
    assert post is not None  # noqa: S101 - there is always an amount
    return _cut(post, config.platform)


def _amounts(told: Told, config: CopyConfig) -> Iterator[_Amount]:
    """What is asked for, then less and less."""
    rules = RULES[config.platform]
    which = _LENGTHS.index(config.length)
    whole = _Amount(
        features=min(rules.usual[which], len(told.features)),
        lead=(0, 1, 3)[which],
        quote=config.length == "long" or (config.length == "medium" and not told.lead),
        tags=rules.hashtags if config.include_hashtags else 0,
    )
    if config.platform in _INLINE:
        whole = replace(whole, lead=min(whole.lead, 1), quote=config.length == "long")
    yield whole
    for lead in range(whole.lead):
        yield replace(whole, quote=False, lead=whole.lead - lead)
    for features in range(whole.features, 0, -1):
        yield replace(whole, quote=False, lead=0, features=features)
    bare = replace(whole, quote=False, lead=0, features=0)
    yield from (bare, replace(bare, parts=False), replace(bare, parts=False, deadline=False))
    yield from (replace(bare, parts=False, deadline=False, tags=tags) for tags in range(bare.tags, -1, -1))
    yield replace(bare, parts=False, deadline=False, tags=0, introduced=False)


def _cut(post: Post, platform: Platform) -> Post:
    """The post's first lines: facts that no platform takes, such as a link of 2000 letters, are left out."""
    lines = post.text.split("\n")
    while len(lines) > 1 and too_long(platform, "\n".join(lines)):
        lines.pop()
    text = "\n".join(lines).strip()
    while too_long(platform, text):
        text = text.rpartition(" ")[0] or text[:-1]
    return replace(post, text=text, hashtags=tuple(tag for tag in post.hashtags if tag in text))


class _Writer:
    def __init__(self, product: Product, told: Told, config: CopyConfig, dice: random.Random) -> None:
        self.product, self.told, self.config, self.dice = product, told, config, dice
        self.phrases = PHRASES[config.language]
        self.fields = dict(told.fields)
        self.used: set[str] = set()

    def post(self, amount: _Amount) -> Post:
        if not amount.parts:
            self.fields.pop("parts", None)
        action, line = self._action()
        layout = self.dice.choice(_LAYOUTS)
        parts = {"hook": self._hook(amount)}
        for part in layout[1:-1]:
            match part:
                case "lead":
                    parts[part] = self._lead(amount)
                case "list":
                    parts[part] = self._list(amount)
                case "price":
                    parts[part] = self._price(amount)
                case _:
                    parts[part] = self._quote(amount)
        parts["action"] = line
        tags = hashtags(self.product, self.told, self.phrases, amount.tags, self.dice)
        paragraphs = [parts[part] for part in layout if parts[part]]
        if tags:
            paragraphs.append(" ".join(tags))
        gap = "\n" if self.config.platform == "x" else "\n\n"
        return Post(gap.join(paragraphs), tags, action)

    def _say(self, phrase: str) -> str:
        self.used |= fields_of(phrase)
        return fill(phrase, self.fields)

    def _pick(self, pool: tuple[str, ...], *, again: bool = False) -> str:
        without = frozenset() if again else frozenset(self.used & {"price", "audience", "quote"})
        phrase = choose(pool, self.fields, self.dice, without=without)
        return self._say(phrase) if phrase else ""

    def _with(self, text: str, choices: tuple[str, ...]) -> str:
        """The text with an emoji behind it, if there may be one and the facts have not put one there."""
        if not (text and choices and self.config.include_emojis) or is_emoji(text[-1]):
            return text
        return f"{text.removesuffix('.')} {self.dice.choice(choices)}"

    def _hook(self, amount: _Amount) -> str:
        tone = self.config.tone
        hook = self._pick(fitting(self.phrases.hooks[tone], self.told))
        mark = emoji.of_thing(self.told, self.product.category, self.dice, tone)
        hook = self._with(hook, (mark,) if mark and tone != "professional" else ())
        named = self.used & {"name", "the_name", "The_name", "in_name", "of_name"}
        lines = [hook]
        if not named and amount.introduced:
            lines.append(self._pick(self.phrases.introductions[tone]))
        if len(self.told.full_name) > len(self.fields["name"]) and self._tall():
            lines.append(f"{self.told.full_name}.")
        if (
            self._tall()
            and "audience" not in self.used
            and (audience := self._pick(self.phrases.audiences[tone]))
        ):
            lines.append(audience)
        return "\n".join(lines)

    def _tall(self) -> bool:
        return self.config.length == "long" and self.config.platform not in _INLINE

    def _lead(self, amount: _Amount) -> str:
        return " ".join(self.told.lead[: amount.lead])

    def _list(self, amount: _Amount) -> str:
        features = self.told.features[: amount.features]
        if not features:
            return ""
        if self.config.platform in _INLINE:
            return " ".join(joined(features, self.config.language, self.told.names))
        bullet = "•"
        if self.config.include_emojis:
            bullet = self.dice.choice(emoji.BULLETS[self.config.tone])
        lines = [f"{bullet} {feature}" for feature in features]
        if len(features) > 2:
            lines = [self.dice.choice(self.phrases.lists[self.config.tone]), *lines]
        return "\n".join(line for line in lines if line)

    def _price(self, amount: _Amount) -> str:
        tone = self.config.tone
        if "price" in self.used:
            price = self._pick(self.phrases.more_on_price[tone])
        else:
            # Whoever lowers a price says so; whoever offers instalments too, wherever they fit.
            wanted = {"old_price", "parts"} & self.fields.keys()
            pool = self.phrases.prices[tone]
            for need in (wanted, wanted & {"old_price"}, set[str]()):
                telling = tuple(p for p in pool if need <= fields_of(p))
                if any(fields_of(p) <= self.fields.keys() for p in telling):
                    pool = telling
                    break
            price = self._pick(pool)
        marks = () if tone in _PLAIN else emoji.PRICES
        lines = [self._with(price, marks)]
        if "day" in self.fields and amount.deadline:
            told = "price" in self.used
            pool = self.phrases.deadlines[tone] if told else (self.phrases.bare_deadline,)
            lines.append(self._with(self._pick(pool), () if tone in _PLAIN else emoji.DEADLINES))
        return "\n".join(line for line in lines if line)

    def _quote(self, amount: _Amount) -> str:
        if not amount.quote or "quote" not in self.fields:
            return ""
        quote = self._pick(self.phrases.quotes)
        if self.config.include_emojis and self.told.stars and self.config.tone not in _PLAIN:
            quote = f"{quote}\n{emoji.STAR * self.told.stars}"
        return quote

    def _action(self) -> tuple[str, str]:
        """What readers are asked to do, as it is shown in a film, and its line in the post."""
        platform, tone = self.config.platform, self.config.tone
        rules = RULES[platform]
        pools = self.phrases.plain_actions if tone in _PLAIN else self.phrases.actions
        link = self.told.link if rules.links else None
        website = self.fields.get("website")
        if own := self.told.call_to_action:
            where = link or (website if not rules.links else None)
            if _OTHER_WAY.search(own):
                where = None
            line = f"{own}: {where}" if where and where not in own else _ended(own)
            return own, self._with(
                line, () if tone in _PLAIN or (where and where == link) else emoji.ACTIONS["link"]
            )
        action = choose(pools[platform], self.fields, self.dice) or ""
        shown = fill(action, self.fields)
        if link and (phrase := choose(self.phrases.linked, {"link": link}, self.dice)):
            # What the film's button says leads where the post's address does.
            site = shown if way_of(shown) == "site" else self.phrases.spoken_site.rstrip(".")
            return site, fill(phrase, {"link": link})
        return shown, self._with(_ended(shown), self._marks(action, tone))

    def _marks(self, action: str, tone: str) -> tuple[str, ...]:
        if tone in _PLAIN:
            return ()
        lowered = action.lower()
        if "{website}" in action:
            return emoji.ACTIONS["link"]
        return emoji.ACTIONS["save" if lowered.startswith(("salva", "salve", "save")) else "message"]


def _dice(key: str) -> random.Random:
    return random.Random(key)  # noqa: S311 - a choice that comes out the same each time


def _ended(sentence: str) -> str:
    return sentence if sentence[-1:] in ".!?…" or is_emoji(sentence[-1]) else f"{sentence}."
