"""Gender and number of the things that Brazilian shops sell: known by heart, by a sure ending, or not at all."""

from tasks.copywriting.numerals import fold


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FEMININE = _set(
    "cafeteira camiseta camisa calca saia bermuda blusa jaqueta bolsa mochila carteira sandalia bota sapatilha "
    "meia pulseira corrente alianca joia vela caneca garrafa panela frigideira faca tabua luminaria lampada mesa "
    "cadeira cama poltrona estante prateleira cortina almofada toalha colcha manta coberta capa bicicleta bola "
    "raquete corda boneca pizza torta marmita cesta caixa camera impressora televisao tv smart_tv geladeira "
    "lavadora maquina furadeira parafusadeira serra lixadeira tinta ferramenta escova chapinha maquiagem base "
    "paleta mascara racao coleira casinha planta muda orquidea rosa aula consultoria assinatura massagem "
    "limpeza viagem passagem diaria pousada hamburgueria air_fryer airfryer fritadeira batedeira sanduicheira "
    "cerveja cachaca bebida agua geleia granola pasta caixinha soundbar webcam churrasqueira mala necessaire "
    "carteirinha agenda caneta lapiseira regata legging lingerie calcinha cueca pelucia piscina barraca lanterna "
    "trufa barra colecao cinta tiara presilha echarpe gravata viseira joelheira luva chaleira jarra taca forma "
    "assadeira travessa bandeja lixeira vassoura mangueira escada chave trena cola resina argila tela moldura"
)
_MASCULINE = _set(
    "tenis sapato chinelo vestido short shorts casaco moletom conjunto macacao cinto relogio colar brinco anel "
    "perfume creme sabonete shampoo xampu condicionador hidratante batom esmalte protetor oculos bone chapeu fone "
    "headset celular smartphone carregador cabo notebook tablet mouse teclado monitor computador console jogo "
    "livro caderno kit combo pack liquidificador fogao forno micro-ondas microondas ventilador ar-condicionado "
    "aspirador ferro purificador filtro sofa colchao travesseiro lencol edredom tapete quadro espelho abajur vaso "
    "armario guarda-roupa rack painel bolo brigadeiro doce chocolate cafe cha vinho queijo azeite mel pao hamburguer "
    "lanche salgado acai sorvete brinquedo carrinho patinete skate tapete_de_yoga halter suplemento whey curso "
    "plano servico ingresso pacote projetor drone power_bank smartwatch roteador copo prato talher jogo_de_panelas "
    "organizador suporte gancho martelo alicate pijama robe biquini maio body sutia lenco cachecol guarda-chuva "
    "mixer processador espremedor moedor grill umidificador aquecedor secador modelador barbeador aparador pincel "
    "serum tonico oleo balm gloss blush rimel corretivo arranhador comedouro bebedouro brownie cookie pudim"
)
_ENDINGS = (
    ("eira", "a"), ("eiro", "o"), ("ção", "a"), ("são", "a"), ("dade", "a"), ("agem", "a"), ("dora", "a"),
    ("dor", "o"), ("tora", "a"), ("inho", "o"), ("inha", "a"), ("ão", "o"), ("eta", "a"), ("ador", "o"),
)  # fmt: skip
_PLURAL_ONLY = frozenset({"oculos"})


def article(noun: str) -> str:
    """The Portuguese article of the thing that a name begins with; "" where that is not known for sure."""
    found = noun.split()
    if not found:
        return ""
    two = fold("_".join(found[:2]))
    word = found[0].lower().strip(",.:;")
    if two in _FEMININE:
        return "a"
    folded = fold(word)
    gender = _gender(word, folded)
    if gender:
        return gender + ("s" if folded in _PLURAL_ONLY else "")
    if folded.endswith("s") and (gender := _gender(word[:-1], folded[:-1])):
        return f"{gender}s"
    return ""


def _gender(word: str, folded: str) -> str:
    if folded in _FEMININE:
        return "a"
    if folded in _MASCULINE:
        return "o"
    return next(
        (gender for ending, gender in _ENDINGS if len(word) > len(ending) + 1 and word.endswith(ending)), ""
    )


def is_noun(word: str) -> bool:
    """Whether the word is one of the things whose gender is known by heart."""
    return fold(word) in _FEMININE | _MASCULINE
