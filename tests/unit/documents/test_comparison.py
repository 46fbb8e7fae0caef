"""Two versions compared by the real engine: what is told of them, and that it is so."""

import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasks.documents.change import Reference
from tasks.documents.clauses import Clause
from tasks.documents.comparison import Wanted, compare
from tasks.documents.engine import ComparisonEngine
from tasks.documents.package import open_package, package_of
from tasks.documents.revisions import GONE, NEW, read_lines
from tasks.documents.story import read_story
from tests.unit.documents.comparisons import PRICE, TITLE, Compare, only, told
from tests.unit.documents.contracts import edit, make_contract
from tests.unit.documents.docx import body, paragraph, part, run, section, whole


def test_a_document_is_the_same_as_itself(compared: Compare) -> None:
    found = compared(body(TITLE, PRICE), body(TITLE, PRICE))
    assert told(found) == []
    assert found.findings.verificado


def test_a_changed_amount_is_told_first_with_its_clause_and_what_to_do(compared: Compare) -> None:
    clauses = [Clause(id=7, numero="2", nome="Do preço"), Clause(id=8, numero="3", nome="Outra")]
    references = [Reference(clausula=7, orientacao_retorno="Levar ao financeiro."), Reference(clausula=8)]
    new = body(
        TITLE,
        PRICE.replace("1.000,00", "2.500,00")
        .replace("30 (trinta)", "45 (quarenta e cinco)")
        .replace("2%", "10%"),
    )
    found = compared(body(TITLE, PRICE), new, clauses=clauses, references=references)
    changes = found.findings.alteracoes
    assert {each.clausula for each in changes} == {7}
    assert {reference.orientacao_retorno for each in changes for reference in each.referencias} == {
        "Levar ao financeiro."
    }
    figures = [(each.tipo, each.antes, each.depois) for change in changes for each in change.destaques]
    assert ("valor", "R$ 1.000,00", "R$ 2.500,00") in figures
    assert ("prazo", "30 (trinta) dias", "45 (quarenta e cinco) dias") in figures
    assert ("percentual", "2%", "10%") in figures
    assert len({change.bloco for change in changes}) == 1


def test_a_figure_that_is_lengthened_is_told_with_what_it_was(compared: Compare) -> None:
    old = body(TITLE, PRICE)
    for change, (was, now) in {
        ("(trinta) dias", "(trinta) dias úteis"): ("30 (trinta) dias", "30 (trinta) dias úteis"),
        ("R$ 1.000,00", "R$ 1.000,00 (mil reais)"): ("R$ 1.000,00", "R$ 1.000,00 (mil reais)"),
        ("R$ 1.000,00 por", "R$ 1.000.000,00 por"): ("R$ 1.000,00", "R$ 1.000.000,00"),
        ("de 2%", "de 2% e 5%, com juros"): ("", "5%"),
    }.items():
        [highlight] = only(compared(old, old.replace(*change))).destaques
        assert (highlight.antes, highlight.depois) == (was, now)


def test_a_list_that_comes_in_and_what_follows_it_are_in_their_clause(compared: Compare) -> None:
    end, annex = paragraph("Parágrafo único. Os preços são fixos."), paragraph("ANEXO I – FOTOS")
    listed = [paragraph(text) for text in ("1) Cadeiras", "2) Mesas", "3) Armários e o mais que for pedido.")]
    clauses = [Clause(id=9, numero="2", nome="Do preço"), Clause(id=3, numero="3")]
    new = body(TITLE, PRICE, *listed, end.replace("fixos", "livres"))
    changes = compared(body(TITLE, PRICE, end), new, clauses=clauses).findings.alteracoes
    assert {(change.clausula, change.clausula_nome) for change in changes} == {(9, "Do preço")}
    change = only(compared(body(TITLE, PRICE, end), body(TITLE, PRICE, end, annex), clauses=clauses))
    assert (change.clausula, change.clausula_numero, change.clausula_nome) == (None, "Anexo 1", "FOTOS")


