"""What IAM is asked for a request to S3, in path style: the operation is in method, path and query parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote
from xml.etree import ElementTree

_PLAIN = frozenset(
    {
        "continuation-token",
        "delimiter",
        "encoding-type",
        "fetch-owner",
        "list-type",
        "marker",
        "max-keys",
        "partNumber",
        "prefix",
        "start-after",
        "x-id",
    }
)
"""Query parameters that do not make another operation of a request."""

_ON_OBJECTS = {
    ("GET", ""): "GetObject",
    ("GET", "tagging"): "GetObjectTagging",
    ("GET", "uploadId"): "ListMultipartUploadParts",
    ("GET", "versionId"): "GetObjectVersion",
    ("HEAD", ""): "GetObject",
    ("PUT", ""): "PutObject",
    ("PUT", "tagging"): "PutObjectTagging",
    ("PUT", "uploadId"): "PutObject",
    ("POST", "uploads"): "PutObject",
    ("POST", "uploadId"): "PutObject",
    ("DELETE", ""): "DeleteObject",
    ("DELETE", "tagging"): "DeleteObjectTagging",
    ("DELETE", "uploadId"): "AbortMultipartUpload",
    ("DELETE", "versionId"): "DeleteObjectVersion",
}
_ON_BUCKETS = {
    ("GET", ""): "ListBucket",
    ("GET", "location"): "GetBucketLocation",
    ("GET", "uploads"): "ListBucketMultipartUploads",
    ("HEAD", ""): "ListBucket",
}


class S3Request(NamedTuple):
    """A request; its path is decoded."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def bucket(self) -> str:
        """The first part of the path."""
        return self.path.lstrip("/").partition("/")[0]

    @property
    def key(self) -> str:
        """The rest of the path, with whatever slashes it has."""
        return self.path.lstrip("/").partition("/")[2]

    @property
    def subresource(self) -> str:
        """The query parameter that says what of the bucket or object is meant; empty for itself."""
        return "+".join(sorted(self.query.keys() - _PLAIN))


def s3_calls(request: S3Request) -> list[tuple[str, str, str | None]]:
    """(Action without its `s3:`, bucket or bucket/key, prefix of a listing) of everything the request does.

    Raises:
        KeyError: an operation that is not described here.
    """
    if not request.bucket:
        raise KeyError(f"{request.method} of the account's buckets")
    if not request.key:
        return _of_bucket(request)
    resource = f"{request.bucket}/{request.key}"
    asked: list[tuple[str, str, str | None]] = [(_ON_OBJECTS[request.method, request.subresource], resource, None)]
    if source := request.headers.get("x-amz-copy-source"):
        asked.append(("GetObject", unquote(source).lstrip("/"), None))
    if request.method in ("DELETE", "PUT") and request.headers.get("if-match", "*") != "*":
        # Comparing an ETag is reading (Amazon S3 guide, "How to perform conditional deletes", "Conditional writes").
        asked.append(("GetObject", resource, None))
    if request.headers.get("x-amz-tagging"):
        asked.append(("PutObjectTagging", resource, None))
    return asked


def _of_bucket(request: S3Request) -> list[tuple[str, str, str | None]]:
    if (request.method, request.subresource) == ("POST", "delete"):
        return _of_deletion(request)
    action = _ON_BUCKETS[request.method, request.subresource]
    prefix = request.query.get("prefix", "") if action == "ListBucket" and request.method == "GET" else None
    return [(action, request.bucket, prefix)]


def _of_deletion(request: S3Request) -> list[tuple[str, str, str | None]]:
    """DeleteObjects names its keys in the body, with or without a namespace."""
    entries = [entry for entry in ElementTree.fromstring(request.body) if entry.tag.endswith("Object")]  # noqa: S314
    found: list[tuple[str, str, str | None]] = []
    for entry in entries:
        values = {child.tag.rpartition("}")[2]: child.text or "" for child in entry}
        action = "DeleteObjectVersion" if "VersionId" in values else "DeleteObject"
        found.append((action, f"{request.bucket}/{values['Key']}", None))
        if "ETag" in values:
            found.append(("GetObject", f"{request.bucket}/{values['Key']}", None))
    return found
