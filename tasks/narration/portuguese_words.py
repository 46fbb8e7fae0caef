"""Words of Brazilian Portuguese that are not said as they are written: units, abbreviations, letters; and gender."""

import re

from tasks.narration.portuguese_numbers import NUMBER, digit_by_digit, number
from tasks.narration.reading_rules import plain_digits

LETTERS = dict(
    zip(
        "abcdefghijklmnopqrstuvwxyz",
        [
            "a",
            "bê",
            "cê",
            "dê",
            "é",
            "efe",
            "gê",
            "agá",
            "i",
            "jota",
            "cá",
            "ele",
            "eme",
            "ene",
            "o",
            "pê",
            "quê",
            "erre",
            "esse",
            "tê",
            "u",
            "vê",
            "dáblio",
            "xis",
            "ípsilon",
            "zê",
        ],
        strict=True,
    )
)
MONTHS = [
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
]

_UNITS = """
kg quilo quilos|g grama gramas|mg miligrama miligramas|t tonelada toneladas|ton tonelada toneladas
ml mililitro mililitros|mL mililitro mililitros|l litro litros|L litro litros|cl centilitro centilitros
mm milímetro milímetros|cm centímetro centímetros|m metro metros|km quilômetro quilômetros|pol polegada polegadas
" polegada polegadas|” polegada polegadas|m² metro#quadrado metros#quadrados|m2 metro#quadrado metros#quadrados
m³ metro#cúbico metros#cúbicos|m3 metro#cúbico metros#cúbicos|km² quilômetro#quadrado quilômetros#quadrados
cm² centímetro#quadrado centímetros#quadrados|cm³ centímetro#cúbico centímetros#cúbicos|ha hectare hectares
km/h quilômetro#por#hora quilômetros#por#hora|m/s metro#por#segundo metros#por#segundo
V volt volts|kV quilovolt quilovolts|W watt watts|kW quilowatt quilowatts|kWh quilowatt-hora quilowatts-hora
Wh watt-hora watts-hora|A ampère ampères|mA miliampère miliampères|mAh miliampère-hora miliampères-hora
Hz hertz hertz|kHz quilo-hertz quilo-hertz|MHz mega-hertz mega-hertz|GHz giga-hertz giga-hertz
KB quilobáite quilobáites|MB megabáite megabáites|GB gigabáite gigabáites|TB terabáite terabáites
Mbps megabit#por#segundo megabits#por#segundo|Gbps gigabit#por#segundo gigabits#por#segundo
MP megapíksel megapíksels|px píksel píksels|dpi ponto#por#polegada pontos#por#polegada
fps quadro#por#segundo quadros#por#segundo|rpm rotação#por#minuto rotações#por#minuto
°C grau#celsius graus#celsius|ºC grau#celsius graus#celsius|°F grau#fahrenheit graus#fahrenheit
° grau graus|º grau graus
h hora horas|H hora horas|hs hora horas|hr hora horas|hrs hora horas|min minuto minutos
s segundo segundos|seg segundo segundos|ms milissegundo milissegundos
kcal quilocaloria quilocalorias|cal caloria calorias|kJ quilojoule quilojoules|dB decibel decibéis
lm lúmen lúmens|BTU bê-tê-u bê-tê-us|BTUs bê-tê-u bê-tê-us|cv cavalo cavalos|hp cavalo cavalos
oz onça onças|lb libra libras|bar bar bares|psi pê-esse-i pê-esse-i|un unidade unidades|und unidade unidades
unid unidade unidades|pç peça peças|pçs peça peças|cx caixa caixas|pct pacote pacotes|dz dúzia dúzias
% por#cento por#cento|‰ por#mil por#mil
"""
UNITS: dict[str, tuple[str, str]] = {
    name: (one.replace("#", " "), many.replace("#", " "))
    for name, one, many in (entry.split() for entry in _UNITS.replace("\n", "|").split("|") if entry)
}
"""Singular and plural by symbol, as it is written."""
_ANY_CASE = {name.casefold(): name for name in UNITS if len(name) > 1 and name not in ("MP", "ha", "ms")}
AMBIGUOUS = frozenset({"A", "H", "bar", "cal", '"', "”", "m"})
"""Units that are also words or marks: they belong to a number that they touch, or stand at the end of a phrase."""