def test_addresses_lead_to_the_words_in_both_files(compared: Compare, tmp_path: Path) -> None:
    change = only(compared(body(TITLE, PRICE), body(TITLE, PRICE.replace("mês", "ano"))))
    for name, start, end, words in (
        ("v2", change.caminho_inicio, change.caminho_fim, "ano"),
        ("v1", change.caminho_anterior_inicio, change.caminho_anterior_fim, "mês"),
    ):
        with open_package(tmp_path / f"{name}.docx") as package:
            story = read_story(package)
        assert story.text[story.find(start) : story.find(end)] == words


def test_identifiers_and_redlines_are_the_same_each_time(compared: Compare) -> None:
    pair = body(TITLE, PRICE), body(PRICE, paragraph("Novo."))
    one, other = compared(*pair), compared(*pair)
    assert one.findings == other.findings
    assert one.redline == other.redline
    ids = [change.id for change in one.findings.alteracoes]
    assert len(set(ids)) == len(ids) > 0


def test_paragraphs_that_came_and_went(compared: Compare) -> None:
    old = body(TITLE, PRICE, paragraph("Este parágrafo sai por inteiro do contrato."))
    new = body(TITLE, paragraph("Uma garantia de execução entra agora."), PRICE)
    assert told(compared(old, new)) == [
        ("inclusao", "", "Uma garantia de execução entra agora."),
        ("remocao", "Este parágrafo sai por inteiro do contrato.", ""),
    ]


def test_a_clause_that_came_in_is_no_new_name_of_the_next_one(compared: Compare) -> None:
    ending = ("DA RESCISÃO", "Qualquer parte pode rescindir com aviso de 30 dias.")
    guarantee = ("DA GARANTIA", "A garantia é de doze meses contados da entrega.")
    few, more = (
        body(
            *(
                paragraph(text)
                for number, (name, said) in enumerate(clauses, 3)
                for text in (f"CLÁUSULA {number}ª – {name}", said)
            )
        )
        for clauses in ([ending], [guarantee, ending])
    )
    title = ("CLÁUSULA 3ª – DA GARANTIA", guarantee[1])
    came, went = compared(few, more), compared(more, few)
    assert told(came) == [
        *(("inclusao", "", text) for text in title),
        ("modificacao", "3", "4"),
    ]
    assert sorted(told(went)) == sorted(
        [*(("remocao", text, "") for text in title), ("modificacao", "4", "3")]
    )
    assert came.findings.verificado
    assert {each.clausula_nome for each in came.findings.alteracoes} == {"DA GARANTIA", "DA RESCISÃO"}


def test_a_moved_clause_is_one_change(compared: Compare) -> None:
    texts = [
        paragraph(f"A obrigação número {word} consta deste contrato e vale para as duas partes.")
        for word in "abcd"
    ]
    change = only(compared(body(TITLE, *texts, PRICE), body(TITLE, PRICE, *texts)))
    assert change.movida
    assert change.categoria == "modificacao"
    assert change.conteudo == change.alteracao


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (run("de"), "<w:r><w:rPr><w:b/></w:rPr><w:t>de</w:t></w:r>", "negrito aplicado"),
        ("<w:r><w:rPr><w:b/></w:rPr><w:t>de</w:t></w:r>", run("de"), "negrito retirado"),
        (
            '<w:r><w:rPr><w:sz w:val="22"/></w:rPr><w:t>de</w:t></w:r>',
            '<w:r><w:rPr><w:sz w:val="24"/><w:lang w:val="pt-BR"/></w:rPr><w:t>de</w:t></w:r>',
            "tamanho 11 → 12",
        ),
    ],
)
def test_looks_are_told_however_runs_are_divided(compared: Compare, old: str, new: str, said: str) -> None:
    first, second = (body(paragraph("O preço ", each, " tudo")) for each in (old, new))
    change = only(compared(first, second))
    assert (change.categoria, change.conteudo, change.alteracao) == ("formatacao", "de", said)


def test_the_looks_of_a_paragraph(compared: Compare) -> None:
    centred = '<w:p><w:pPr><w:jc w:val="center"/></w:pPr><w:r><w:t>Texto</w:t></w:r></w:p>'
    assert told(compared(body(paragraph("Texto")), body(centred))) == [
        ("formatacao", "Texto", "parágrafo: alinhamento")
    ]


