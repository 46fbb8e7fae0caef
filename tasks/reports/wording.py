"""The words that a report adds to what was collected, in its language."""

from dataclasses import dataclass
from typing import Literal

Language = Literal["pt-BR", "en"]


@dataclass(frozen=True)
class Words:
    """What the report says of its own. Braces are filled in."""

    title: str
    date: str
    conversation: str
    summary: str
    collectors: str
    collector: str
    status: str
    result: str
    done: str
    failed: str
    timed_out: str
    no_reason: str
    nothing: str
    nothing_collected: str
    details: str
    records: str
    entries: str
    from_to: str
    shown_rows: str
    shown_columns: str
    cut: str
    more: str
    same_for_all: str
    all_in_json: str
    value: str
    number: str
    items: str
    item: str
    yes: str
    no: str
    largest: str
    largest_either_way: str
    """Where some are below nothing."""
    by_day: str
    by_month: str
    by_year: str
    share: str
    others: str
    none: str
    page: str
    in_utc: str
    warnings: str
    texts: str
    unreadable: str
    too_large: str
    too_large_together: str
    no_json: str
    no_file: str
    undrawn: str
    get_fonts: str
    more_sections: str
    months: tuple[str, ...]
    decimal: str
    thousands: str


WORDS: dict[Language, Words] = {
    "pt-BR": Words(
        title="Relatório",
        date="Data",
        conversation="Conversa",
        summary="Resumo",
        collectors="Coletores",
        collector="Coletor",
        status="Situação",
        result="Resultado",
        done="concluída",
        failed="erro",
        timed_out="tempo esgotado",
        no_reason="O coletor não disse o motivo.",
        nothing="Nenhum coletor enviou dados: não há o que relatar.",
        nothing_collected="A coleta terminou sem encontrar nada.",
        details="Detalhes",
        records="Registros",
        entries="registros",
        from_to="{} a {}",
        shown_rows="Mostrando {} de {}; todas as linhas estão no JSON.",
        shown_columns="Mostrando {} de {} colunas; as outras estão no JSON.",
        cut="Textos compridos foram cortados; inteiros, estão no JSON.",
        more="Mais {}; tudo está no JSON.",
        same_for_all="Igual em todas as linhas:",
        all_in_json="O texto inteiro está no JSON.",
        value="Valor",
        number="Nº",
        items="{} itens",
        item="1 item",
        yes="sim",
        no="não",
        largest="{}: os {} maiores",
        largest_either_way="{}: os {} maiores em valor absoluto",
        by_day="{} por dia",
        by_month="{} por mês",
        by_year="{} por ano",
        share="{} por {}",
        others="outros",
        none="sem valor",
        page="Página {} de {}",
        in_utc="Horários em UTC.",
        warnings="Avisos",
        texts="Textos",
        unreadable="O que foi coletado não pôde ser lido: {}",
        too_large="{} tem {} bytes; um relatório lê no máximo {}.",
        too_large_together="{} tem {} bytes; um relatório lê no máximo {} de todos os arquivos juntos.",
        no_json="{} não é JSON: {}.",
        no_file="{} não existe ou não pode ser aberto.",
        undrawn="Nenhuma fonte instalada tem estas letras, que no PDF são quadrados: {}.",
        get_fonts="Para instalar as fontes: contraponto models get {}.",
        more_sections="Mais {} listas e textos deste coletor estão no JSON.",
        months=("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"),
        decimal=",",
        thousands=".",
    ),
    "en": Words(
        title="Report",
        date="Date",
        conversation="Conversation",
        summary="Summary",
        collectors="Collectors",
        collector="Collector",
        status="Status",
        result="Result",
        done="done",
        failed="failed",
        timed_out="timed out",
        no_reason="The collector gave no reason.",
        nothing="No collector has sent data: there is nothing to report.",
        nothing_collected="The collection ended and found nothing.",
        details="Details",
        records="Records",
        entries="records",
        from_to="{} to {}",
        shown_rows="Showing {} of {}; all rows are in the JSON.",
        shown_columns="Showing {} of {} columns; the others are in the JSON.",
        cut="Long texts are cut; the whole of them is in the JSON.",
        more="{} more; all of it is in the JSON.",
        same_for_all="The same in all rows:",
        all_in_json="The whole text is in the JSON.",
        value="Value",
        number="No.",
        items="{} items",
        item="1 item",
        yes="yes",
        no="no",
        largest="{}: the {} largest",
        largest_either_way="{}: the {} largest in absolute value",
        by_day="{} a day",
        by_month="{} a month",
        by_year="{} a year",
        share="{} by {}",
        others="others",
        none="no value",
        page="Page {} of {}",
        in_utc="Times are in UTC.",
        warnings="Warnings",
        texts="Texts",
        unreadable="What was collected cannot be read: {}",
        too_large="{} has {} bytes; a report reads at most {}.",
        too_large_together="{} has {} bytes; a report reads at most {} of all files together.",
        no_json="{} is no JSON: {}.",
        no_file="{} is not there or cannot be opened.",
        undrawn="No installed font has these letters, which are squares in the PDF: {}.",
        get_fonts="Get the fonts with: contraponto models get {}.",
        more_sections="{} more lists and texts of this collector are in the JSON.",
        months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
        decimal=".",
        thousands=",",
    ),
}

