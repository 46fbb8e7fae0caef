"""Claims about what a thing is made of, what it has in it, in which colours it comes, and how long it lasts."""

import re
from collections.abc import Mapping

from tasks.copywriting.concepts import Concept, concept
from tasks.copywriting.numerals import fold
from tasks.promotion.product import Product

_MATERIALS = (
    "couro|leather", "lona|canvas", "algodao|cotton", "linho|linen", "poliester|polyester", "nylon|nailon",
    "cashmere", "veludo|velvet", "madeira|wood|wooden", "carvalho|oak", "bambu|bamboo", "alumin(?:io|i?um)",
    "aco|steel", "inox|stainless", "de vidro|made of glass", "ceramica|ceramic", "porcelana|porcelain",
    "marmore|marble", "titanio|titanium", "fibra de carbono|carbon fib(?:er|re)",
    "(?:de|em|banhad[oa]s? a) ouro|(?:solid|pure) gold|gold[ -]plated",
    "(?:de|em) prata|(?:solid|pure|sterling) silver|silver[ -]plated",
)  # fmt: skip
_TECHNOLOGIES = (
    "bluetooth", "wi-?fi", "sem fios?|wireless|cordless", "recarregave\\w+|rechargeable", "gps", "nfc", "alexa",
    "google (?:home|assistente|assistant)",
    "touch[ -]?(?:screen|controls?|sensitive)|(?:tela|comandos?) sensive(?:l|is) ao toque",
    "(?:por|comandos? de) voz|by voice|voice[ -]control\\w*", "(?:energia )?solar|solar[ -]power\\w*",
    "controle remoto|remote control",
    "bivolt", "usb(?:-c)?", "hdmi", "amoled|oled", "5g", "4k",
)  # fmt: skip
_PROTECTIONS = (
    "a prova de balas?|bullet ?proof",
    "anti-?furto|a prova de furto|(?:anti|theft)[ -]?(?:theft|proof)",
    "anti-?derrapante*|(?:non|anti)[ -]?slip",
    "anti-?mofo|mou?ld[ -]?proof",
    "(?:a prova de|resistent\\w+ a) (?:chuva|intemperies)|weather[ -]?(?:proof|resistant)|rain ?proof",
    "anti-?alergic\\w+|anti[ -]?allerg\\w+",
    "anti-?bacterian\\w+|anti-?microbian\\w+|anti[ -]?(?:bacterial|microbial)",
    "anti-?manchas?|a prova de manchas?|stain[ -]?(?:proof|resistant)",
    "anti-?reflex\\w*|anti[ -]?(?:glare|reflective)",
    "sem cintilacao|flicker[ -]?free",
)
_MECHANICS = (
    "sozinh[oa]s?|automatic\\w*|by itself|by themselves|(?:turns?|switch(?:es)?|shuts?|dims?) itself\\b.*",
    "dobrave(?:l|is)|dobra (?:e|em|ao|para|facil)|foldable|collapsible|folds (?:flat|up|down|away|in)",
    "removive(?:l|is)|destacave(?:l|is)|removable|detachable",
    "retratil|retrateis|retractable",
    "ajustave(?:l|is)|regulave(?:l|is)|adjustable",
    "embutid[oa]s?|integrad[oa]s?|built[ -]in",
    "conecta(?:m|-se)? (?:a[os]?|com)|(?:pairs|connects|syncs) (?:with|to)",
    "(?:ir|vai) (?:a|na) (?:maquina|lava-loucas)|(?:machine|dishwasher)[ -](?:safe|washable)",
)
"""What it does without being told, or can have done to it."""
_COLOURS = (
    "pret[oa]s?|black", "branc[oa]s?|white", "azul|azuis|blue", "vermelh[oa]s?|red", "verdes?|green",
    "amarel[oa]s?|yellow", "rosa|pink", "rox[oa]s?|purple", "cinzas?|gr[ae]y", "marrom|brown", "beges?|beige",
    "laranjas?|orange", "dourad[oa]s?|gold|golden", "pratead[oa]s?|silver",
)  # fmt: skip
_FOR_WHOM = (
    "criancas?|bebes?|kids?|child|children|baby|babies|toddlers?",
    "pets?|cachorros?|caes|gatos?|dogs?|cats?",
    "gravidas?|gestantes?|pregnan\\w+",
    "idosos?|idosas?|seniors|the elderly",
)


def _timed(product: Product) -> bool:
    """Whether the facts tell of seconds or minutes at all."""
    facts = fold("\n".join((product.name, product.description, *product.features)))
    return re.search(r"\b(?:segundos?|minutos?|seconds?|minutes?)\b", facts) is not None


OF_MAKE: Mapping[str, Concept] = {
    "material": concept("||".join(_MATERIALS)),
    "technology": concept("||".join(_TECHNOLOGIES)),
    "protection": concept("||".join(_PROTECTIONS)),
    "mechanics": concept("||".join(_MECHANICS)),
    "takes no time": concept(
        "em (?:poucos )?(?:segundos|minutos)|in (?:mere |just )?(?:seconds|minutes)", _timed
    ),
    # Elsewhere a colour may be that of the sky, or of a Friday.
    "colour": concept(
        "||".join(_COLOURS),
        after=r"\b(?:cor(?:es)?|disponive(?:l|is) em|available in|comes? in|colou?rs?)\b[^.!?\n]{0,60}$",
    ),
    "size": concept(
        "(?:tamanhos?|do) (?:pp|p|m|g|gg|xgg?)|sizes? (?:xs|s|m|l|xl|xxl)",
    ),
    "for whom": concept("||".join(_FOR_WHOM), after=r"\b(?:para|pra|for|around)\s+(?:\w+\s+)?$"),
    "lasts for life": concept(
        "nunca mais (?:\\w+ ){0,3}precis\\w+|the last \\w+ you(?:'ll| will)? (?:ever )?\\w+|"
        "vitalici\\w+|(?:a|uma|pela|por toda a) vida (?:toda|inteira)|lifetime|for life",
    ),
    "lasts all day": concept("o dia (?:todo|inteiro)|all[ -]day(?: long)?"),
}
"""By what they are called in a finding."""
