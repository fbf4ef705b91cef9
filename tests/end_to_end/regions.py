"""Two instances as two Regions, and what AWS does between them: global tables and S3 replication, when the test says so."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

from odpf.tables import TABLES
from tests.end_to_end.lake import FOLDER, PROGRAM, Lake

PLACES = ("primary", "secondary")
REGIONS = {"primary": "eu-west-1", "secondary": "eu-central-1"}
REPLICATED_ARTIFACTS = ("batches/", "quarantine/")
Items = dict[str, dict[str, Any]]


class Regions:
    """Both instances, the operator's folder, and the replication between them."""

    def __init__(self, folder: Path) -> None:
        self.operator = folder / "operator"
        self.operator.mkdir()
        self.lakes = {name: Lake(_made(folder / name), **_settings(number)) for number, name in enumerate(PLACES, 1)}
        self._synced: dict[str, Items] = {}
        self._sent: dict[tuple[str, str], set[str]] = {}

    def up(self) -> None:
        for name, lake in self.lakes.items():
            lake.up("--region", REGIONS[name])
            (self.operator / f"{name}.env").write_text(lake.text("local", "env"))

    def down(self) -> None:
        for lake in self.lakes.values():
            lake.down()

    def type(self, block: str) -> str:
        """What an operator types, with the files of settings in the folder; returns what stdout shows."""
        foreign = ("AWS_", "ODPF_")
        clean = {n: v for n, v in os.environ.items() if not n.startswith(foreign) or n == "ODPF_CACHE"}
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block],
            cwd=self.operator,
            env={**clean, "PATH": f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    def replicate(self, active: str) -> None:
        """Everything that has changed, raw tables only from the active Region."""
        self._replicate_tables(active)
        for source, target in (PLACES, PLACES[::-1]):
            self._copy(source, target, "staging")
            for prefix in REPLICATED_ARTIFACTS:
                self._copy(source, target, "artifacts", prefix)
        self._copy(active, _other(active), "raw")

    def mirror_raw(self, source: str) -> list[str]:
        """`aws s3 sync --delete` of the raw bucket; returns what only the other Region had."""
        target = _other(source)
        there, here = self._listed(target, "raw"), self._listed(source, "raw")
        self._copy(source, target, "raw")
        self._delete(target, "raw", there.keys() - here.keys())
        return sorted(there.keys() - here.keys())

    def _replicate_tables(self, active: str) -> None:
        """Item by item: who changed one since the last time wins; of two that did, the active Region, which came later."""
        for schema in TABLES:
            name = f"odpf_{schema.name}"
            keys = [key for key in (schema.partition_key, schema.sort_key) if key]
            copies = {place: self._items(place, name, keys) for place in PLACES}
            synced = self._synced.get(name, {})
            for key in {*copies["primary"], *copies["secondary"]}:
                items = {place: copies[place].get(key) for place in PLACES}
                changed = [place for place in PLACES if items[place] != synced.get(key)]
                if len(changed) == len(PLACES):
                    changed = [] if items["primary"] == items["secondary"] else [active]
                for place in changed:
                    self._write(_other(place), name, keys, json.loads(key), items[place])
            self._synced[name] = self._items(active, name, keys)

    def _items(self, place: str, table: str, keys: list[str]) -> Items:
        pages = self.lakes[place].client("dynamodb").get_paginator("scan").paginate(TableName=table)
        return {json.dumps([item[key] for key in keys]): item for page in pages for item in page["Items"]}

    def _write(self, place: str, table: str, keys: list[str], values: list[Any], item: dict[str, Any] | None) -> None:
        dynamodb = self.lakes[place].client("dynamodb")
        if item is None:
            dynamodb.delete_item(TableName=table, Key=dict(zip(keys, values, strict=True)))
        else:
            dynamodb.put_item(TableName=table, Item=item)

    def _copy(self, source: str, target: str, what: str, prefix: str = "") -> None:
        """Objects new or changed, oldest first, and the deletes of those that were copied before; no replica goes back."""
        here, there = self._listed(source, what, prefix), self._listed(target, what, prefix)
        sent, returned = self._sent_of(source, what), self._sent_of(target, what)
        for key in sorted(here.keys() - returned, key=lambda key: here[key]["LastModified"]):
            if key not in there or there[key]["ETag"] != here[key]["ETag"]:
                body = self.lakes[source].client("s3").get_object(Bucket=bucket(source, what), Key=key)["Body"].read()
                self.lakes[target].client("s3").put_object(Bucket=bucket(target, what), Key=key, Body=body)
            sent.add(key)
        gone = {key for key in sent - here.keys() if key.startswith(prefix)}
        self._delete(target, what, gone & there.keys())
        sent -= gone

    def _sent_of(self, place: str, what: str) -> set[str]:
        return self._sent.setdefault((place, what), set())

    def _delete(self, place: str, what: str, keys: set[str]) -> None:
        for key in keys:
            self.lakes[place].client("s3").delete_object(Bucket=bucket(place, what), Key=key)

    def _listed(self, place: str, what: str, prefix: str = "") -> dict[str, dict[str, Any]]:
        s3 = self.lakes[place].client("s3")
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket(place, what), Prefix=prefix)
        return {entry["Key"]: entry for page in pages for entry in page.get("Contents", ())}


def bucket(place: str, what: str) -> str:
    return f"acme-{what}-{PLACES.index(place) + 1}"


def _other(place: str) -> str:
    return PLACES[1 - PLACES.index(place)]


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder


def _settings(number: int) -> dict[str, str]:
    place = {"bucket": f"acme-staging-{number}", "folder": FOLDER}
    if number > 1:
        place["replica_of"] = "acme-staging-1"
    return {
        "ODPF_STAGING_PLACES": json.dumps([place]),
        "ODPF_RAW_BUCKET": f"acme-raw-{number}",
        "ODPF_ARTIFACTS_BUCKET": f"acme-artifacts-{number}",
    }


def words(block: str) -> list[list[str]]:
    """Commands of a shell block."""
    return [found for line in block.replace("\\\n", " ").splitlines() if (found := shlex.split(line, comments=True))]