_LABELS: dict[str, str] = {
    "id": "Id",
    "name": "Nome",
    "nome": "Nome",
    "title": "Título",
    "titulo": "Título",
    "description": "Descrição",
    "descricao": "Descrição",
    "date": "Data",
    "created at": "Criado em",
    "updated at": "Atualizado em",
    "published at": "Publicado em",
    "modified": "Modificado em",
    "size": "Tamanho",
    "type": "Tipo",
    "duration": "Duração",
    "duracao": "Duração",
    "views": "Visualizações",
    "view count": "Visualizações",
    "likes": "Curtidas",
    "like count": "Curtidas",
    "channel": "Canal",
    "author": "Autor",
    "url": "Endereço",
    "link": "Endereço",
    "language": "Idioma",
    "status": "Situação",
    "situacao": "Situação",
    "category": "Categoria",
    "price": "Preço",
    "preco": "Preço",
    "count": "Quantidade",
    "total": "Total",
    "amount": "Valor",
    "city": "Cidade",
    "country": "País",
    "email": "E-mail",
    "phone": "Telefone",
    "path": "Caminho",
    "text": "Texto",
    "tags": "Etiquetas",
    "score": "Nota",
    "source": "Fonte",
    "files": "Arquivos",
    "arquivos": "Arquivos",
    "videos": "Vídeos",
    "items": "Itens",
    "results": "Resultados",
    "error": "Erro",
    "errors": "Erros",
    "warnings": "Avisos",
    "folder": "Pasta",
    "error code": "Código do erro",
    "bad sources": "Fontes com erro",
    "first left out": "Deixados de fora",
    "left out": "Deixados de fora",
    "left": "Além do limite",
    "more": "Há mais",
    "lists": "Canais e listas",
    "failed": "Com erro",
    "transcripts": "Transcrições",
    "bytes": "Tamanho",
    "kind": "Tipo",
    "followers": "Seguidores",
    "comments": "Comentários",
    "published": "Publicado em",
    "changed": "Alterado em",
    "reason": "Motivo",
    "key": "Chave",
    "value": "Valor",
    "quantity": "Quantidade",
    "year": "Ano",
    "month": "Mês",
    "day": "Dia",
    "state": "Estado",
    "address": "Endereço",
    "company": "Empresa",
    "product": "Produto",
    "pasta": "Pasta",
}
"""Names that collectors give to fields, in Portuguese; others stay as they are."""


def label_in(language: Language, words: str) -> str:
    """What a field is called whose name consists of these small words."""
    if language == "pt-BR" and words in _LABELS:
        return _LABELS[words]
    return words[:1].upper() + words[1:]
