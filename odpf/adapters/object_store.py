"""Objects in S3, with a reader that fetches only what is asked for."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, BinaryIO
from uuid import uuid4

import boto3
from botocore.exceptions import ClientError

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.dynamo import chunks
from odpf.adapters.failures import aws_call, code_of
from odpf.errors import TransientError
from odpf.ports import StoredObject

TAIL_BYTES = 64 * 1024
"""Read at once when an object is opened: what Arrow asks for first when it looks for a Parquet footer."""
DELETES_AT_ONCE = 1000
"""Keys in one DeleteObjects (S3 API)."""

_ABSENT = frozenset({"NoSuchKey", "404"})
_PRECONDITION = frozenset({"PreconditionFailed", "412"})
_CONFLICT = frozenset({"ConditionalRequestConflict", "409"})
_CHANGED = _PRECONDITION | _CONFLICT
"""Another content stands there, or is being put at this moment."""

_WRITTEN_BY = "odpf-written-by"


class S3ObjectStore:
    """Objects by bucket and key."""

    def __init__(self, session: boto3.Session) -> None:
        self._client = session.client("s3", config=CLIENT_CONFIG)

    def get(self, bucket: str, key: str) -> bytes:
        """The whole object."""
        return self.fetch(bucket, key)[0]

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write an object."""
        with aws_call(f"Writing s3://{bucket}/{key}"):
            self._client.put_object(Bucket=bucket, Key=key, Body=content)

    def put_new(self, bucket: str, key: str, content: bytes) -> bool:
        """Write an object unless there is one, in one request that S3 decides (`If-None-Match: *`).

        The object carries a token of this call: where the SDK tries again because an answer was lost, what stands there is
        told from what somebody else wrote. That costs a request more, and only then.

        Raises:
            TransientError: the key is being written or deleted by another request at this moment (S3 answers 409).
        """
        path, token = f"s3://{bucket}/{key}", {_WRITTEN_BY: uuid4().hex}
        with aws_call(f"Writing {path}"):
            try:
                self._client.put_object(Bucket=bucket, Key=key, Body=content, IfNoneMatch="*", Metadata=token)
            except ClientError as error:
                if code_of(error) in _PRECONDITION:
                    return _tried_again(error) and self._metadata(bucket, key) == token
                if code_of(error) in _CONFLICT:
                    raise TransientError(
                        f"{path} is written by another request at this moment. The next run tries again."
                    ) from None
                raise
        return True

    def _metadata(self, bucket: str, key: str) -> dict[str, str] | None:
        """What an object carries; None where it is gone by now."""
        try:
            return dict(self._client.head_object(Bucket=bucket, Key=key)["Metadata"])
        except ClientError as error:
            if code_of(error) in _ABSENT:
                return None
            raise

    def put_file(self, bucket: str, key: str, file: BinaryIO) -> None:
        """Write an object from a file, in one request: at most 5 GB, and no parts that somebody has to clear away."""
        with aws_call(f"Writing s3://{bucket}/{key}"):
            self._client.put_object(Bucket=bucket, Key=key, Body=io.BufferedReader(_RestOfFile(file)))

    def copy(self, bucket: str, key: str, new_key: str) -> None:
        """Have S3 copy an object within its bucket, in one request: at most 5 GB."""
        path = f"s3://{bucket}/{key}"
        with aws_call(f"Copying {path}"):
            try:
                self._client.copy_object(Bucket=bucket, Key=new_key, CopySource={"Bucket": bucket, "Key": key})
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    raise FileNotFoundError(f"There is no object {path}.") from None
                raise

    def open(self, bucket: str, key: str, tail: int = 0) -> tuple[BinaryIO, str]:
        """A buffered reader over ranged requests, and the etag that every one of them insists on."""
        try:
            end, answer = self.fetch(bucket, key, Range=f"bytes=-{max(tail, TAIL_BYTES)}")
        except _EmptyObject:
            end, answer = self.fetch(bucket, key)
        size = int(answer["ContentRange"].rsplit("/", 1)[1]) if "ContentRange" in answer else len(end)
        etag = str(answer["ETag"])
        raw = _RangedObject(self, bucket, key, etag=etag, size=size, tail=end)
        return io.BufferedReader(raw, TAIL_BYTES), etag.strip('"')

    def fetch(self, bucket: str, key: str, **arguments: Any) -> tuple[bytes, dict[str, Any]]:
        """The object or a range of it, with the answer's headers; `arguments` are those of GetObject."""
        path = f"s3://{bucket}/{key}"
        with aws_call(f"Reading {path}"):
            try:
                answer = self._client.get_object(Bucket=bucket, Key=key, **arguments)
                return answer["Body"].read(), dict(answer)
            except ClientError as error:
                code = code_of(error)
                if code in _ABSENT:
                    raise FileNotFoundError(f"There is no object {path}.") from None
                if code == "InvalidRange":
                    raise _EmptyObject from None
                if code == "PreconditionFailed":
                    raise TransientError(
                        f"{path} was overwritten while it was read. The next run reads what stands there now."
                    ) from None
                raise

    def list(self, bucket: str, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """Objects below a prefix with a key greater than `after`, 1,000 a request."""
        place: dict[str, Any] = {"Bucket": bucket, "Prefix": prefix, **({"StartAfter": after} if after else {})}
        pages = iter(self._client.get_paginator("list_objects_v2").paginate(**place))
        while True:
            with aws_call(f"Listing s3://{bucket}/{prefix}"):
                page = next(pages, None)
            if page is None:
                return
            answered = _date(page)
            for entry in page.get("Contents", []):
                written = entry["LastModified"].astimezone(UTC)
                yield StoredObject(entry["Key"], entry["ETag"].strip('"'), entry["Size"], written, answered)

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Remove objects; one that is not there is fine."""
        for some in chunks(keys, DELETES_AT_ONCE):
            with aws_call(f"Deleting from s3://{bucket}"):
                answer = self._client.delete_objects(
                    Bucket=bucket, Delete={"Objects": [{"Key": key} for key in some], "Quiet": True}
                )
            if failed := answer.get("Errors"):
                raise TransientError(
                    f"{len(failed)} of {len(some)} objects of s3://{bucket} were not deleted, the first is "
                    f"{failed[0].get('Key')}: {failed[0].get('Message')}. Delete again."
                )

    def delete_if_unchanged(self, bucket: str, key: str, etag: str) -> bool:
        """Remove an object that still has this etag, in one request that S3 decides (`If-Match`).

        S3 asks for s3:GetObject beside s3:DeleteObject (Amazon S3 user guide, "How to perform conditional deletes").
        One that is gone counts as removed: after a lost answer that was this very request.
        """
        with aws_call(f"Deleting s3://{bucket}/{key}"):
            try:
                self._client.delete_object(Bucket=bucket, Key=key, IfMatch=f'"{etag}"')
            except ClientError as error:
                if code_of(error) in _CHANGED:
                    return False
                if code_of(error) not in _ABSENT:
                    raise
        return True


def _date(answer: Mapping[str, Any]) -> datetime | None:
    """S3's clock when it answered: the header Date, whole seconds of UTC (RFC 9110); something between may drop it."""
    text = answer["ResponseMetadata"].get("HTTPHeaders", {}).get("date", "")
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except ValueError:
        return None


class _EmptyObject(Exception):
    """An object without bytes has no range; S3 answers 416."""


class _RestOfFile(io.RawIOBase):
    """A file from where it stands: the SDK goes to position 0 before it sends a body again."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__()
        self._file = file
        self._start = file.tell()

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._file.tell() - self._start

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = self._start if whence == io.SEEK_SET else 0
        return self._file.seek(start + offset, whence) - self._start

    def readinto(self, buffer: Any) -> int:
        content = self._file.read(len(buffer))
        buffer[: len(content)] = content
        return len(content)


class _RangedObject(io.RawIOBase):
    """One version of one object, as a file."""

    def __init__(self, store: S3ObjectStore, bucket: str, key: str, *, etag: str, size: int, tail: bytes) -> None:
        super().__init__()
        self._store = store
        self._bucket = bucket
        self._key = key
        self._etag = etag
        self._size = size
        self._tail = tail
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError(f"negative position {start + offset}")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: Any) -> int:
        content = self._read(self._position, min(self._position + len(buffer), self._size))
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)

    def _read(self, start: int, end: int) -> bytes:
        if start >= end:
            return b""
        tail_start = self._size - len(self._tail)
        if start >= tail_start:
            return self._tail[start - tail_start : end - tail_start]
        content, _ = self._store.fetch(self._bucket, self._key, Range=f"bytes={start}-{end - 1}", IfMatch=self._etag)
        return content


def _tried_again(error: ClientError) -> bool:
    """Whether the SDK had asked before, and an earlier answer may have been lost."""
    return bool(error.response.get("ResponseMetadata", {}).get("RetryAttempts"))
