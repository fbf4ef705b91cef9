"""The software bill of materials: others' code in the packages, in CycloneDX, the same text from the same wheels."""

from __future__ import annotations

import json
from collections.abc import Iterable
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.factory.license import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from infra.packaging.wheel import Wheel

FILE = "sbom.cdx.json"
_TARGET = {"python_version": "3.11", "sys_platform": "linux", "platform_machine": "x86_64", "extra": ""}


def bill_of_materials(
    wheels: Iterable[Wheel], licences: dict[Wheel, str], packed: dict[Wheel, list[str]], version: str, release: str
) -> str:
    """JSON of the bill.

    Args:
        wheels: every wheel that is packed somewhere.
        licences: SPDX expression of each.
        packed: the artifacts that hold each.
        version: the project's version.
        release: name of the source's state.
    """
    components = {wheel.name: _component(wheel, licences[wheel], packed[wheel]) for wheel in wheels}
    ours = Component(
        type=ComponentType.APPLICATION,
        name="odpf",
        version=f"{version}+{release}",
        bom_ref="odpf",
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
    )
    bom = Bom(components=components.values(), serial_number=uuid5(NAMESPACE_URL, f"odpf/{version}+{release}"))
    bom.metadata.component = ours
    bom.register_dependency(ours, components.values())
    for wheel in wheels:
        names = sorted(_requires(wheel) & components.keys())
        bom.register_dependency(components[wheel.name], [components[name] for name in names])
    document = json.loads(JsonV1Dot6(bom).output_as_string())
    del document["metadata"]["timestamp"]  # it may be absent, and would make every build another one
    return json.dumps(document, indent=2, sort_keys=True) + "\n"


def _component(wheel: Wheel, licence: str, artifacts: list[str]) -> Component:
    url = PackageURL(type="pypi", name=wheel.name, version=wheel.version)
    return Component(
        type=ComponentType.LIBRARY,
        name=wheel.name,
        version=wheel.version,
        purl=url,
        bom_ref=url.to_string(),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=wheel.sha256)],
        licenses=[LicenseFactory().make_from_string(licence)],
        properties=[Property(name="odpf:artifact", value=artifact) for artifact in artifacts],
    )


def _requires(wheel: Wheel) -> set[NormalizedName]:
    """Names of what a wheel needs on Lambda and Glue, none of its extras."""
    needed: list[Requirement] = wheel.metadata.requires_dist or []
    return {
        canonicalize_name(requirement.name)
        for requirement in needed
        if requirement.marker is None or requirement.marker.evaluate(_TARGET)
    }
