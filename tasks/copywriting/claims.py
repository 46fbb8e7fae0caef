"""Claims that a text may make only if the product's facts make them: a lexicon of Portuguese and English.

Each concept has its wordings in both languages, so that "frete grátis" among the facts allows "free shipping". Where a
concept is of several things, these are kept apart: what is organic is not for that vegan, nor imported what is
handmade. The patterns are matched against folded text (small letters, no accents). What stands here is what consumer
law and platforms care about (price, delivery, warranty, health, comparison, scarcity), and the adjectives that
advertising uses for qualities which a product may or may not have. The list is ours; it is not complete, no list is.
"""

import re
from collections.abc import Mapping

from tasks.copywriting.claims_of_make import OF_MAKE
from tasks.copywriting.concepts import Concept
from tasks.copywriting.concepts import concept as _concept
from tasks.promotion.materials import Language
from tasks.promotion.product import Product


def _lowered(product: Product) -> bool:
    return product.old_price is not None


def _offer(product: Product) -> bool:
    return product.old_price is not None or product.offer_ends is not None


def _limited(product: Product) -> bool:
    return product.offer_ends is not None


def _parts(product: Product) -> bool:
    return product.instalments is not None


def _interest_free(product: Product) -> bool:
    return product.instalments is not None and product.instalments.interest_free


def _reviewed(product: Product) -> bool:
    return bool(product.testimonials)


def _half(product: Product) -> bool:
    return product.discount_percent == 50


