"""The media store in a bucket of Amazon S3 or of anything that speaks its protocol. Needs the extra `s3`."""

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from pydantic import Field, SecretStr
from typing_extensions import override

from blocks.media_store import (
    LINK_SECONDS,
    MediaStore,
    PurgeReport,
    StoredFile,
    content_type_of,
    sha256_of,
)
from blocks.s3_errors import explained, suppress_not_implemented
from blocks.scratch import scratch_directory
from blocks.settings import get_settings
from blocks.store_keys import check_store_key, check_store_prefix
from tasks.errors import SourceNotFoundError, TransientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

_PART_BYTES = 16 << 20
_CONCURRENT_PARTS = 4
"""Together with the size of a part this bounds what a transfer takes of memory: 64 MiB."""
_SHA256 = "sha256"
MAX_ATTEMPTS = 4
"""Tries of one request; the client waits longer after each."""


class S3MediaStore(MediaStore):
    """Keeps files in a bucket. Large files go up in parts, which are withdrawn if the upload fails."""

    _block_type_name = "S3 Media Store"
    _block_type_slug = "s3-media-store"
    _description = "Keeps media, transcripts and results in a bucket of Amazon S3 or a compatible service."

    bucket: str = Field(title="Bucket", description="Name of the bucket; it must exist.")
    prefix: str = Field(
        default="", title="Prefix", description="Folder in the bucket under which all files lie."
    )
    endpoint_url: str | None = Field(
        default=None, title="Endpoint", description="Address of the S3-compatible service; empty: Amazon S3."
    )
    public_endpoint_url: str | None = Field(
        default=None,
        title="Public endpoint",
        description="Address of the same service as the readers of links reach it, if it is another.",
    )
    region: str = Field(default="us-east-1", title="Region", description="Region of the bucket.")
    access_key_id: SecretStr | None = Field(
        default=None,
        title="Access key",
        description="Empty: the usual places of AWS (environment, profile, role).",
    )
    secret_access_key: SecretStr | None = Field(
        default=None, title="Secret key", description="Secret that belongs to the access key."
    )
    path_style: bool | None = Field(
        default=None,
        title="Path style",
        description="Bucket in the path, not in the host name. Empty: yes if an endpoint is set.",
    )
    scratch_home: Path | None = Field(
        default=None,
        title="Scratch folder",
        description="Where files are put while they are worked on; empty: the folder of all data.",
    )

    @override
    def put_file(self, path: Path, key: str) -> StoredFile:
        name = self._name(check_store_key(key, new=True))
        if not path.is_file():
            raise SourceNotFoundError(f'There is no file "{path}" to store.')
        with self._explained(key):
            self._client.upload_file(
                str(path),
                self.bucket,
                name,
                ExtraArgs={"ContentType": content_type_of(key), "Metadata": {_SHA256: sha256_of(path)}},
                Config=TransferConfig(
                    multipart_threshold=_PART_BYTES,
                    multipart_chunksize=_PART_BYTES,
                    max_concurrency=_CONCURRENT_PARTS,
                ),
            )
        return self.stat(key)

    @override
    def copy_file(self, source: str, key: str) -> StoredFile:
        name = self._name(check_store_key(key, new=True))
        digest = self.stat(source).sha256
        with self._explained(source):
            # Inside the bucket: no byte passes through this machine.
            self._client.copy(
                {"Bucket": self.bucket, "Key": self._name(source)},
                self.bucket,
                name,
                ExtraArgs={
                    "ContentType": content_type_of(key),
                    "Metadata": {_SHA256: digest} if digest else {},
                    "MetadataDirective": "REPLACE",
                },
            )
        return self.stat(key)

    @override
    def put_bytes(self, data: bytes, key: str, *, content_type: str | None = None) -> StoredFile:
        name = self._name(check_store_key(key, new=True))
        with self._explained(key):
            self._client.put_object(
                Bucket=self.bucket,
                Key=name,
                Body=data,
                ContentType=content_type or content_type_of(key),
                Metadata={_SHA256: hashlib.sha256(data).hexdigest()},
            )
        return self.stat(key)

    @override
    @contextmanager
    def open_local(self, key: str) -> Iterator[Path]:
        name = self._name(check_store_key(key))
        with scratch_directory(self.scratch_home or get_settings().home, "s3") as folder:
            path = folder / key.rpartition("/")[2]
            with self._explained(key):
                answer = self._client.get_object(Bucket=self.bucket, Key=name)
                with path.open("wb") as copy:
                    shutil.copyfileobj(answer["Body"], copy, 1 << 20)
            expected = answer["Metadata"].get(_SHA256)
            if expected and sha256_of(path) != expected:
                raise TransientError(f'The file "{key}" arrived damaged from the bucket "{self.bucket}".')
            yield path

    @override
    def read_bytes(self, key: str) -> bytes:
        with self._explained(key):
            return self._client.get_object(Bucket=self.bucket, Key=self._name(check_store_key(key)))[
                "Body"
            ].read()

    @override
    def stat(self, key: str) -> StoredFile:
        head = self._head(key)
        return StoredFile(
            key=key,
            size=head["ContentLength"],
            sha256=head["Metadata"].get(_SHA256),
            content_type=head["ContentType"],
            modified=head["LastModified"].astimezone(UTC),
        )

    @override
    def exists(self, key: str) -> bool:
        try:
            self._head(key)
        except SourceNotFoundError:
            return False
        return True

    def _head(self, key: str) -> "HeadObjectOutputTypeDef":
        name = self._name(check_store_key(key))
        with self._explained(key):
            try:
                return self._client.head_object(Bucket=self.bucket, Key=name)
            except self._client.exceptions.ClientError as error:
                if error.response["ResponseMetadata"]["HTTPStatusCode"] == 404:
                    # Answers to HEAD have no body: a missing bucket looks like a missing file.
                    self._client.list_objects_v2(Bucket=self.bucket, Prefix=name, MaxKeys=1)
                raise

    @override
    def list(self, prefix: str = "") -> Iterator[StoredFile]:
        check_store_prefix(prefix)
        with self._explained(prefix):
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self._name(prefix)):
                for entry in page.get("Contents", ()):
                    key = entry["Key"].removeprefix(self._name(""))
                    if key.endswith("/"):  # what consoles make to show an empty folder
                        continue
                    yield StoredFile(
                        key=key,
                        size=entry["Size"],
                        sha256=None,
                        content_type=content_type_of(key),
                        modified=entry["LastModified"].astimezone(UTC),
                    )

    @override
    def remove(self, key: str) -> None:
        name = self._name(check_store_key(key))
        with self._explained(key):
            self._client.delete_object(Bucket=self.bucket, Key=name)

    @override
    def url(self, key: str, expires: int = LINK_SECONDS) -> str:
        self._head(key)
        with self._explained(key):
            return self._connect(self.public_endpoint_url or self.endpoint_url).generate_presigned_url(
                "get_object", Params={"Bucket": self.bucket, "Key": self._name(key)}, ExpiresIn=expires
            )

    @override
    def purge(self, older_than: timedelta, prefix: str = "", *, dry_run: bool = False) -> PurgeReport:
        if not dry_run:
            self._withdraw_unfinished(datetime.now(UTC) - older_than, prefix)
        return super().purge(older_than, prefix, dry_run=dry_run)

    def _withdraw_unfinished(self, limit: datetime, prefix: str) -> None:
        """Withdraws uploads that a killed process began: their parts are charged for but never listed."""
        with self._explained(prefix), suppress_not_implemented():
            pages = self._client.get_paginator("list_multipart_uploads")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self._name(check_store_prefix(prefix))):
                for upload in page.get("Uploads", ()):
                    if upload["Initiated"] < limit:
                        self._client.abort_multipart_upload(
                            Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                        )

    def _name(self, key: str) -> str:
        folder = self.prefix.strip("/")
        return f"{folder}/{key}" if folder else key

    def _explained(self, key: str) -> AbstractContextManager[None]:
        place = f"{self.bucket} at {self.endpoint_url}" if self.endpoint_url else self.bucket
        return explained(key, place)

    @property
    def _client(self) -> "S3Client":
        return self._connect(self.endpoint_url)

    def _connect(self, endpoint_url: str | None) -> "S3Client":
        path_style = self.path_style if self.path_style is not None else bool(self.endpoint_url)
        return _connect(
            endpoint_url,
            self.region,
            self.access_key_id.get_secret_value() if self.access_key_id else None,
            self.secret_access_key.get_secret_value() if self.secret_access_key else None,
            path_style,
        )


# Kept outside the block: clients cost 0.1 s to make, are safe to share between threads and cannot be pickled.
@lru_cache(maxsize=16)
def _connect(
    endpoint_url: str | None, region: str, access_key: str | None, secret_key: str | None, path_style: bool
) -> "S3Client":
    return boto3.session.Session().client(
        "s3",
        endpoint_url=endpoint_url,
        region_name=region,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret_key,
        config=Config(
            signature_version="s3v4",
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "total_max_attempts": MAX_ATTEMPTS},
            max_pool_connections=10,
            s3={"addressing_style": "path" if path_style else "virtual"},
            # The checksums that the client adds by itself are unknown to many compatible services.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
