"""Which references are about a clause."""

from collections.abc import Sequence

from tasks.documents.change import ClauseName, Reference
from tasks.documents.clauses import Clause, number_key, places_by_key


class ClauseReferences:
    """References by the id of their clause; one that is nobody's id is a number, however it is written."""

    def __init__(self, references: Sequence[Reference], clauses: Sequence[Clause]) -> None:
        self._references = references
        ids = {str(clause.id) for clause in clauses if clause.id is not None}
        named = [(str(each.clausula).strip(), place) for place, each in enumerate(references)]
        self._by_id = places_by_key((name, place) for name, place in named if name in ids)
        self._by_number = places_by_key((number_key(name), place) for name, place in named if name not in ids)

    def of(self, clause: ClauseName | None) -> tuple[Reference, ...]:
        """Those of a clause, in the order in which they were given."""
        if clause is None:
            return ()
        by_id = self._by_id.get(str(clause.id), ()) if clause.id is not None else ()
        places = sorted((*by_id, *self._by_number.get(number_key(clause.numero), ())))
        return tuple(self._references[place] for place in places)