CONCEPTS: Mapping[str, Concept] = {
    # Price and payment
    "interest-free": _concept(
        "sem juros|juros zero|zero juros|interest[ -]free|no interest|zero interest",
        _interest_free,
    ),
    "instalments": _concept(
        "parcel[ae]\\w*|a prazo|in instal+ments|monthly payments",
        _parts,
    ),
    "discount": _concept(
        "desconto*|economi[zs]\\w*|economia|liquida\\w+|mais barat\\w+|barat\\w+|baixou|preco baixo|"
        "queda de preco|rebaix*|discount*|(?<=%\\s)off|(?<=%)off|off (?:the|its) (?:regular )?price|"
        "money off|sale|save (?:up to )?[$€£\\d]\\S*|savings|cheap*|"
        "price drop|marked down|reduced price|(?:preco|price) (?:caiu|dropped)",
        _lowered,
    ),
    "offer": _concept(
        "oferta*|promo|promoc\\w+|preco especial|condicao especial|offer|deal|deals|bargain*|"
        "special price",
        _offer,
    ),
    "limited time": _concept(
        "por tempo limitado|tempo limitado|limited[ -]time|for a limited time",
        _limited,
    ),
    "half price": _concept(
        "(?:pela )?metade do (?:preco|valor)|pela metade|cust\\w+ (?:a )?metade|half (?:the )?price|half off",
        _half,
    ),
    "lowest price": _concept(
        "(?:menor|melhor) preco\\w*|preco mais baixo|preco de custo|cost price|"
        "preco\\w* imbativ\\w*|(?:lowest|best|unbeatable) prices?|"
        "cobrimos\\b.*|price match",
    ),
    "further discount": _concept(
        "desconto (?:extra|adicional)|(?:an )?(?:extra|additional) (?:\\S+ )?(?:discount|off)",
    ),
    "pix": _concept(
        "pix",
    ),
    "bank slip": _concept(
        "boleto*",
    ),
    "card": _concept(
        "no cartao|cartao de credito|credit cards?",
    ),
    "coupon": _concept(
        "cupom|cupons|cupao|codigo promocional|coupon*|promo code|voucher*",
    ),
    "cashback": _concept(
        "cashback",
    ),
    "free of charge": _concept(
        "gratis|gratuit\\w+|de graca|brinde*|cortesia|por nossa conta|for free|free gift|complimentary|"
        "on us|(?<!-)(?<!feel\\s)free",
    ),
    # Delivery and after the sale
    "free shipping": _concept(
        "frete (?:gratis|gratuito|zero)|sem frete|entrega gratis|free (?:shipping|delivery)",
    ),
    "delivery": _concept(
        "frete|entrega(?:mos)?(?: \\w+)?|envi(?:o|os|amos)|shipping|ships|delivery|delivered|dispatch\\w*||"
        "pronta[ -]entrega|chega (?:em|amanha|hoje)\\b|(?:fast|same[ -]day|next[ -]day|express) delivery||"
        "home delivery|entrega em (?:casa|domicilio)",
    ),
    "warranty": _concept(
        "garantia*|garantid\\w+|warrant\\w+|guarantee\\w*",
    ),
    "returns": _concept(
        "devolu\\w+|dinheiro de volta|reembols\\w+|troca (?:gratis|facil|garantida)|satisfacao garantida|"
        "money[ -]back|refund*|free returns?|easy returns?|risk[ -]free|sem risco",
    ),
    "stock": _concept(
        "ultim[ao]s (?:unidades|pecas|horas|dias|vagas)|ultima chance|"
        "estoque (?:limitado|acabando|baixo|(?:esta )?no fim)|(?:so|apenas) restam?|"
        "restam? (?:so|apenas|pouc\\w+)|poucas unidades|enquanto durar\\w*|(?:esta )?acabando|"
        "vai acabar|acaba (?:hoje|amanha|logo)|esgota\\w*|antes que acabe|"
        "last (?:units|pieces|chance|day|days|hours|call)|limited (?:stock|edition|quantity|units)|"
        "few left|only \\w+ (?:\\w+ )?left|selling (?:out|fast)|sells? out|while (?:supplies|stocks?) lasts?|"
        "before (?:it's|they're|its) gone|almost gone",
    ),
    "portion": _concept(
        "½|mei[oa] (?:hora|litro|quilo|copo|metro|minuto|xicara|duzia|preco)|half (?:an?|the|hour|off|price)||"
        "⅓|um terco|an? third (?:of|off|less|more)||⅔|dois tercos||[¾⅛]||"
        "¼|um quarto d\\w+|an? quarter (?:of|off|less|more)||duzias?|dozens?||"
        "dobro|duas vezes mais|double|twice||triplo|triple||e mei[oa]|and a half",
    ),
    "today only": _concept(
        "ate (?:hoje|amanha)|(?:by|until) (?:today|tonight|tomorrow)|"
        "(?:so|somente|apenas) (?:hoje|amanha|essa semana|esta semana)|today only|only today|"
        "ends (?:today|tonight|tomorrow)",
    ),
    "weekday": _concept(
        "||".join(
            # "It's Friday somewhere" promises nothing.
            f"(?:ate|so|somente|nesta|neste|chega n[ao]) (?:a |o )?{portuguese}(?:-feira)?|"
            f"(?:until|till|by|through|before|only|this|next|from|ends?|ending|arrives?)(?: on)? {english}day|"
            f"{english}day only|{portuguese}-feira|(?<=open\\son\\s){english}day"
            for portuguese, english in (
                ("segunda", "mon"), ("terca", "tues"), ("quarta", "wednes"), ("quinta", "thurs"), ("sexta", "fri"),
                ("sabado", "satur"), ("domingo", "sun"),
            )
        ) + "||black friday||cyber monday",
    ),
    "edition": _concept(
        "edicao limitada|edicao especial|colecao limitada|limited edition|special edition",
    ),
    "in stock": _concept(
        "em estoque|a pronta entrega|in stock|available now",
    ),
    # Comparison and reputation
    "best": _concept(
        "melhor|melhores|best|better|greatest|finest|superior|top",
    ),
    "number one": _concept(
        "n\\.?[º°o]\\.? ?1|n\\.? ?1|numero (?:1|um)|#1|no\\. 1|number (?:1|one)|lider(?:es)?|campea\\w*|campeoes|"
        "lead(?:er|ing)|first choice|world[ -]class",
    ),
    "most": _concept(
        "mais (?:vendid|querid|desejad|pedid|amad|procurad|famos|popular|complet)\\w*|"
        "(?:best|top)[ -]?sell\\w+|most (?!of\\b|people\\b)\\w+|"
        "\\w{3,}est (?:\\w+ ){0,2}(?:in|of) (?:its|the|their) (?:class|category|world|market|range|kind)",
    ),
    "only": _concept(
        "unic[oa]s?|inigualav\\w+|incomparav\\w+|imbativ\\w+|insuperav\\w+|unique|unmatched|unbeatable|"
        "unrivall?ed|one of a kind|second to none",
    ),
    "exclusive": _concept(
        "exclusiv\\w+",
    ),
    "favourite": _concept(
        "favorit\\w+|querid[oa]s? (?:d[aeo]s?)\\b|queridinh\\w+|amad[oa]s? por|sucesso|viral|"
        "virou (?:febre|moda)|favou?rite*|beloved|loved by|popular|trending|must[ -]have*|imperdiv\\w+|"
        "indispensav\\w+|unmissable",
    ),
    "customers": _concept(
        "(?:milhares|milhoes|centenas|dezenas) de|todo mundo|todos? (?:amam|adoram|querem)|"
        "quem (?:usa|comprou) (?:ama|adora|aprova)|clientes (?:satisfeit|feliz|adora|ama|recomenda)\\w*|"
        "(?:thousands|millions|hundreds|dozens) of|everyone|everybody|(?:happy|satisfied) customers?|"
        "customers (?:love|rave)",
    ),
    "recommended": _concept(
        "recomendad\\w+|recommended|(?:aprovad|indicad|escolhid)[oa]s? por|"
        "(?:approved|used|trusted|chosen) by|endorsed",
    ),
    "reviews": _concept(
        "avaliac\\w+|avaliad\\w+|depoiment\\w+|reviews?|rated|rating*",
        _reviewed,
    ),
    "press": _concept(
        "as seen (?:on|in)|featured (?:on|in)|(?:como )?vist[oa]s? na (?:tv|televisao|imprensa|midia)",
    ),
    "award": _concept(
        "premiad\\w+|premio*|award\\w*|prize*",
    ),
    "new": _concept(
        "(?<!de\\s)nov[oa]s?|novidade*|novissim\\w+|recem[ -]\\w+|lancamento*|acabou de chegar|new|brand[ -]new|"
        "newest|latest|just (?:arrived|launched|landed)|fresh drop",
    ),
    "origin": _concept(
        "importad\\w+|imported||nacional|nacionais||feit[oa]s? (?:no|na|em)|made in|locally||"
        "(?:feit|costurad|bordad|pintad|tecid)[oa]s? a mao|artesana\\w+|handmade|handcrafted",
    ),
    # Health, safety and tests
    "tested": _concept(
        "testad\\w+|tested||comprovad\\w+|proven||certificad\\w+|homologad\\w+|certified||anvisa||inmetro||fda||"
        "clinicamente|clinically||dermatologic\\w+|dermatologist\\w*|dermatologically",
    ),
    "health": _concept(
        "cura\\b|curar|cures?|heals?||emagrec\\w+|weight loss||trata(?:mento)?\\b|treats||"
        "previne|prevenir|prevents?||saudav\\w+|healthy|healthier||alivi\\w+|relieves?|relief||"
        "(?:reduz|diminu|combat|elimin)\\w* (?:\\w+ ){0,2}(?:dor(?:es)?|estresse|cansaco|ansiedade|rugas?|inchaco)|"
        "(?:reduc|eas|fight|eliminat)\\w* (?:\\w+ ){0,2}(?:pain|strain|stress|fatigue|anxiety|wrinkles|swelling)||"
        "(?:poupa|protege) (?:\\w+ ){1,2}(?:olhos|vista|coluna|costas|pele)|"
        "(?:saves|spares|protects) your (?:eyes|back|skin)||"
        "rejuvenesc\\w+|anti[ -]?aging||terapeutic\\w+|therapeutic||detox\\w*",
    ),
    "safe": _concept(
        "segur[oa]s?|seguranca|safe|safely|safety||hipoalergenic\\w+|hypoallergenic||atoxic\\w+|non[ -]?toxic",
    ),
    "natural": _concept(
        "natural|naturais|naturally||organic\\w*||vegan\\w*||"
        "sustentav\\w+|sustainab\\w+|ecologic\\w+|eco[ -]?friendly||reciclad\\w+|recycled||"
        "biodegradav\\w+|biodegradable||cruelty[ -]free",
    ),
    "free from": _concept(
        "||".join(
            "(?:sem|zero|livre de|isent[oa]s? de|without|no|free (?:of|from)) (?:adicao de |added )?"
            f"(?:{portuguese}|{english})|"
            f"(?:{english})[ -]free"
            for portuguese, english in (
                ("gluten", "gluten"), ("lactose", "lactose"), ("leite", "(?:milk|dairy)"), ("acucar\\w*", "sugars?"),
                ("soja", "soy"), ("alcool", "alcohol"), ("cafeina", "caffeine"), ("sodio", "sodium"),
                ("gorduras?", "fat"), ("conservantes?", "preservatives?"), ("corantes?", "(?:dyes?|colou?rings?)"),
                ("parabenos?", "parabens?"), ("sulfatos?", "sul(?:f|ph)ates?"), ("silicones?", "silicones?"),
                ("perfume|fragrancia", "fragrance"), ("niquel", "nickel"), ("latex", "latex"), ("bpa", "bpa"),
            )
        ),
    ),
    "whole": _concept(
        "100 ?%|cem por cento",
    ),
    # Qualities
    "perfect": _concept(
        "perfeit\\w+|perfeic\\w+|ideal|ideais|perfect\\w*|flawless\\w*",
    ),
    "amazing": _concept(
        "incriv\\w+|maravilhos\\w+|espetacular\\w*|sensaciona\\w+|fantastic\\w*|extraordinari\\w+|"
        "excelent\\w*|excelencia|impecav\\w+|magnific\\w+|excepciona\\w+|surpreendent\\w+|amazing|"
        "incredib\\w+|awesome|stunning|spectacular|wonderful|extraordinary|excellent|exceptional|"
        "outstanding|remarkable|gorgeous|magnificent|phenomenal|fabulous",
    ),
    "beautiful": _concept(
        "lind[oa]s?|lindissim\\w+|bonit\\w+|belissim\\w+|charmos\\w+|encantador\\w*|beautiful\\w*|lovely|"
        "pretty|charming",
    ),
    "revolutionary": _concept(
        "revolucion\\w+|inovador\\w*|inovac\\w+|inedit\\w+|futurist\\w+|tecnologia de ponta|alta tecnologia|"
        "revolution\\w+|innovat\\w+|cutting[ -]edge|state[ -]of[ -]the[ -]art|groundbreaking|"
        "game[ -]chang\\w+|advanced|avancad\\w+||moderno*|moderna*|modern||smart|inteligente*",
    ),
    "premium": _concept(
        "premium|luxo|luxuos\\w+|sofisticad\\w+|sofisticacao|requint\\w+|alto padrao|"
        "luxur\\w+|sophisticat\\w+|high[ -]end|deluxe|nobre*||(?:alta )?qualidade|(?:high[ -]|top[ -])?quality",
    ),
    "elegant": _concept(
        "elegan\\w+|estilos[oa]s?|estilo|elegance|stylish|chic|sleek",
    ),
    "practical": _concept(
        "pratic\\w+|praticidade|conveni\\w+|practical\\w*|handy||versat\\w+|multiuso|versatil\\w*|all[ -]in[ -]one||"
        "portat\\w+|portable||compact\\w*",
    ),
    "easy": _concept(
        "facil|faceis|facilidade|facilmente|simples|sem esforco|easy|easily|effortless\\w*|easier|"
        "hassle[ -]free",
    ),
    "powerful": _concept(
        "potent\\w+|potencia|poderos\\w+|alto desempenho|alta performance|powerful|high[ -]performance||"
        "robust\\w*||eficien\\w+|efficien\\w*||eficaz|eficazes|effective\\w*",
    ),
    "fast": _concept(
        "rapid\\w+|veloz|velozes|agil|ageis|instantane\\w+|em instantes|ultra ?rapid\\w+|fast|faster|"
        "quick|quickly|instant\\w*|rapid",
    ),
    "durable": _concept(
        "resistent\\w+|duravel|duraveis|durabilidade|dura mais|durab\\w+|long[ -]lasting|sturdy|tough|rugged|"
        "resistant||inquebrav\\w+|unbreakable|nao (?:rasga|quebra|risca|mancha|desbota|amassa|enferruja)\\w*|"
        "(?:won'?t|will not|never|doesn'?t) (?:tear|break|scratch|stain|fade|wrinkle|rust)\\w*||"
        "a prova (?:d['’]|de )agua|water[ -]?proof|impermeav\\w+||"
        "resistent\\w+ a agua|water[ -]?resistant|resistant to water||"
        "resistent\\w+ a (?:riscos?|arranh\\w+)|a prova de (?:riscos?|arranh\\w+)|scratch[ -]?(?:proof|resistant)||"
        "(?:resistent\\w+ a|a prova de) (?:quedas?|choques?|impactos?)|(?:shock|drop)[ -]?(?:proof|resistant)||"
        "(?:resistent\\w+ a|a prova de) poeira|dust[ -]?(?:proof|resistant)||"
        "(?:resistent\\w+ a[os]?|a prova de) (?:fogo|calor|chamas?)|(?:fire|heat|flame)[ -]?(?:proof|resistant)",
    ),
    "light": _concept(
        "leve(?!\\s+(?:o|a|os|as|um|uma|dois|duas|tres|quatro|cinco|seis|\\d\\w*|mais|seu|sua|para|ja|hoje|agora|esse|essa|este|esta|com)\\b)|leves|leveza|"
        "ultraleve\\w*|lightweight|feather[ -]light",
    ),
    "comfortable": _concept(
        "confort\\w+|aconcheg\\w+|comfort\\w*|cozy|cosy||macio\\w*|macia\\w*|maciez|soft|softer|softest||ergonom\\w+",
    ),
    "tasty": _concept(
        "delicios\\w+|saboros\\w+|gostos[oa]s?|irresistiv\\w+|delicious\\w*|tasty|irresistib\\w+|"
        "mouth[ -]?watering||crocan\\w+|crispy|crunchy||cremos\\w+|creamy||suculent\\w+|juicy||fresquinh\\w+",
    ),
    "quiet": _concept(
        "silencios\\w+|silent\\w*|quiet\\w*|noiseless",
    ),
    "economical": _concept(
        "economic\\w+|baixo consumo|poupa\\w*|energy[ -](?:saving|efficient)|economical\\w*|low[ -]power",
    ),
    "professional": _concept(
        "profissional|profissionais|professional\\w*|pro[ -]grade",
    ),
    "authentic": _concept(
        "autentic\\w+|origina(?:l|is)|legitim\\w+|genuin\\w+|authentic\\w*|original|genuine\\w*",
    ),
    **OF_MAKE,
}  # fmt: skip
"""By what they are called in a finding."""

NEGATIONS: Mapping[Language, re.Pattern[str]] = {
    "pt-BR": re.compile(r"\b(?:sem|nao|nunca|nem|not|without|never|non)\s+(?:\w+\s+)?$"),
    "en": re.compile(r"\b(?:sem|nao|nunca|nem|no|not|without|never|non)\s+(?:\w+\s+)?$"),
}
"""What stands before words that a fact denies, by the language of the facts: "sem garantia" allows no warranty, and "no
cartão" says where, not that there is none."""