def unit(symbol: str) -> str | None:
    """The unit as it stands in `UNITS`, however it is written ("KG", "Ml"); None if it is none."""
    if symbol in UNITS:
        return symbol
    return _ANY_CASE.get(symbol.casefold())


HOURS = frozenset({"h", "H", "hs", "hr", "hrs"})
FEMININE_UNITS = HOURS | frozenset({"t", "ton", "pol", '"', "”", "kcal", "cal", "rpm", "oz", "lb"}) | {
    "un", "und", "unid", "pç", "pçs", "cx", "dz",
}  # fmt: skip

ABBREVIATIONS = {
    "sr.": "senhor", "sr": "senhor", "sra.": "senhora", "sra": "senhora", "srs.": "senhores", "sras.": "senhoras",
    "srta.": "senhorita", "dr.": "doutor", "dr": "doutor", "dra.": "doutora", "dra": "doutora", "drs.": "doutores",
    "prof.": "professor", "profa.": "professora", "profª": "professora", "profª.": "professora", "eng.": "engenheiro",
    "av.": "avenida", "pça.": "praça", "rod.": "rodovia", "al.": "alameda", "trav.": "travessa", "tel.": "telefone",
    "tel": "telefone", "cel.": "celular", "cia.": "companhia", "ltda.": "limitada", "ltda": "limitada",
    "s.a.": "esse a", "s/a": "esse a", "etc.": "etcétera", "etc": "etcétera", "obs.": "observação", "pág.": "página",
    "págs.": "páginas", "art.": "artigo", "apto.": "apartamento", "ap.": "apartamento", "máx.": "máximo",
    "mín.": "mínimo", "aprox.": "aproximadamente", "c/": "com", "s/": "sem", "p/": "para", "vs.": "versus",
    "vs": "versus", "x.": "x", "núm.": "número", "qtd.": "quantidade", "ref.": "referência", "jr.": "júnior",
    "ex.": "exemplo", "p.ex.": "por exemplo", "d.c.": "depois de cristo", "a.c.": "antes de cristo", "vol.": "volume",
    "séc.": "século", "sécs.": "séculos",
    "cap.": "capítulo", "un.": "unidade", "unid.": "unidade", "sto.": "santo", "sta.": "santa", "e/ou": "e ou",
    "n.º": "número", "nº": "número", "nº.": "número", "n°": "número", "nro.": "número", "c/c": "conta corrente",
    "eua": "estados unidos", "cnpj": "cê ene pê jota",
}  # fmt: skip
FOREIGN = {
    "wi-fi": "uai-fai", "wifi": "uai-fai", "bluetooth": "blutúfi", "youtube": "iutúbi", "smart": "ismárti",
    "smartphone": "ismartifône", "smartphones": "ismartifônes", "smartwatch": "ismartiuótchi", "gamer": "guêimer",
    "streaming": "istrímin", "touch": "tâtchi", "air": "ér", "fryer": "fráier", "iphone": "aifône",
    "stories": "stóris", "design": "dizáin", "gigabyte": "gigabáite", "gigabytes": "gigabáites",
    "megabytes": "megabáites", "terabyte": "terabáite", "terabytes": "terabáites", "pixel": "píksel",
    "pixels": "píksels", "megapixels": "megapíksels",
}  # fmt: skip
"""Foreign words as Brazilians say them, written as Portuguese is: the phonemes of espeak-ng, which the embedded voice
speaks, were looked at for some fifty words of shops; those that they have wrong."""
WEEKDAYS = {
    "seg": "segunda", "ter": "terça", "qua": "quarta", "qui": "quinta", "sex": "sexta", "sáb": "sábado",
    "sab": "sábado", "dom": "domingo",
}  # fmt: skip
MAY_END = frozenset({"etc.", "ltda.", "s.a.", "cia.", "jr.", "d.c.", "a.c."})
"""Abbreviations whose period may be that of the sentence, too."""
SPELT = frozenset(
    [
        "USB",
        "HDMI",
        "UHD",
        "IPS",
        "GPU",
        "CPU",
        "UV",
        "UVA",
        "UVB",
        "IA",
        "AC",
        "EVA",
        "MDF",
        "ABS",
        "IOF",
        "ICMS",
        "IPI",
        "IPTU",
        "IPVA",
        "ATM",
        "UHF",
        "API",
        "OBD",
        "RGB",
        "RFID",
        "UTI",
        "ONU",
        "CPF",
        "SUV",
        "UPS",
        "SIM-CARD",
        "DJ",
        "ID",
    ]
)
"""Acronyms with a vowel that are said letter by letter all the same."""
_CONSONANTS = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{2,6}")


