"""The tags of a contract model, and what is said of those that do not pair."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.documents.findings import ModelFindings, read_model
from tasks.documents.story import Paragraph, Story
from tasks.documents.tags import TagsOfText, find_tags
from tests.unit.documents.docx import body, paragraph, run, save


def tags_of(*texts: str) -> TagsOfText:
    """Of a document with these paragraphs."""
    paragraphs, start = [], 0
    for number, text in enumerate(texts, 1):
        paragraphs.append(Paragraph("word/document.xml", number, None, start, text, ()))
        start += len(text) + 1
    return find_tags(Story(tuple(paragraphs), "\n".join(texts), revised=False))


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("{{TAG-preço}}R$ 10{{/TAG-preço}}", {"preço": "R$ 10"}),
        ("{{nome}}Ana{{/nome}}", {"nome": "Ana"}),
        ("{{Nome}}Ana{{/NOME}}", {"Nome": "Ana"}),
        ("{{TAG-nome}}Ana{{/nome}}", {"nome": "Ana"}),
        ("{{tag-nome /}}", {"nome": ""}),
        ("{{ 7.1 }}x{{ / 7.1 }}", {"7.1": "x"}),
        ("{{13.1.1.b}}x{{/13.1.1.B}}", {"13.1.1.b": "x"}),
        ("{{13.1.1b}}x{{/13.1.1b}}", {"13.1.1b": "x"}),
        ("<<1>>x<</1>>", {"1": "x"}),
        ("{{7}}a {{7.1}}b{{/7.1}} c{{/7}}", {"7": "a b c", "7.1": "b"}),
        ("{{objeto do contrato}}x{{/objeto do contrato}}", {"objeto do contrato": "x"}),
        ("{{{7.1}}} e <<aspas>> e {7.1}", {}),
        ("{{7.1}}um\ndois{{/7.1}}", {"7.1": "um\ndois"}),
        ("{{a}}1{{/a}} {{a}}2{{/a}}", {"a": "2"}),
        ("{{7.1}}{{/7.1}}", {"7.1": ""}),
    ],
)
def test_sound_tags(text: str, names: dict[str, str]) -> None:
    found = tags_of(*text.split("\n"))
    assert {tag.name: tag.content for tag in found.tags} == names
    assert not found.faults


@pytest.mark.parametrize(
    ("text", "kinds", "fixes"),
    [
        ("{{7.1}}x", ["sem_fechamento"], ["{{/7.1}}"]),
        ("x{{/7.1}}", ["sem_abertura"], ["{{7.1}}"]),
        ("{{7.10}}x{{/710}}", ["sem_fechamento", "sem_abertura"], ["{{/710}} por {{/7.10}}"] * 2),
        ("{{23.1.1.}}x{{/23.1.1}}", ["nome_invalido"], ["{{23.1.1}}"]),
        ("{{7.1}}x{{/7.1.}}", ["nome_invalido"], ["{{/7.1}}"]),
        ("{{7.1}}x{{/TAG-7.1", ["chaves_incompletas"], ["{{/7.1}}"]),
        ("{{7..1}}x", ["nome_invalido"], ["{{7.1}}"]),
        ("{{7,1}}x", ["nome_invalido"], ["{{7.1}}"]),
        ("{{}}x", ["nome_invalido"], [""]),
        ("{{a}}1{{b}}2{{/a}}3{{/b}}", ["cruzada", "cruzada"], ["Feche b", ""]),
        (
            "{{7.1}}a{{/7.1}}{{7.1}}b{{/7.2}}",
            ["aberta_duas_vezes", "sem_abertura"],
            ["{{7.1}} por {{7.2}}"] * 2,
        ),
        ("{{preco}}x{{/perco}}", ["sem_fechamento", "sem_abertura"], ["{{/perco}} por {{/preco}}"] * 2),
        ("{{7.1}x{{/7.1}}", ["chaves_incompletas"], ["{{7.1}}"]),
        ("{7.1}}x{{/7.1}}", ["chaves_incompletas"], ["{{7.1}}"]),
        ("{{7.1 x", ["chaves_incompletas"], ["{{7.1}}"]),
    ],
)
def test_faults_are_named_with_their_likely_fix(text: str, kinds: list[str], fixes: list[str]) -> None:
    found = tags_of(text)
    assert [fault.kind for fault in found.faults] == kinds
    for fault, fix in zip(found.faults, fixes, strict=True):
        assert fix in fault.fix
        assert fault.written == text[fault.start : fault.end]
        assert fault.message.endswith(".")


def test_a_faulty_tag_costs_no_sound_one() -> None:
    found = tags_of("{{1}}a{{/1}}", "{{2}}b", "{{3}}c{{/3}}", "{{/4}}", "{{5}}d{{/5}}")
    assert [tag.name for tag in found.tags] == ["1", "3", "5"]
    assert [fault.written for fault in found.faults] == ["{{2}}", "{{/4}}"]


def test_what_is_not_closed_swallows_no_sound_tag_inside() -> None:
    found = tags_of("{{1}}a {{1.1}}b{{/1.1}} {{1.2}}c {{1.3}}d{{/1.3}}{{/1}}")
    assert [tag.name for tag in found.tags] == ["1", "1.1", "1.3"]
    assert [fault.kind for fault in found.faults] == ["sem_fechamento"]


def test_text_in_braces_is_part_of_what_a_tag_holds() -> None:
    found = tags_of("{{7}}Prazo de {{10}} dias{{ úteis}}, {{7.1}}multa de {{TAG-x}}2%{{/7.1}}.{{/7}}")
    assert [tag.content for tag in found.tags] == [
        "Prazo de {{10}} dias{{ úteis}}, multa de 2%.",
        "multa de 2%",
    ]
    assert len(found.faults) == 3


@pytest.mark.parametrize(
    "text",
    [
        "{{" + " " * 200_000,
        "{{ / " + " " * 200_000,
        "{{7.1" + " " * 200_000,
        "{ 7.1 /" + " " * 200_000,
        "{{ " * 60_000,
        "{{7.1 " * 3_000 + "{{/7.2 " * 3_000,
        "".join(f"{{{{{number}.1}}}}" for number in range(3_000))
        + "".join(f"{{{{/{number}.1}}}}" for number in range(3_000)),
    ],
)
@pytest.mark.timeout(20)
def test_the_time_grows_with_the_text_alone(text: str) -> None:
    tags_of(text)


names = st.from_regex(r"[a-zç]{1,4}|[1-9](\.[1-9]){0,2}", fullmatch=True)
trees = st.recursive(
    st.text("ab \n.", max_size=5), lambda inner: st.lists(st.tuples(names, inner), max_size=4), max_leaves=25
)


def written(tree: object, number: list[int]) -> tuple[str, list[str]]:
    """A text with the tags of a tree, each with a name of its own, and these names."""
    if isinstance(tree, str):
        return tree, []
    text, listed = "", []
    for name, inner in tree:  # type: ignore[attr-defined]
        number[0] += 1
        own = f"{name}.{number[0]}" if name[0].isdigit() else f"{name}-{number[0]}"
        inside, deeper = written(inner, number)
        text += f"{{{{{own}}}}}{inside}{{{{/{own}}}}}"
        listed += [own, *deeper]
    return text, listed


@given(trees)
def test_every_tag_of_a_sound_text_is_found_and_nothing_else(tree: object) -> None:
    text, listed = written(tree, [0])
    found = tags_of(*text.split("\n"))
    assert [tag.name for tag in found.tags] == listed
    assert not found.faults
    for tag in found.tags:
        assert text[tag.start : tag.end].startswith(f"{{{{{tag.name}}}}}")
        assert "{{" not in tag.content


@given(st.text("{}<>/ 7.1aT-\n", max_size=60))
def test_whatever_stands_there_is_read(text: str) -> None:
    found = tags_of(*text.split("\n"))
    assert all(text[fault.start : fault.end] == fault.written for fault in found.faults)


SPLIT = [
    paragraph("{", "{TAG", "-pre", "<w:proofErr/>", "ço}", "}R$ 10{{/TAG-preço}", "} {{7.1}}x{{/", "7.1}}"),
    paragraph(
        f"<w:sdt><w:sdtContent>{run('{{8}}')}</w:sdtContent></w:sdt>",
        f"<w:ins>{run('novo')}</w:ins>",
        "{{/8}}",
    ),
    f"<w:tbl><w:tr><w:tc>{paragraph('{{9}}a')}</w:tc><w:tc>{paragraph('b{{/9}}')}</w:tc></w:tr></w:tbl>",
]


def model(tmp_path: Path, *blocks: str) -> ModelFindings:
    return read_model(save(tmp_path / "modelo.docx", body(*blocks)))


def test_a_tag_may_be_split_over_runs_and_share_them(tmp_path: Path) -> None:
    found = model(tmp_path, *SPLIT)
    assert [(tag.tag_nome, tag.conteudo, tag.sort) for tag in found.tags] == [
        ("preço", "R$ 10", 1),
        ("7.1", "x", 2),
        ("8", "novo", 3),
        ("9", "a\nb", 4),
    ]
    assert found.tags[0].caminho_tag_inicio == "word/document.xml#p[1]/c[0]"
    assert found.warnings == ("O documento tem alterações controladas, que foram lidas como aceitas.",)


def test_a_fault_is_shown_with_what_stands_around_it(tmp_path: Path) -> None:
    [fault] = model(tmp_path, paragraph("Antes"), paragraph("O preço {{7.1}}é dez.")).faults
    assert (fault.antes, fault.depois, fault.caminho) == ("O preço ", "é dez.", "word/document.xml#p[2]/c[8]")
