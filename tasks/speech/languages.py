"""The languages that Whisper knows, and the many ways in which people name them."""

import difflib
import unicodedata

from tasks.errors import UnknownLanguageError

AUTO = "auto"

# code: English name, Portuguese name, further names. The codes are Whisper's own (hence "jw" and "he").
_NAMES: dict[str, str] = {
    "af": "afrikaans|africâner",
    "am": "amharic|amárico",
    "ar": "arabic|árabe|ara",
    "as": "assamese|assamês",
    "az": "azerbaijani|azerbaijano",
    "ba": "bashkir",
    "be": "belarusian|bielorrusso",
    "bg": "bulgarian|búlgaro|bul",
    "bn": "bengali|bangla|ben",
    "bo": "tibetan|tibetano",
    "br": "breton|bretão",
    "bs": "bosnian|bósnio",
    "ca": "catalan|catalão|valencian|cat",
    "cs": "czech|tcheco|checo|ces|cze",
    "cy": "welsh|galês",
    "da": "danish|dinamarquês|dan",
    "de": "german|alemão|deutsch|deu|ger",
    "el": "greek|grego|ell|gre",
    "en": "english|inglês|eng",
    "es": "spanish|espanhol|español|castilian|castelhano|spa",
    "et": "estonian|estoniano|est",
    "eu": "basque|basco",
    "fa": "persian|persa|farsi|fas|per",
    "fi": "finnish|finlandês|suomi|fin",
    "fo": "faroese|feroês",
    "fr": "french|francês|français|fra|fre",
    "gl": "galician|galego|glg",
    "gu": "gujarati|guzerate",
    "ha": "hausa|hauçá",
    "haw": "hawaiian|havaiano",
    "he": "hebrew|hebraico|iw|heb",
    "hi": "hindi|hin",
    "hr": "croatian|croata|hrv",
    "ht": "haitian creole|crioulo haitiano|haitian",
    "hu": "hungarian|húngaro|magyar|hun",
    "hy": "armenian|armênio",
    "id": "indonesian|indonésio|in|ind",
    "is": "icelandic|islandês|isl",
    "it": "italian|italiano|ita",
    "ja": "japanese|japonês|jpn",
    "jw": "javanese|javanês|jv",
    "ka": "georgian|georgiano",
    "kk": "kazakh|cazaque",
    "km": "khmer|cambojano",
    "kn": "kannada|canarês",
    "ko": "korean|coreano|kor",
    "la": "latin|latim|lat",
    "lb": "luxembourgish|luxemburguês",
    "ln": "lingala",
    "lo": "lao|laosiano",
    "lt": "lithuanian|lituano|lit",
    "lv": "latvian|letão|lav",
    "mg": "malagasy|malgaxe",
    "mi": "maori",
    "mk": "macedonian|macedônio",
    "ml": "malayalam|malaiala",
    "mn": "mongolian|mongol",
    "mr": "marathi|marata",
    "ms": "malay|malaio|msa",
    "mt": "maltese|maltês",
    "my": "myanmar|burmese|birmanês",
    "ne": "nepali|nepalês",
    "nl": "dutch|holandês|neerlandês|flemish|nld|dut",
    "nn": "nynorsk",
    "no": "norwegian|norueguês|nb|bokmål|nor",
    "oc": "occitan|occitano",
    "pa": "punjabi|panjabi",
    "pl": "polish|polonês|polaco|pol",
    "ps": "pashto|pachto",
    "pt": "portuguese|português|brazilian portuguese|brazilian|por",
    "ro": "romanian|romeno|moldavian|ron|rum",
    "ru": "russian|russo|rus",
    "sa": "sanskrit|sânscrito",
    "sd": "sindhi",
    "si": "sinhala|cingalês",
    "sk": "slovak|eslovaco|slk",
    "sl": "slovenian|esloveno|slv",
    "sn": "shona|xona",
    "so": "somali",
    "sq": "albanian|albanês",
    "sr": "serbian|sérvio|srp",
    "su": "sundanese|sundanês",
    "sv": "swedish|sueco|svenska|swe",
    "sw": "swahili|suaíli",
    "ta": "tamil",
    "te": "telugu",
    "tg": "tajik|tadjique",
    "th": "thai|tailandês|tha",
    "tk": "turkmen|turcomano",
    "tl": "tagalog|filipino|fil",
    "tr": "turkish|turco|tur",
    "tt": "tatar|tártaro",
    "uk": "ukrainian|ucraniano|ukr",
    "ur": "urdu",
    "uz": "uzbek|uzbeque",
    "vi": "vietnamese|vietnamita|vie",
    "yi": "yiddish|iídiche",
    "yo": "yoruba|iorubá",
    "yue": "cantonese|cantonês",
    "zh": "chinese|chinês|mandarin|mandarim|cmn|zho|chi",
}

UNSPACED = frozenset({"ja", "zh", "yue", "th", "lo", "my", "km", "bo"})
"""Languages written without spaces between words."""


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.strip().casefold().replace("_", "-"))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


_CODES: dict[str, str] = {
    _plain(name): code for code, names in _NAMES.items() for name in (code, *names.split("|"))
}


def language_codes() -> tuple[str, ...]:
    """The codes of all known languages, sorted."""
    return tuple(sorted(_NAMES))


def language_name(code: str) -> str:
    """The English name of a code, for messages ("pt" -> "Portuguese")."""
    return _NAMES[code].split("|")[0].title() if code in _NAMES else code


def language_tags(name: str) -> tuple[str, ...]:
    """The name as it was given and all others of the same language: what a file may call it ("pt": also "por").

    A language that is not known has only the name that was given.
    """
    try:
        code = normalise_language(name)
    except UnknownLanguageError:
        return (name,)
    return (name, code, *_NAMES.get(code, "").split("|"))


def normalise_language(name: str) -> str:
    """The code for a language named in any usual way.

    "pt", "pt-BR", "pt_br", "Portuguese", "português" and "por" are all "pt". A region or script is dropped:
    the engine makes no such difference. "auto" (and an empty name) stays "auto". Raises UnknownLanguageError,
    which suggests the closest names.
    """
    plain = _plain(name)
    if plain in ("", AUTO, "automatic", "detect"):
        return AUTO
    code = _CODES.get(plain) or _CODES.get(plain.split("-")[0])
    if code:
        return code
    close = difflib.get_close_matches(plain, _CODES, n=3, cutoff=0.6)
    suggestions = list(
        dict.fromkeys(f'"{_CODES[match]}" ({language_name(_CODES[match])})' for match in close)
    )
    raise UnknownLanguageError(
        f'The language "{name}" is not known.',
        hint=(f"Did you mean {' or '.join(suggestions)}?" if suggestions else "")
        or 'Give a code such as "en" or "pt", or "auto" to have it detected.',
    )
