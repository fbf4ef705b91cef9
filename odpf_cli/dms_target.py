"""Where `odpf dms` writes, and the settings and mappings it goes by."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from odpf.adapters.aws import Aws
from odpf.settings import Settings, StagingPlace
from odpf_cli.output import note
from odpf_cli.target import announce, refuse_forgotten_endpoint
from odpf_local.dms.endpoint import EndpointSettings, read_endpoint_settings
from odpf_local.dms.mapping import TableMappings
from odpf_local.dms.target import FolderTarget, S3Place, Target, is_s3
from odpf_local.dms.writer import TaskWriter, WrittenFile


class ChosenSettings(NamedTuple):
    """Endpoint settings, and whether the user gave them."""

    settings: EndpointSettings
    given: bool


class Destination(NamedTuple):
    """A target with the endpoint settings that fit it; `where` names it for a person."""

    target: Target
    bucket: str
    settings: EndpointSettings
    where: str

    def writer(self, mappings: TableMappings, shuffle_seed: int | None) -> TaskWriter:
        """A task that writes there."""
        return TaskWriter(
            settings=self.settings,
            mappings=mappings,
            target=self.target,
            bucket=self.bucket,
            shuffle_seed=shuffle_seed,
        )

    def path(self, file: WrittenFile) -> str:
        """Where a file is: a URI, or a path of this machine."""
        return f"{self.where if isinstance(self.target, FolderTarget) else f's3://{self.bucket}'}/{file.key}"


def settings_of(path: Path | None, default: EndpointSettings) -> ChosenSettings:
    """The settings in a file, or the default without one; what a file says in vain is told."""
    if path is None:
        return ChosenSettings(default, given=False)
    settings, notes = read_endpoint_settings(path)
    for each in notes:
        note(each)
    return ChosenSettings(settings, given=True)


def mappings_of(path: Path | None, default: TableMappings) -> TableMappings:
    """The mappings in a file, or the default without one."""
    mappings = default if path is None else TableMappings.read(path)
    for each in mappings.notes:
        note(each)
    return mappings


def destination(to: str | None, chosen: ChosenSettings) -> Destination:
    """A folder, a bucket, or the deployment's staging place.

    BucketName of given settings names a bucket of the real endpoint and plays no part; BucketFolder counts.
    """
    if to is not None and not is_s3(to):
        return Destination(FolderTarget(Path(to)), "", chosen.settings, to.rstrip("/"))
    refuse_forgotten_endpoint()
    aws = Aws(Settings.from_environment(), component="dms")
    announce(aws)
    place = aws.settings.staging_places[0]
    bucket, folder = (place.bucket, None) if to is None else S3Place.parse(to)
    if folder is None:
        folder = chosen.settings.bucket_folder if chosen.given else place.folder
    settings = chosen.settings.model_copy(update={"bucket_folder": folder})
    _warn_if_elsewhere(bucket, settings.prefix, aws.settings.staging_places)
    return Destination(aws.objects, bucket, settings, f"s3://{bucket}/{settings.prefix}")


def _warn_if_elsewhere(bucket: str, prefix: str, places: tuple[StagingPlace, ...]) -> None:
    if not any(place.bucket == bucket and prefix.startswith(place.prefix) for place in places):
        looked = ", ".join(f"s3://{place.bucket}/{place.prefix}" for place in places)
        note(
            f"This deployment takes files from {looked} only: what is written to s3://{bucket}/{prefix} it does not see."
        )