def spells(word: str) -> bool:
    """Whether an acronym is said letter by letter: it has no vowel, or is known for it."""
    return word in SPELT or bool(_CONSONANTS.fullmatch(word))


def spell(letters: str) -> str:
    """Such as "TV": "tê vê"; other characters than letters are left out."""
    return " ".join(LETTERS[letter] for letter in letters.casefold() if letter in LETTERS)


_MASCULINE = re.compile(
    r"(?:dia|mapa|problema|sistema|programa|tema|cinema|planeta|poema|drama|clima|idioma|diploma|grama|quilograma|"
    r"miligrama|esquema|pijama|cometa|guia|mega|giga|tera|colega|telefonema|emblema|lema|trema|aroma|quilowatt|"
    r"guarda-roupa|guarda-chuva|para-brisa|porta-joia|karma|coala|gorila|panda|papa|poeta|atleta|pirata|turista|"
    r"artista|motorista|dentista|especialista|sofá|chá|crachá|alvará|orixá|maracujá|dálmata|fantasma|sintoma|dogma|"
    r"enigma|axioma|estigma|dilema|teorema|telegrama|hectograma|anagrama|monograma|organograma|guarda)s?",
)
_FEMININE = re.compile(
    r"(?:m[ãa]os?|vez(?:es)?|cor(?:es)?|flor(?:es)?|luz(?:es)?|noites?|tardes?|partes?|sedes?|fontes?|bases?|chaves?|redes?|"
    r"pontes?|voz(?:es)?|cruz(?:es)?|raiz(?:es)?|raízes|mulher(?:es)?|colher(?:es)?|imagem|imagens|peles?|"
    r"lentes?|embalage(?:m|ns)|garage(?:m|ns)|viage(?:m|ns)|\w+(?:ção|ções|são|sões|dades?|gens|gem|tudes?|ezas?)|"
    r"mães?|irmãs?|maçãs?|manhãs?|séries?|espécies?|faces?|frases?|bases?|classes?|estantes?|mentes?|árvores?|hélices?|"
    r"torres?|amostras?|tvs?|smart|fotos?|motos?|tribos?|suítes?|paredes?|orde(?:m|ns)|nuve(?:m|ns)|leis?|metades?|"
    r"\w*triz(?:es)?|fases?|doses?|análises?|crises?|próteses?|hipóteses?|"
    r"teses?|aves?|naves?|neves?|carnes?|sementes?|correntes?|artes?|mortes?|sortes?|chances?|vitrines?|cabines?|"
    r"raquetes?|maquetes?|caminhonetes?|omeletes?|enquetes?|quitinetes?|lingeries?|boutiques?|selfies?|bikes?|dores?|"
    r"febres?|capitais|capital|catedra(?:l|is)|vogais|digitais|lãs?|pás?|avelãs?|romãs?)"
)
_EITHER = frozenset(
    [
        "mil",
        "grandes",
        "pequenos",
        "pequenas",
        "novos",
        "novas",
        "belos",
        "belas",
        "lindos",
        "lindas",
        "ótimos",
        "primeiros",
        "primeiras",
        "últimos",
        "simples",
        "super",
        "extra",
        "mini",
        "maiores",
        "melhores",
        "incríveis",
        "diferentes",
    ]
)
_NO_NOUN = re.compile(
    "apenas|mas|todas?|essas?|estas?|aquelas?|nossas?|suas?|minhas?|outras?|as|das|nas|pelas?|às|aliás|atrás|para|cada|"
    "agora|ainda|uma|numa|contra|delas?|nelas?"
)
_NAMING = re.compile(
    r"(?:^|\W)(?:fase|lote|nível|etapa|parte|passo|dia|item|página|capítulo|volume|modelo|opção|tamanho|número|linha|sala|"
    r"quadra|bloco|apartamento|loja|versão|aula|módulo|grupo|categoria|classe|tipo|pin|código|canal|kit|combo|temporada|"
    r"episódio|turma|mesa|quarto|ano|semana|andar|portão|plataforma|questão|anexo|artigo|faixa|posição|lugar)\s+$",
    re.IGNORECASE,
)
"""Words that a number behind them names, and does not count."""
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_BEFORE = re.compile(r"(?:^|\W)([^\W\d_]+)\s+$")
_FEMININE_BEFORE = frozenset(
    [
        "as",
        "às",
        "das",
        "nas",
        "pelas",
        "umas",
        "essas",
        "estas",
        "aquelas",
        "nossas",
        "suas",
        "outras",
        "todas",
    ]
)
_MASCULINE_BEFORE = frozenset(
    [
        "os",
        "aos",
        "dos",
        "nos",
        "pelos",
        "uns",
        "esses",
        "estes",
        "aqueles",
        "nossos",
        "seus",
        "outros",
        "todos",
        "ao",
        "do",
        "no",
    ]
)


