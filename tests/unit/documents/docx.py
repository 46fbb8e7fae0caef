"""Word documents made of a few lines of XML."""

import zipfile
from collections.abc import Mapping
from pathlib import Path

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NAMES = (
    f'xmlns:w="{W}" xmlns:w14="http://schemas.microsoft.com/office/word/2010/wordml" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:w16se="http://schemas.microsoft.com/office/word/2015/wordml/symex" '
    'xmlns:later="urn:of:a:later:program"'
)
_KIND = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"


def paragraph(*runs: str, identifier: str = "") -> str:
    """A paragraph; each text is a run of its own, what begins with < stands as it is."""
    name = f' w14:paraId="{identifier}"' if identifier else ""
    return f"<w:p{name}>{''.join(each if each.startswith('<w') else run(each) for each in runs)}</w:p>"


def run(text: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f'<w:r><w:t xml:space="preserve">{escaped}</w:t></w:r>'


def field_character(kind: str) -> str:
    """What begins, separates or ends a field."""
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def code(text: str) -> str:
    return f'<w:r><w:instrText xml:space="preserve">{text}</w:instrText></w:r>'


def field(instructions: str, result: str) -> str:
    """A complex field; both of runs."""
    begin, separate, end = (field_character(kind) for kind in ("begin", "separate", "end"))
    return f"{begin}{instructions}{separate}{result}{end}"


def forms(requires: str, choice: str, fallback: str) -> str:
    """The same content in two forms, of which the first one requires to understand a namespace."""
    return (
        f'<mc:AlternateContent><mc:Choice Requires="{requires}">{choice}</mc:Choice>'
        f"<mc:Fallback>{fallback}</mc:Fallback></mc:AlternateContent>"
    )


def body(*blocks: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><w:document {_NAMES}><w:body>{"".join(blocks)}</w:body></w:document>'


def part(name: str, *blocks: str) -> str:
    return f'<?xml version="1.0" encoding="UTF-8"?><w:{name} {_NAMES}>{"".join(blocks)}</w:{name}>'


def relationships(*listed: tuple[str, str], external: bool = False) -> str:
    """Of (kind, target)."""
    mode = ' TargetMode="External"' if external else ""
    each = (
        f'<Relationship Id="r{number}" Type="{_KIND}/{kind}" Target="{target}"{mode}/>'
        for number, (kind, target) in enumerate(listed)
    )
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f"{''.join(each)}</Relationships>"
    )


def content_types(kind: str = MAIN) -> str:
    return (
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
    )


def whole(path: Path, document: str, parts: Mapping[str, str] | None = None) -> Path:
    """A document with headers, notes or comments: `parts` by their names without folder and ending ("footer1").

    The first one has the relationship r0, the second one r1.
    """
    named = dict(parts or {})
    kinds = {name: name.rstrip("0123456789") for name in named}
    prefix = MAIN.removesuffix("document.main+xml")
    overrides = "".join(
        f'<Override PartName="/word/{name}.xml" ContentType="{prefix}{kind}+xml"/>'
        for name, kind in kinds.items()
    )
    listed = [(kind, f"{name}.xml") for name, kind in kinds.items()]
    return save(
        path,
        document,
        {
            "[Content_Types].xml": content_types().replace("</Types>", f"{overrides}</Types>"),
            "word/_rels/document.xml.rels": relationships(*listed),
            **{f"word/{name}.xml": text for name, text in named.items()},
        },
    )


def section(*references: str) -> str:
    """The end of a section; each reference as "footer r0"."""
    listed = "".join(
        f'<w:{each.split()[0]}Reference w:type="default" r:id="{each.split()[1]}"/>' for each in references
    )
    return f'<w:sectPr xmlns:r="{_KIND}">{listed}<w:pgSz w:w="11906" w:h="16838"/></w:sectPr>'


def save(path: Path, document: str, parts: Mapping[str, str | bytes] | None = None) -> Path:
    """Writes the document; `parts` are added to what every document has, or stand in for it."""
    whole: dict[str, str | bytes] = {
        "[Content_Types].xml": content_types(),
        "_rels/.rels": relationships(("officeDocument", "word/document.xml")),
        "word/document.xml": document,
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in whole.items():
            archive.writestr(name, data)
    return path
