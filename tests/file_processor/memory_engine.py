"""An engine over plain dicts that leaves the timeline a Hudi commit leaves: for tests of the protocol, not of Hudi."""

from __future__ import annotations

import io
import json
from urllib.parse import urlsplit

import pyarrow.parquet as pq

from file_processor.choosing import CycleKind
from file_processor.engines.engine import LEAST_COMMITS, Reduced, WritePlan
from odpf.order import OrderPosition
from odpf.ports import ObjectStore
from odpf.states import EngineName

PROPERTIES = b"hoodie.table.name=orders\nhoodie.table.type=COPY_ON_WRITE\nhoodie.table.version=6\n"


class MemoryEngine:
    """Snapshot tables of one key without partitions; rows live in the object that stands for the data file."""

    name = EngineName.SPARK
    needs_copies = True
    hudi_version = "none"

    def __init__(self, objects: ObjectStore, hour: int = 10) -> None:
        self.objects, self.hour = objects, hour

    def check(self) -> None:
        pass

    def prepare(self, plan: WritePlan) -> MemoryPrepared:
        return MemoryPrepared(self.objects, plan, self.hour)

    def maintain(self, config, timeline) -> None:
        """Moves all but the newest commits out of the timeline, as Hudi's archiving does."""
        place = urlsplit(timeline.location)
        folder = f"{place.path.strip('/')}/.hoodie"
        for instant in timeline.instants[LEAST_COMMITS:]:
            completed = f"{folder}/{instant}.commit"
            content = self.objects.get(place.netloc, completed)
            self.objects.put(place.netloc, f"{folder}/archived/{instant}", content)
            self.objects.delete(place.netloc, [f"{completed}.requested", completed])


class MemoryPrepared:
    def __init__(self, objects: ObjectStore, plan: WritePlan, hour: int) -> None:
        self.objects, self.plan, self.hour = objects, plan, hour
        self.place = urlsplit(plan.location)
        self.base = self.place.path.strip("/")
        self.stored = {} if plan.kind is not CycleKind.CHANGES else rows(objects, plan.location)
        read = [row for group in plan.groups for path in group.paths for row in self._read(path, group)]
        self.latest = {}
        for row in sorted(read, key=lambda row: row["_odpf_order"]):
            self.latest[row[plan.config.hudi_primary_key[0]]] = row
        effects = [self._effect(row) for row in self.latest.values()]
        self.reduced = Reduced(
            valid=len(read),
            **{name: effects.count(name) for name in ("inserted", "updated", "deleted", "unchanged", "late")},
            written=sum(effect in ("inserted", "updated", "deleted") for effect in effects),
            greatest=max((row["_odpf_order"] for row in read), default=None),
        )

    def _read(self, path, group):
        place = urlsplit(path)
        table = pq.read_table(io.BytesIO(self.objects.get(place.netloc, place.path.lstrip("/"))))
        for position, row in enumerate(table.to_pylist()):
            sequence = "" if group.is_full else row[group.sequence]
            order = str(OrderPosition(group.generation, sequence, path.rsplit("/", 1)[-1], position))
            operation = row.pop("Op", "I") if group.dms_operation else "I"
            yield {name.lower(): value for name, value in row.items()} | {"_odpf_order": order, "_op": operation}

    def _effect(self, row):
        stored = self.stored.get(row[self.plan.config.hudi_primary_key[0]])
        if stored and stored["_odpf_order"] >= row["_odpf_order"]:
            return "late"
        if row["_op"] == "D":
            return "deleted" if stored else "unchanged"
        return "updated" if stored else "inserted"

    def quarantine(self) -> None:
        raise AssertionError("these tests have no bad rows")

    def commit(self, metadata: dict[str, str]) -> None:
        bucket, folder = self.place.netloc, f"{self.base}/.hoodie"
        done = [e for e in self.objects.list(bucket, folder) if e.key.endswith("commit") or "/archived/" in e.key]
        instant = f"20250131{self.hour}153{len(done):04d}"  # 17 digits, as Hudi has them
        content = dict(self.stored)
        for key, row in self.latest.items():
            effect = self._effect(row)
            if effect == "deleted":
                del content[key]
            elif effect in ("inserted", "updated"):
                content[key] = row
        if not done:
            self.objects.put(bucket, f"{folder}/hoodie.properties", PROPERTIES)
        self.objects.put(bucket, f"{folder}/{instant}.commit.requested", b"")
        self.objects.put(bucket, f"{self.base}/{instant}.json", json.dumps(list(content.values())).encode())
        commit = {
            "operationType": "UPSERT",
            "partitionToWriteStats": {"": [{"fileId": "f", "path": f"{instant}.json", "prevCommit": "null"}]},
            "extraMetadata": {f"odpf.{name}": value for name, value in metadata.items()},
        }
        self.objects.put(bucket, f"{folder}/{instant}.commit", json.dumps(commit).encode())

    def discard(self) -> None:
        pass


def rows(objects: ObjectStore, location: str) -> dict:
    """What a reader of the newest commit sees, by key."""
    place = urlsplit(location)
    base = place.path.strip("/")
    names = [entry.key for entry in objects.list(place.netloc, f"{base}/.hoodie/") if entry.key.endswith(".commit")]
    if not names:
        return {}
    instant = max(name.rsplit("/", 1)[-1].split(".")[0] for name in names)
    return {row["id"]: row for row in json.loads(objects.get(place.netloc, f"{base}/{instant}.json"))}
