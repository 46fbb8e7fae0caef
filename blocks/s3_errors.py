"""What an S3 service's errors mean to the person who set it up."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from boto3.exceptions import S3UploadFailedError
from botocore import exceptions

from tasks.errors import (
    ContrapontoError,
    InvalidInputError,
    SourceNotFoundError,
    StorageFullError,
    TransientError,
)

# Codes of Amazon S3 and of services that resemble it (those with "XMinio" are MinIO's). Answers to HEAD have no
# body: there the code is the HTTP status.
_FULL = {
    "QuotaExceeded",
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
    "InsufficientCapacity",
    "507",
}
_DENIED = {
    "403",
    "AccessDenied",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AllAccessDisabled",
}
_REGION = {
    "301",
    "307",
    "PermanentRedirect",
    "AuthorizationHeaderMalformed",
    "IllegalLocationConstraintException",
}
_PASSING = {"429", "SlowDown", "RequestTimeout", "RequestTimeTooSkewed", "ThrottlingException", "Throttling"}


@contextmanager
def explained(key: str, place: str) -> Iterator[None]:
    """Turns the client's errors into the product's; `place` is the bucket's name and address."""
    try:
        yield
    except S3UploadFailedError as error:
        # The uploader wraps what the service said; the original is what it was handling then.
        cause = error.__context__
        if isinstance(cause, exceptions.ClientError):
            raise _from_answer(cause, key, place) from error
        raise TransientError(f'The upload of "{key}" to the bucket {place} failed.') from error
    except exceptions.ClientError as error:
        raise _from_answer(error, key, place) from error
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise InvalidInputError(
            f"There are no complete credentials for the bucket {place}.",
            hint="Set CONTRAPONTO_S3_ACCESS_KEY_ID and CONTRAPONTO_S3_SECRET_ACCESS_KEY.",
        ) from error
    except exceptions.ParamValidationError as error:
        raise InvalidInputError(f"The bucket {place} is set up wrong: {_first_line(error)}") from error
    except exceptions.BotoCoreError as error:
        # All others are the network's: no connection, lost connection, timeout, an answer cut short.
        raise TransientError(
            f"The bucket {place} cannot be reached.", hint="Check the address and that the service runs."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFullError(
                f'The local disk is full: "{key}" could not be fetched from the bucket {place}.',
                hint="Free some space, or point CONTRAPONTO_HOME to a larger disk.",
            ) from error
        raise


@contextmanager
def suppress_not_implemented() -> Iterator[None]:
    """For what is done only where the service can: some compatible ones know just the main operations."""
    try:
        yield
    except exceptions.ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") != 501:
            raise


def _from_answer(error: exceptions.ClientError, key: str, place: str) -> ContrapontoError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code == "NoSuchBucket":
        return InvalidInputError(
            f"The bucket {place} does not exist.", hint="Make it, or correct CONTRAPONTO_STORE."
        )
    if code in _FULL or status == 507:
        return StorageFullError(
            f'The bucket {place} is full: "{key}" could not be stored.',
            hint="Free some space or raise its quota.",
        )
    if code in ("NoSuchKey", "404") or status == 404:
        return SourceNotFoundError(
            f'There is no file "{key}" in the bucket {place}.', hint="Check the key, or upload the file."
        )
    if code in _DENIED or status == 403:
        return InvalidInputError(
            f'The bucket {place} refuses access to "{key}" ({code}).',
            hint="Check the access key, the secret key and what they may do.",
        )
    if code in _REGION or status in (301, 307):
        return InvalidInputError(
            f"The bucket {place} is in another region ({code}).", hint="Correct CONTRAPONTO_S3_REGION."
        )
    if code in _PASSING or status == 429 or status in (500, 502, 503, 504):
        return TransientError(f"The bucket {place} is out of order at the moment ({code or status}).")
    return InvalidInputError(f'The bucket {place} refused to work on "{key}" ({code or status}).')


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
