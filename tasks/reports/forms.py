"""Collectors whose data have a form that is known: what of it is shown, in which order, under which names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from tasks.reports.values import Kind
from tasks.reports.wording import Language

Label = Mapping[Language, str]
_ASKED_AGAIN = re.compile(r"-(\d+)$")
"""How the name of a collector ends that was asked more than once in a conversation."""


def _named(portuguese: str, english: str) -> Label:
    return {"pt-BR": portuguese, "en": english}


@dataclass(frozen=True)
class FormField:
    """A field of a known form."""

    keys: tuple[str, ...]
    """Names that it may have; the first that the records have counts."""
    label: Label
    kind: Kind | None = None
    """None: as its values say."""


@dataclass(frozen=True)
class Form:
    """How the records of a collector are shown."""

    collector: str
    name: str
    """What readers call it."""
    lists: tuple[str, ...]
    """Names of the lists of records."""
    title: Label
    columns: tuple[FormField, ...]
    sums: tuple[FormField, ...] = ()
    """Amounts whose sums are key figures."""
    bars: FormField | None = None
    """What the largest are shown of."""
    moment: FormField | None = None
    """What says when each record is of."""
    share_of: FormField | None = None
    """What makes kinds of them; shares are of `share_amount`, else of their number."""
    share_amount: FormField | None = None
    text: FormField | None = None
    """A long text, whose beginning is shown."""
    needs: tuple[str, ...] = ()
    """Fields one of which the records have, or they are of another form."""
    counts: tuple[str, ...] = ()
    """Values beside the records that the figures of the records say already."""
    hidden: tuple[str, ...] = ()
    """What stands beside the records and says nothing to a reader."""

    @property
    def keys(self) -> frozenset[str]:
        """Names of all fields that it shows."""
        alone = (self.bars, self.moment, self.share_of, self.share_amount, self.text)
        fields = (*self.columns, *self.sums, *(each for each in alone if each is not None))
        return frozenset(key for each in fields for key in each.keys)

    def called(self, collector: str) -> str:
        """What readers call a collector of this form: YouTube, YouTube 2."""
        number = _ASKED_AGAIN.search(collector)
        return f"{self.name} {number[1]}" if number else self.name


_TITLE = FormField(("title", "titulo"), _named("Título", "Title"), Kind.TEXT)
_CHANNEL = FormField(("channel", "canal", "uploader"), _named("Canal", "Channel"), Kind.TEXT)
_PUBLISHED = FormField(
    ("published", "published_at", "upload_date", "date", "publicado_em", "data"),
    _named("Publicado em", "Published"),
)
_DURATION = FormField(
    ("duration", "duration_seconds", "duracao", "duracao_segundos"),
    _named("Duração", "Duration"),
    Kind.DURATION,
)
_VIEWS = FormField(("views", "view_count", "visualizacoes"), _named("Visualizações", "Views"), Kind.NUMBER)
_SIZE = FormField(("size", "size_bytes", "bytes", "tamanho"), _named("Tamanho", "Size"), Kind.BYTES)
_MODIFIED = FormField(
    ("modified", "modified_at", "modificado", "modificado_em"), _named("Modificado em", "Modified")
)
_TYPE = FormField(
    ("type", "tipo", "content_type", "media_type", "suffix", "extension"), _named("Tipo", "Type"), Kind.TEXT
)

FORMS = (
    Form(
        "youtube",
        "YouTube",
        ("videos", "itens", "items", "entries"),
        _named("Vídeos", "Videos"),
        (
            _TITLE,
            _CHANNEL,
            _PUBLISHED,
            _DURATION,
            _VIEWS,
            FormField(("url", "webpage_url", "link"), _named("Endereço", "Address"), Kind.URL),
        ),
        sums=(_DURATION, _VIEWS),
        bars=_VIEWS,
        moment=_PUBLISHED,
        text=FormField(
            ("transcript.text", "transcript", "transcricao", "transcription", "text", "texto"),
            _named("Transcrições", "Transcripts"),
        ),
        needs=("title", "titulo"),
        counts=("videos",),
        hidden=("file", "url", "complete"),
    ),
    Form(
        "arquivos",
        "Arquivos",
        ("files", "arquivos", "itens", "items"),
        _named("Arquivos", "Files"),
        (
            FormField(("name", "nome", "path", "caminho", "key"), _named("Nome", "Name"), Kind.TEXT),
            _TYPE,
            _SIZE,
            _MODIFIED,
        ),
        sums=(_SIZE,),
        bars=_SIZE,
        share_of=_TYPE,
        share_amount=_SIZE,
        text=FormField(("text.text", "text", "texto", "content", "conteudo"), _named("Textos", "Texts")),
        needs=("name", "nome", "path", "caminho", "key"),
        counts=("files", "bytes"),
        hidden=("file", "url", "complete", "types"),
    ),
)


def form_of(collector: str) -> Form | None:
    """The form of a collector's data, if it is known; also of one that was asked again: `youtube-2`."""
    name = _ASKED_AGAIN.sub("", collector)
    return next((form for form in FORMS if form.collector == name), None)