def counts_feminine(before: str, after: str, *, one: bool = True) -> bool:
    """Whether a number stands with a feminine noun: told by the article before it, else by the noun after it.

    `one`: it is 1, or less, and the noun has no plural.
    """
    if _NAMING.search(before[-40:]):
        return False
    if found := _BEFORE.search(before[-40:]):
        article = found[1].casefold()
        if article in _FEMININE_BEFORE:
            return True
        if article in _MASCULINE_BEFORE:
            return False
    if not after[:1].isspace():
        return False
    position = 0
    for _ in range(3):
        found = _WORDS.match(after, position + len(after[position:]) - len(after[position:].lstrip()))
        if found is None:
            return False
        word = found[0].casefold()
        if word in _EITHER and not word.endswith(("as", "os")):
            position = found.end()
            continue
        if _MASCULINE.fullmatch(word) or _NO_NOUN.fullmatch(word) or (not one and not word.endswith("s")):
            return False
        return bool(_FEMININE.fullmatch(word)) or (word.endswith(("a", "as")) and len(word) > 2)
    return False


_WORD_SIGNS = {"&": "e", "+": "mais", "=": "igual a", "/": "barra", "%": "por cento", "@": "arroba", "#": "hashtag",
               "×": "por", "÷": "dividido por", "<": "menor que", ">": "maior que", "≥": "maior ou igual a",
               "≤": "menor ou igual a", "±": "mais ou menos", "°": "graus", "º": "", "ª": "", "$": "cifrão",
               "€": "euros",
               "£": "libras", "§": "parágrafo", "~": "cerca de", "²": "ao quadrado", "³": "ao cubo"}  # fmt: skip


def letters_and_digits(word: str) -> str:
    """What is said for a word with anything in it, part by part; whatever has no name is left out."""
    word = re.sub(r"(?<=\S)²", " ao quadrado", re.sub(r"(?<=\S)³", " ao cubo", word))
    found = []
    for piece in re.findall(rf"{NUMBER}|[^\W\d_]+(?:['’-][^\W\d_]+)*|\s+|.", plain_digits(word)):
        if piece[0].isdigit():
            digits = piece.replace(".", "").replace(",", "")
            long = len(digits) > 6 and "." not in piece and "," not in piece
            found.append(digit_by_digit(digits) if long else number(piece))
        elif piece[0].isalpha():
            apart = len(piece) <= 2 and piece.isupper() and piece != word
            found.append(spell(piece) if apart else part(piece))
        else:
            found.append(_WORD_SIGNS.get(piece, ""))
    return " ".join(filter(None, found))


def part(word: str) -> str:
    """What is said for a word of letters: acronyms letter by letter, foreign words as they sound.

    Capitals are lowered, since some voices spell them.
    """
    if word.casefold() in FOREIGN:
        return FOREIGN[word.casefold()]
    if spells(word) or (len(word) == 1 and word.isupper() and word not in "AEO"):
        return spell(word)
    return word.lower() if len(word) > 1 and word.isupper() else word
