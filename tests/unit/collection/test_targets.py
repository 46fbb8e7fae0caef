"""Whom a conversation asks, and how earlier callers write it."""

from tasks.collection.targets import Target, parameters_of, substep_names


def test_each_has_a_name_of_its_own() -> None:
    targets = [Target(name=name) for name in ("a", "a-2", "a", "a", "b")]
    assert substep_names(targets) == ["a", "a-2", "a-3", "a-4", "b"]
    assert substep_names([]) == []


def test_also_the_longest_name_may_be_asked_again() -> None:
    names = substep_names([Target(name="a" * 80)] * 11)
    assert len(set(names)) == 11
    assert [Target(name=name).name for name in names] == names


def test_the_names_of_earlier_callers_are_understood() -> None:
    payload = {
        "escavadores": [{"nome": "youtube", "parametros": {"canal": "x"}}, "arquivos", 7],
        "executadores": [{"executador": "relatorio"}],
        "id_roteiro": "R",
    }
    assert parameters_of(payload) == {
        "collectors": [{"name": "youtube", "parameters": {"canal": "x"}}, {"name": "arquivos"}, 7],
        "executors": [{"name": "relatorio"}],
        "id_roteiro": "R",
    }


def test_what_is_no_list_stays_for_the_flow_to_refuse() -> None:
    assert parameters_of({"collectors": "youtube", "other": 1}) == {"collectors": "youtube", "other": 1}
