"""A configuration manifest put on S3 by CI/CD: its event, and what is done about it."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from config_manager.parse import SUFFIXES, parse_content
from config_manager.plan import ConfigPlan
from config_manager.prepare import prepare
from config_manager.publish import publish, record_refusal
from config_manager.stores import Stores
from odpf.errors import InvalidEvent
from odpf.landed_file import file_id
from odpf.settings import Settings

MANIFEST_PREFIX = "config/"


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _Bucket(_Value):
    name: str


class _Object(_Value):
    key: str
    etag: str = ""


class _Detail(_Value):
    bucket: _Bucket
    object: _Object
    requester: str = "unknown"


class ManifestEvent(_Value):
    """EventBridge's `Object Created` event of S3 (Amazon S3 user guide, "EventBridge event message structure")."""

    detail_type: str = Field(alias="detail-type", pattern="^Object Created$")
    source: str = Field(pattern=r"^aws\.s3$")
    detail: _Detail

    @property
    def uri(self) -> str:
        """Where the manifest lies."""
        return f"s3://{self.detail.bucket.name}/{self.detail.object.key}"

    @property
    def refusal_id(self) -> str:
        """The same for every delivery of this event, so that a refusal is recorded once."""
        detail = self.detail
        return f"refused-{file_id(detail.bucket.name, detail.object.key, detail.object.etag)}"


class ManifestOutcome(BaseModel):
    """What became of a manifest; with problems it was refused, with neither there was nothing to do."""

    model_config = ConfigDict(frozen=True)

    source: str
    deployment_id: str | None = None
    problems: tuple[str, ...] = ()


def read_event(body: str, settings: Settings) -> ManifestEvent | None:
    """The event of a message; None for objects that are no manifests (folder marks, objects of other kinds).

    Raises:
        InvalidEvent: not an S3 event of a manifest; the message belongs in the dead-letter queue.
    """
    try:
        event = ManifestEvent.model_validate_json(body)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'message'}: {e['msg']}" for e in error.errors()[:5])
        raise InvalidEvent(
            f"A message of the configuration queue is no S3 event ({wrong}). Drop it, or put the manifest again."
        ) from None
    key = event.detail.object.key
    if event.detail.bucket.name != settings.artifacts_bucket or not key.startswith(MANIFEST_PREFIX):
        raise InvalidEvent(
            f"{event.uri} is no manifest of this deployment: put manifests below "
            f"s3://{settings.artifacts_bucket}/{MANIFEST_PREFIX}."
        )
    return event if key.lower().endswith(SUFFIXES) else None


def apply_manifest(body: str, stores: Stores, now: datetime) -> ManifestOutcome | None:
    """Apply what stands at the event's place now; None when nothing that is a manifest stands there.

    A manifest that is refused is done: the refusal is recorded, and delivering the event again changes nothing.

    Raises:
        InvalidEvent: the message is no event of a manifest.
        TransientError: to be delivered again.
    """
    event = read_event(body, stores.settings)
    if event is None:
        return None
    try:
        content = stores.objects.get(event.detail.bucket.name, event.detail.object.key)
    except FileNotFoundError:  # removed since; what was applied before stays
        return None
    parsed = parse_content(event.uri, content, manifest=True)
    plan = prepare(parsed, stores, prune=parsed.prune)
    who = f"{event.detail.requester} by manifest"
    if plan.problems:
        record_refusal(event.uri, event.refusal_id, plan.problems, config=stores.config, who=who, now=now)
        return ManifestOutcome(source=event.uri, deployment_id=event.refusal_id, problems=_texts(plan))
    written = publish(plan, stores, who=who, now=now)
    return ManifestOutcome(source=event.uri, deployment_id=written)


def _texts(plan: ConfigPlan) -> tuple[str, ...]:
    return tuple(f"{problem.path}: {problem.message}" for problem in plan.problems)