def test_a_new_section_with_a_footer_is_a_change(compared: Compare, tmp_path: Path) -> None:
    divided = f"<w:p><w:pPr>{section('footer r0')}</w:pPr></w:p>"
    new = whole(
        tmp_path / "new.docx",
        body(TITLE, divided, PRICE, section()),
        {"footer1": part("ftr", paragraph("Página da nova seção"))},
    )
    found = compared(body(TITLE, PRICE, section()), new)
    assert told(found) == [("inclusao", "", "[nova seção]"), ("inclusao", "", "Página da nova seção")]
    assert found.findings.alteracoes[1].caminho_inicio.startswith("word/footer1.xml#")
    assert found.findings.verificado


def test_headers_and_notes_are_compared(compared: Compare, tmp_path: Path) -> None:
    def version(name: str, word: str) -> Path:
        reference = '<w:r><w:footnoteReference w:id="2"/></w:r>'
        return whole(
            tmp_path / name,
            body(paragraph("Texto", reference), section("header r0")),
            {
                "header1": part("hdr", paragraph(f"Versão {word} do contrato")),
                "footnotes": part(
                    "footnotes", f'<w:footnote w:id="2">{paragraph(f"Nota {word} aqui")}</w:footnote>'
                ),
            },
        )

    found = compared(version("a.docx", "um"), version("b.docx", "dois"))
    assert told(found) == [("modificacao", "um", "dois")] * 2
    assert [block.part for block in found.blocks] == ["cabeçalho", "nota de rodapé"]
    assert found.findings.verificado


def test_word_processors_name_headers_and_footers_in_orders_of_their_own(
    compared: Compare, tmp_path: Path
) -> None:
    versions: list[Path] = []
    for order in ((0, 1, 2), (2, 0, 1)):
        names = ("header r0", "footer r1", "header r2")
        end = section(*(names[place] for place in order)).replace(
            '<w:headerReference w:type="default" r:id="r2"/>', '<w:headerReference w:type="first" r:id="r2"/>'
        )
        parts = {
            "header1": part("hdr", paragraph("Contrato")),
            "footer2": part("ftr", paragraph("Página")),
            "header3": part("hdr", paragraph("Capa")),
        }
        versions.append(whole(tmp_path / f"{order[0]}.docx", body(PRICE, end), parts))
    found = compared(*versions)
    assert found.findings.verificado, found.findings.falhas_de_verificacao
    assert told(found) == []


def test_a_document_without_paragraphs_can_be_compared(compared: Compare) -> None:
    assert compared(body(), body(paragraph())).findings.verificado
    found = compared(body(), body(PRICE))
    assert {each.caminho_anterior_inicio for each in found.findings.alteracoes} == {""}


def test_comments_that_came_and_went(compared: Compare, tmp_path: Path) -> None:
    def version(name: str, author: str, said: str) -> Path:
        around = (
            '<w:commentRangeStart w:id="0"/>',
            '<w:commentRangeEnd w:id="0"/><w:r><w:commentReference w:id="0"/></w:r>',
        )
        text = f"<w:p>{run('O preço ')}{around[0]}{run('é fixo')}{around[1]}</w:p>"
        comment = f'<w:comment w:id="0" w:author="{author}">{paragraph(said)}</w:comment>'
        return whole(tmp_path / name, body(text), {"comments": part("comments", comment)})

    found = compared(version("a.docx", "Ana", "Rever."), version("b.docx", "Bruno", "Aprovado."))
    assert sorted(told(found)) == [
        ("comentario", "é fixo", "Bruno: Aprovado."),
        ("comentario", "é fixo", "[comentário retirado] Ana: Rever."),
    ]
    assert told(compared(version("a.docx", "Ana", "Rever."), version("b.docx", "Ana", "Rever."))) == []


def test_tracked_changes_of_two_authors_are_accepted_first_and_told(compared: Compare) -> None:
    by = '<w:{0} w:id="1" w:author="{1}"><w:r><w:{2} xml:space="preserve">{3}</w:{2}></w:r></w:{0}>'
    text = paragraph(
        "O prazo é de ",
        by.format("del", "Ana", "delText", "10"),
        by.format("ins", "Bruno", "t", "20"),
        " dias.",
    )
    found = compared(body(text), body(paragraph("O prazo é de 20 dias.")))
    assert told(found) == []
    assert "Ana, Bruno" in found.findings.avisos[0]
    found = compared(body(text), body(paragraph("O prazo é de 60 dias.")))
    assert told(found) == [("modificacao", "20", "60")]
    assert found.findings.verificado


