"""Which emoji go with what."""

import random
from collections.abc import Mapping
from itertools import pairwise

from tasks.copywriting.notation import words
from tasks.copywriting.numerals import fold
from tasks.copywriting.options import Tone
from tasks.copywriting.told import Told

_THINGS: Mapping[str, str] = {
    "☕": "cafe cafeteira coffee espresso caneca mug chaleira kettle",
    "🍵": "cha tea",
    "👟": "tenis sneaker sneakers",
    "👗": "vestido dress saia skirt",
    "👕": "camiseta camisa shirt t-shirt tshirt tee",
    "👖": "calca jeans pants",
    "🧥": "jaqueta casaco moletom jacket hoodie coat",
    "👜": "bolsa bag handbag tote",
    "🎒": "mochila backpack",
    "👓": "oculos glasses sunglasses",
    "⌚": "relogio watch smartwatch",
    "💍": "anel alianca ring colar brinco pulseira necklace bracelet earrings",
    "🎂": "bolo cake",
    "🍫": "chocolate brigadeiro trufa brownie",
    "🍪": "cookie cookies biscoito",
    "🍕": "pizza pizzaria",
    "🍔": "hamburguer hamburger burger hamburgueria",
    "🍯": "mel honey",
    "🍷": "vinho wine",
    "🍺": "cerveja beer",
    "🎧": "fone fones headphone headphones earbuds headset",
    "🔊": "caixa_de_som speaker soundbar",
    "📱": "celular smartphone phone",
    "💻": "notebook laptop computador computer",
    "📺": "tv televisao smart_tv television",
    "📷": "camera webcam",
    "🎮": "console game gamer controle joystick",
    "📚": "livro livros book books",
    "📓": "caderno agenda planner notebook_paper",
    "🖊️": "caneta pen",
    "🛋️": "sofa poltrona couch armchair",
    "🪑": "cadeira chair banqueta stool",
    "🛏️": "cama colchao lencol edredom travesseiro bed mattress pillow sheets",
    "💡": "luminaria lampada abajur lamp light",
    "🕯️": "vela candle",
    "🌿": "planta plantas plant muda vaso",
    "🧴": "hidratante creme serum protetor shampoo condicionador lotion cream sunscreen",
    "🧼": "sabonete soap",
    "💄": "batom maquiagem lipstick makeup gloss blush",
    "💅": "esmalte polish",
    "🐶": "racao cachorro dog coleira pet",
    "🐱": "gato cat arranhador",
    "🧸": "brinquedo pelucia boneca toy plush",
    "🚲": "bicicleta bike bicycle",
    "⚽": "bola ball futebol",
    "🧘": "yoga tapete_de_yoga",
    "🏋️": "halter dumbbell whey suplemento",
    "🔧": "ferramenta ferramentas furadeira parafusadeira tool drill",
    "🍳": "panela frigideira pan fritadeira airfryer air_fryer fogao",
    "🧊": "geladeira freezer fridge",
    "💧": "garrafa bottle filtro purificador",
    "🎓": "curso aula course class lessons",
    "✈️": "viagem passagem pousada travel trip",
}
_OF_WORD = {word: emoji for emoji, names in _THINGS.items() for word in names.split()}

HOOKS: Mapping[Tone, tuple[str, ...]] = {
    "friendly": ("👀", "😊", "💛", "👋"),
    "energetic": ("🔥", "🚀", "⚡", "👀"),
    "elegant": ("✨",),
    "playful": ("😏", "👀", "🙈", "🎉"),
    "professional": (),
}
BULLETS: Mapping[Tone, tuple[str, ...]] = {
    "friendly": ("✅", "✔️", "👉"),
    "energetic": ("✅", "⚡", "🔥"),
    "elegant": ("▫️",),
    "playful": ("👉", "💥", "✅"),
    "professional": ("✔️", "▪️"),
}
PRICES = ("💰", "🏷️", "💸")
DEADLINES = ("⏰", "📅", "🗓️")
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "message": ("💬", "📩", "📲"),
    "link": ("🛒", "🛍️", "👉"),
    "save": ("📌", "🔖"),
}
STAR = "⭐"


def of_thing(told: Told, category: str | None, dice: random.Random, tone: Tone) -> str:
    """The emoji in the product's name, else one of the thing that is sold, else one of the tone."""
    if told.emoji:
        return told.emoji
    named = [fold(word) for word in words(f"{category or ''} {told.fields['name']}")]
    pairs = ["_".join(pair) for pair in pairwise(named)]
    for word in (*pairs, *named):
        if found := _OF_WORD.get(word):
            return found
    return dice.choice(HOOKS[tone]) if HOOKS[tone] else ""
