"""Which errors are worth another try."""

from tasks.errors import ContrapontoError

RETRIES = 3


def is_transient(error: BaseException) -> bool:
    """Whether the same call may succeed a little later.

    The product's own errors say it themselves. Lost connections and timeouts that no module has turned into one
    of them count as transient; anything else is a fault in the input or the code and would only fail again.
    """
    if isinstance(error, ContrapontoError):
        return error.transient
    return isinstance(error, ConnectionError | TimeoutError)
