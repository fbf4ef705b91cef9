"""Build everything into one folder: packages, the job's bundle, the bill of materials, the list with hashes."""

from __future__ import annotations

import shutil
from pathlib import Path

from infra.packaging.archive import merge, write_zip
from infra.packaging.bytecode import with_bytecode
from infra.packaging.checks import check_needed, check_size
from infra.packaging.fetch import fetch
from infra.packaging.inventory import Inventory, take_inventory, write_inventory
from infra.packaging.licences import LicencePolicy
from infra.packaging.lock import Pin, read_lock
from infra.packaging.package import JOB, JOB_SCRIPT, PACKAGES, Package
from infra.packaging.sbom import FILE as SBOM
from infra.packaging.sbom import bill_of_materials
from infra.packaging.sources import reach, release_of, stamp
from infra.packaging.wheel import Wheel
from odpf import __version__

_LICENCE = "LICENSE"


class Builder:
    """One build of one checkout.

    Args:
        root: the checkout.
        wheels: folder that keeps wheels from build to build.
    """

    def __init__(self, root: Path, wheels: Path) -> None:
        self._root = root
        locks = {name: root / "infra" / "locks" / f"{name}.lock" for name in sorted({p.lock for p in PACKAGES})}
        self._pins = {name: set(read_lock(path).values()) for name, path in locks.items()}
        self._sources = {package: reach(root, package.entries) for package in PACKAGES}
        read = {f"infra/locks/{path.name}": path.read_bytes() for path in locks.values()}
        self.release = release_of(merge([read.items(), *(part.files.items() for part in self._sources.values())]))
        wheels.mkdir(parents=True, exist_ok=True)
        self._wheels = fetch(list(locks.values()), set().union(*self._pins.values()), wheels)

    def build(self, folder: Path) -> Inventory:
        """Build into `folder`, in place of what was there, all or nothing.

        Raises:
            TerminalError: a licence is not allowed, a module is missing, or a zip is too big.
        """
        licences = self._licences()
        fresh = folder.with_name(f"{folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        for package in PACKAGES:
            self._write(package, fresh)
        self._write_job(fresh)
        wheels = sorted(licences, key=lambda wheel: wheel.name)
        (fresh / SBOM).write_text(bill_of_materials(wheels, licences, self._packed(), __version__, self.release))
        inventory = take_inventory(fresh, __version__, self.release)
        write_inventory(fresh, inventory)
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
        return inventory

    def _licences(self) -> dict[Wheel, str]:
        policy = LicencePolicy.load()
        return {wheel: policy.licence(wheel) for wheel in self._wheels.values()}

    def _write(self, package: Package, folder: Path) -> None:
        sources, wheels = self._sources[package], self._wheels_of(package)
        check_needed(package, sources.needed, {module for wheel in wheels for module in wheel.modules})
        ours = stamp(sources.files, self.release) | {_LICENCE: (self._root / _LICENCE).read_bytes()}
        ours.pop(JOB_SCRIPT, None)  # Glue takes it as a file of its own
        path = folder / package.path
        if package.unpacks:
            others = ((file for file in wheel.files() if package.holds(file[0])) for wheel in wheels)
            write_zip(path, with_bytecode(merge([ours.items(), *others])))
        else:
            write_zip(path, ours)
        check_size(path, package.budget)

    def _write_job(self, folder: Path) -> None:
        """The script, and wheels as they are: Glue installs them with pip."""
        glue = (folder / JOB.path).parent
        shutil.copyfile(self._root / JOB_SCRIPT, glue / Path(JOB_SCRIPT).name)
        (glue / "wheels").mkdir()
        for wheel in self._wheels_of(JOB):
            shutil.copyfile(wheel.path, glue / "wheels" / wheel.path.name)

    def _wheels_of(self, package: Package) -> list[Wheel]:
        return [self._wheels[pin] for pin in sorted(self._pins[package.lock], key=_name)]

    def _packed(self) -> dict[Wheel, list[str]]:
        """Artifacts that hold each wheel."""
        packed: dict[Wheel, list[str]] = {}
        for package in PACKAGES:
            for wheel in self._wheels_of(package):
                artifact = package.path if package.unpacks else f"glue/wheels/{wheel.path.name}"
                packed.setdefault(wheel, []).append(artifact)
        return packed


def _name(pin: Pin) -> str:
    return pin.name