def test_a_tagged_model_is_read_without_its_markers(compared: Compare) -> None:
    model = body(
        paragraph("{{TAG-", "preço}}O preço é de {{valor}}R$ 10,00{{/valor}} por mês.{{/TAG-preço}}"),
        paragraph("{{7.1}}"),
        paragraph("O prazo é de um ano."),
        paragraph("{{/7.1}}"),
    )
    contract = body(paragraph("O preço é de R$ 12,00 por mês."), paragraph("O prazo é de dois anos."))
    clauses = [Clause(id="p", nome="Preço"), Clause(id="t", numero="7.1"), Clause(id="v", nome="valor")]
    found = compared(model, contract, clauses=clauses)
    assert [(each.clausula, each.conteudo, each.alteracao) for each in found.findings.alteracoes] == [
        ("v", "10,00", "12,00"),
        ("t", "um ano", "dois anos"),
    ]
    assert "6 marcas" in found.findings.avisos[0]
    kept = compared(model, contract, remove_markers=False)
    assert any("{{7.1}}" in each.conteudo for each in kept.findings.alteracoes)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 100_000), edits=st.integers(1, 12), tagged=st.booleans())
def test_random_edits_hold(
    engine: ComparisonEngine, tmp_path: Path, seed: int, edits: int, tagged: bool
) -> None:
    chance = random.Random(seed)
    old = make_contract(chance, 8, paragraphs=2, words=14)
    new = old.copy()
    for number in range(edits):
        edit(new, chance, number)
    paths = old.save(tmp_path / "v1.docx", tagged=tagged), new.save(tmp_path / "v2.docx")
    found = compare(Wanted(*paths, "v1", "v2", clauses=old.clauses()), engine)
    assert found.findings.verificado, found.findings.falhas_de_verificacao
    assert bool(found.findings.alteracoes) == (new.sections != old.sections)
    lines = read_lines(package_of(found.redline))
    with open_package(paths[1]) as package:
        assert lines.text(GONE) == read_lines(package).text()
    if not tagged:
        with open_package(paths[0]) as package:
            assert lines.text(NEW) == read_lines(package).text()


def test_the_clause_of_an_edit_is_found(engine: ComparisonEngine, tmp_path: Path) -> None:
    right = wrong = 0
    for seed in range(5):
        chance = random.Random(seed)
        old = make_contract(chance, 15, paragraphs=3, words=20)
        new = old.copy()
        edits = [
            made
            for number in range(6)
            if (made := edit(new, chance, number, ("insert", "replace", "cell", "remove")))
        ]
        paths = old.save(tmp_path / "v1.docx"), new.save(tmp_path / "v2.docx")
        changes = compare(Wanted(*paths, "v1", "v2", clauses=old.clauses()), engine).findings.alteracoes
        for made in edits:
            found = {each.clausula for each in changes if made.token in each.conteudo + each.alteracao}
            if not found:
                continue  # another edit took it away
            right += found == {made.key}
            wrong += found != {made.key}
    assert right >= 15
    assert wrong == 0


def test_what_changed_in_a_content_control_is_told_by_its_words(compared: Compare) -> None:
    def control(text: str) -> str:
        return f"<w:sdt><w:sdtContent>{run(text)}</w:sdtContent></w:sdt>"

    def version(rent: str, day: str, index: str) -> str:
        until = run(f" mensais, até o dia {day} de cada mês.")
        held = f"<w:p>{run('2.1. O aluguel é de ')}{control(rent)}{until}</w:p>"
        return body(TITLE, held, f"<w:p>{run('2.2. Reajuste pelo ')}{control(index)}{run('.')}</w:p>")

    found = compared(version("R$ 3.000,00", "5", "IGP-M"), version("R$ 3.300,00", "10", "IPCA"))
    assert found.findings.verificado
    assert told(found) == [
        ("modificacao", "3.000,00", "3.300,00"),
        ("modificacao", "5", "10"),
        ("modificacao", "IGP-M", "IPCA"),
    ]
    assert [(each.antes, each.depois) for each in found.findings.alteracoes[0].destaques] == [
        ("R$ 3.000,00", "R$ 3.300,00")
    ]
