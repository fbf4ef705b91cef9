"""What a message of the staging queue says: the landed files in it, or why it cannot be used.

Two shapes arrive: EventBridge's "Object Created" event, and S3's own notification where a bucket sends to the queue
directly. Keys are plain text in the first and url-encoded in the second (Amazon S3 user guide, "Event message
structure" and "EventBridge event message structure"), so the shape decides, and nothing is decoded twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal, NamedTuple, TypeVar
from urllib.parse import unquote_plus

from pydantic import AliasChoices, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import from_json

from odpf.errors import InvalidEvent
from odpf.landed_file import LandedFile
from odpf.settings import StagingPlace

MOST_KEY_BYTES = 1024
"""Length of an object key in UTF-8 (Amazon S3 user guide, "Naming Amazon S3 objects")."""

_TEST_EVENT = "s3:TestEvent"

_Model = TypeVar("_Model", bound=BaseModel)
_Text = Annotated[str, Field(min_length=1)]


class Arrivals(NamedTuple):
    """The landed files of one message, and how many other objects it tells of that ODPF does not care about."""

    files: tuple[LandedFile, ...] = ()
    ignored: int = 0


class _Part(BaseModel):
    """A part of an event; S3 may say more than we use."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class _Bucket(_Part):
    name: _Text


class _Object(_Part):
    key: _Text
    # AWS writes `etag` here; emulators that make the event from a notification write `eTag`.
    etag: Annotated[_Text, Field(validation_alias=AliasChoices("etag", "eTag"))]
    size: Annotated[int, Field(ge=0)]


class _Detail(_Part):
    bucket: _Bucket
    object: _Object


class _ObjectCreated(_Part):
    """EventBridge's event."""

    source: Literal["aws.s3"]
    detail_type: Annotated[Literal["Object Created"], Field(alias="detail-type")]
    time: AwareDatetime
    detail: _Detail


class _NotifiedObject(_Part):
    key: _Text
    etag: Annotated[_Text, Field(alias="eTag")]
    size: Annotated[int, Field(ge=0)]


class _Notified(_Part):
    bucket: _Bucket
    object: _NotifiedObject


class _Record(_Part):
    event_source: Annotated[Literal["aws:s3"], Field(alias="eventSource")]
    event_name: Annotated[str, Field(alias="eventName", pattern="^ObjectCreated:")]
    event_time: Annotated[AwareDatetime, Field(alias="eventTime")]
    s3: _Notified


class _Notification(_Part):
    """S3's own message; in practice it has one record."""

    records: Annotated[list[_Record], Field(alias="Records", min_length=1)]


def read_message(body: str, places: Sequence[StagingPlace]) -> Arrivals:
    """Tell the landed files of one message.

    Args:
        body: of the SQS message.
        places: the deployment's staging places; their buckets are the only ones that may send events.

    Raises:
        InvalidEvent: not an S3 event, or not one that this deployment can register. The message belongs in the
            dead-letter queue, where it can be looked at and sent again.
    """
    document = _document(body)
    if document.get("Event") == _TEST_EVENT:
        return Arrivals(ignored=1)
    if "Records" in document:
        return _arrivals([_from_record(record) for record in _read(_Notification, body).records], places)
    event = _read(_ObjectCreated, body)
    created = event.detail.object
    return _arrivals([_Seen(event.detail.bucket.name, created.key, created.etag, created.size, event.time)], places)


class _Seen(NamedTuple):
    bucket: str
    key: str
    etag: str
    size: int
    at: datetime


def _arrivals(seen: list[_Seen], places: Sequence[StagingPlace]) -> Arrivals:
    parsed = [_landed_file(one, places) for one in seen]
    files = tuple(file for file in parsed if file is not None)
    return Arrivals(files, len(parsed) - len(files))


def _landed_file(seen: _Seen, places: Sequence[StagingPlace]) -> LandedFile | None:
    if seen.bucket not in {place.bucket for place in places}:
        raise InvalidEvent(
            f"An event of bucket {seen.bucket!r} arrived, which is no staging place of this deployment. "
            "Take the bucket out of the event rule, or add it to ODPF_STAGING_PLACES."
        )
    if len(seen.key.encode()) > MOST_KEY_BYTES:
        raise InvalidEvent(
            f"An event names a key of more than {MOST_KEY_BYTES} bytes, which S3 does not have. Drop it."
        )
    return LandedFile.parse(
        bucket=seen.bucket, key=seen.key, etag=seen.etag, size=seen.size, last_modified=seen.at, places=places
    )


def _from_record(record: _Record) -> _Seen:
    notified = record.s3.object
    try:
        key = unquote_plus(notified.key, errors="strict")
    except UnicodeDecodeError:
        raise InvalidEvent("The key of an S3 notification is not url-encoded UTF-8. Drop the message.") from None
    return _Seen(record.s3.bucket.name, key, notified.etag, notified.size, record.event_time)


def _document(body: str) -> dict[str, Any]:
    try:
        document = from_json(body)
    except ValueError as error:
        raise InvalidEvent(f"A message is not JSON ({error}). Drop it, or send the S3 event it was again.") from None
    if not isinstance(document, dict):
        raise InvalidEvent("A message is JSON but no event. Drop it, or send the S3 event it was again.")
    return document


def _read(model: type[_Model], body: str) -> _Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors(include_input=False))
        raise InvalidEvent(
            f"A message is not an S3 event of a created object: {problems[:1000]}. "
            "Look at the event rule; drop the message or send it again."
        ) from None
