"""Commands that do the same for several things: what is wrong with one is told at the end, and the others are done."""

from collections.abc import Iterator
from contextlib import contextmanager

from deployments.cli.output import show_error
from deployments.processes.service import ServiceError
from tasks.errors import ContrapontoError


class Several:
    """The things, one after the other, and how the command ends."""

    def __init__(self) -> None:
        self._errors: list[ContrapontoError] = []

    @contextmanager
    def each(self, what: object) -> Iterator[None]:
        """One of them; `what` names it where the server can say nothing of it."""
        from prefect.exceptions import PrefectHTTPStatusError

        try:
            yield
        except PrefectHTTPStatusError as error:
            status, said = error.response.status_code, error.response.text[:500]
            self._errors.append(ServiceError(f"{what}: the server answered {status}.", hint=said))
        except ContrapontoError as error:
            self._errors.append(error)

    def finish(self) -> None:
        """Tell what was wrong with some of them.

        Raises:
            ContrapontoError: the last of these errors, if there are any; those before it have been printed.
        """
        for error in self._errors[:-1]:
            show_error(error)
        if self._errors:
            raise self._errors[-1]
