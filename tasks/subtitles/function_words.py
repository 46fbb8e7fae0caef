"""The little words of a language, which belong to the word after them or begin a clause.

Subtitles are broken "after punctuation marks, before conjunctions, before prepositions", and never between a
noun and its article or preposition, a verb and its auxiliary, its subject pronoun or its negation (Netflix,
Timed Text Style Guide: General Requirements, "Line treatment"; BBC, Subtitle Guidelines, "Break at natural
points"). The words of these classes are few and closed in every language, so that lists of them say it as
well as a tagger would, and need no model.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FunctionWords:
    """The closed classes of one language, in lower case."""

    determiners: frozenset[str] = frozenset()
    """Articles, possessives, demonstratives, and prepositions melted with an article."""
    prepositions: frozenset[str] = frozenset()
    auxiliaries: frozenset[str] = frozenset()
    """Auxiliary and modal verbs, and the words of negation before a verb."""
    pronouns: frozenset[str] = frozenset()
    """Subjects and objects that stand before their verb."""
    conjunctions: frozenset[str] = frozenset()
    """Words that a clause begins with."""
    particles: frozenset[str] = frozenset()
    """Small words inside a name ("Maria da Silva", "Ludwig van Beethoven")."""

    @property
    def leading(self) -> frozenset[str]:
        """All that wait for the word after them."""
        return self.determiners | self.prepositions | self.auxiliaries | self.pronouns | self.conjunctions


def _words(
    *, determiners: str, prepositions: str, auxiliaries: str, pronouns: str, conjunctions: str, particles: str
) -> FunctionWords:
    return FunctionWords(
        frozenset(determiners.split()),
        frozenset(prepositions.split()),
        frozenset(auxiliaries.split()),
        frozenset(pronouns.split()),
        frozenset(conjunctions.split()),
        frozenset(particles.split()),
    )


_BY_LANGUAGE = {
    "en": _words(
        determiners="a an the my your his her its our their this these those every each some any no another",
        prepositions="of to in on at by for from with without into onto about between among through under "
        "over after before during against towards toward upon within per as than very too so",
        auxiliaries="is are was were am be been being has have had having do does did will would can could "
        "shall should may might must not never i'm i've i'll i'd you're you've you'll you'd he's he'll he'd "
        "she's she'll she'd it's it'll it'd we're we've we'll we'd they're they've they'll they'd that's "
        "there's what's isn't aren't wasn't weren't don't doesn't didn't won't wouldn't can't couldn't "
        "shouldn't hasn't haven't hadn't",
        pronouns="i he she we they who",
        conjunctions="and or but because if when while although though that which where whether unless "
        "until since nor yet however",
        particles="of de da do dos das di del della van von du",
    ),
    "pt": _words(
        determiners="o a os as um uma uns umas do da dos das no na nos nas ao aos à às num numa nuns numas "
        "pelo pela pelos pelas dum duma meu minha meus minhas teu tua seu sua seus suas nosso nossa nossos "
        "nossas este esta estes estas esse essa esses essas aquele aquela aqueles aquelas deste desta desse "
        "dessa daquele daquela neste nesta nesse nessa cada todo toda todos todas algum alguma nenhum nenhuma",
        prepositions="de em com por para pra pro sem sobre sob entre até desde contra após ante perante "
        "durante segundo conforme muito mais menos tão",
        auxiliaries="é são era eram foi foram ser sendo sido está estão estava estavam estou tem têm tinha "
        "tinham ter tenho temos há havia vai vão vou vamos ia pode podem podia deve devem devia quer não "
        "nunca jamais",
        pronouns="eu tu ele ela nós eles elas você vocês se me te lhe lhes quem",
        conjunctions="e ou mas porque se quando que como onde enquanto embora porém pois nem então portanto "
        "contudo todavia",
        particles="da de do das dos di du del della van von",
    ),
    "es": _words(
        determiners="el la los las un una unos unas del al mi mis tu tus su sus nuestro nuestra nuestros "
        "nuestras este esta estos estas ese esa esos esas aquel aquella aquellos aquellas cada todo toda "
        "todos todas algún alguna ningún ninguna lo",
        prepositions="de en con por para sin sobre bajo entre hasta desde contra tras ante hacia según "
        "durante mediante muy más menos tan",
        auxiliaries="es son era eran fue fueron ser siendo sido está están estaba estaban estoy ha han había "
        "habían haber he hemos hay va van voy vamos iba puede pueden podía debe deben tiene tienen tenía no "
        "nunca jamás",
        pronouns="yo tú él ella nosotros ellos ellas usted ustedes se me te le les nos quien",
        conjunctions="y e o u pero porque si cuando que como donde mientras aunque sino pues ni entonces",
        particles="de del da dos di van von du",
    ),
    "fr": _words(
        determiners="le la les un une des du au aux mon ma mes ton ta tes son sa ses notre nos votre vos leur "
        "leurs ce cet cette ces chaque tout toute tous toutes quelque quelques aucun aucune",
        prepositions="de à en dans par pour sans sur sous entre avec chez vers contre depuis pendant après "
        "avant devant derrière selon malgré très plus moins si",
        auxiliaries="est sont était étaient fut être été suis es sommes a ai as ont avons avez avait avaient "
        "avoir va vont vais peut peuvent doit doivent faut ne n'est n'a c'est c'était j'ai n'ont pas",
        pronouns="je tu il elle nous vous ils elles on se me te y qui",
        conjunctions="et ou mais parce que car quand lorsque comme où si donc ni puisque dont alors",
        particles="de du des van von da di",
    ),
    "de": _words(
        determiners="der die das den dem des ein eine einen einem einer eines mein meine meinen meinem "
        "meiner dein deine sein seine seinen seinem seiner ihr ihre ihren ihrem ihrer unser unsere unseren "
        "dieser diese dieses diesen diesem jeder jede jedes jeden jedem kein keine keinen keinem keiner im "
        "am zum zur vom beim ins ans",
        prepositions="in an auf aus bei mit nach von zu vor für durch gegen ohne um über unter hinter neben "
        "zwischen seit bis während wegen trotz sehr mehr so",
        auxiliaries="ist sind war waren bin bist sein hat haben habe hast hatte hatten wird werden wurde "
        "wurden würde kann können konnte muss müssen musste soll sollen sollte will wollen darf dürfen mag "
        "nicht nie",
        pronouns="ich du er sie es wir man wer sich mich dich mir dir uns",
        conjunctions="und oder aber weil wenn als dass ob obwohl während denn sondern bevor nachdem damit",
        particles="von van zu zum zur de da di del",
    ),
    "it": _words(
        determiners="il lo la i gli le un uno una del dello della dei degli delle al allo alla ai agli alle "
        "dal dallo dalla dai dagli dalle nel nello nella nei negli nelle sul sullo sulla sui sugli sulle col "
        "mio mia miei mie tuo tua suo sua suoi sue nostro nostra vostro vostra loro questo questa questi "
        "queste quel quello quella quei quegli quelle ogni tutto tutta tutti tutte qualche",
        prepositions="di a da in con su per tra fra senza sopra sotto dopo prima verso contro durante "
        "secondo molto più meno così",
        auxiliaries="è sono era erano fu furono essere stato stata ho hai ha abbiamo avete hanno aveva "
        "avevano avere può possono deve devono vuole sta stanno non mai c'è c'era",
        pronouns="io tu lui lei noi voi si mi ti ci vi ne chi",
        conjunctions="e ed o ma perché se quando che come dove mentre anche però né quindi oppure poiché",
        particles="di de da del della dei degli dal dalla van von du",
    ),
}

ARTICLES_IN_NAMES = frozenset(["the", "la", "las", "los", "le", "les", "der", "den", "dem"])
"""What may follow a particle inside a name: "de la Torre", "von der Leyen"."""

_NONE = FunctionWords()


def function_words(language: str) -> FunctionWords:
    """Those of a language by its code; empty for one without a list."""
    return _BY_LANGUAGE.get(language, _NONE)
