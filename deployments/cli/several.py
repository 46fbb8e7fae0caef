"""Commands that do the same for several things: what is wrong with one is printed, and the others are done."""

from collections.abc import Iterator
from contextlib import contextmanager

import typer

from deployments.cli.output import show_error
from deployments.processes.service import ServiceError
from tasks.errors import ContrapontoError, InvalidInputError


class Several:
    """The things, one after the other, and how the command ends."""

    def __init__(self) -> None:
        self._code = 0

    @contextmanager
    def each(self, what: object) -> Iterator[None]:
        """One of them; `what` names it where the server can say nothing of it."""
        from prefect.exceptions import PrefectHTTPStatusError

        try:
            yield
        except PrefectHTTPStatusError as error:
            status = error.response.status_code
            self._note(ServiceError(f"{what}: the server answered {status}.", hint=error.response.text[:500]))
        except ContrapontoError as error:
            self._note(error)

    def finish(self) -> None:
        """End the command with the code of what went wrong, if anything did."""
        if self._code:
            raise typer.Exit(self._code)

    def _note(self, error: ContrapontoError) -> None:
        show_error(error)
        self._code = max(self._code, 2 if isinstance(error, InvalidInputError) else 1)
