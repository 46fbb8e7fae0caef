"""The callers' collections: contract models with their tags and clauses, contracts with their versions and changes."""

from blocks.record_store import Collection

MODELS = Collection(
    "modelo_contrato",
    texts=("nome", "versao", "arquivo_original", "arquivo_com_tags", "observacao", "status"),
    note="observacao",
)
MODEL_TAGS = Collection(
    "modelo_contrato_tag",
    texts=("modelo_contrato", "tag_nome", "caminho_tag_inicio", "caminho_tag_fim", "conteudo", "status"),
    numbers=("sort",),
    lists=("clausulas",),
)
CLAUSES = Collection(
    "clausula",
    texts=("numero", "nome", "conteudo", "objetivo", "modelo_contrato", "tag"),
    lists=("referencias",),
)
REFERENCES = Collection("referencia", texts=("clausula", "orientacao_retorno", "descricao"))
CONTRACTS = Collection("contrato", texts=("numero", "titulo", "modelo_contrato"), lists=("versoes",))
VERSIONS = Collection(
    "versao",
    texts=("contrato", "arquivo", "modifica_arquivo", "origem", "relatorio_diff", "observacao", "status"),
    note="observacao",
)
CHANGES = Collection(
    "modificacao",
    texts=(
        *("versao", "clausula", "categoria", "conteudo", "alteracao", "caminho_inicio", "caminho_fim"),
        *("nota_analista", "status"),
    ),
    numbers=("sort",),
)
CHANGE_REFERENCES = Collection("modificacao_referencia", texts=("modificacao", "referencia"))

ALL = (MODELS, MODEL_TAGS, CLAUSES, REFERENCES, CONTRACTS, VERSIONS, CHANGES, CHANGE_REFERENCES)

DRAFT = "draft"
"""The status of what nobody is to work on yet."""
