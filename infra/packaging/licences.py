"""Which licence a wheel has, and whether it may be packed."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from license_expression import Licensing, get_spdx_licensing
from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression
from pydantic import BaseModel, ConfigDict

from infra.packaging.wheel import Wheel
from odpf.errors import TerminalError

POLICY = Path(__file__).with_name("licences.toml")


class Read(BaseModel):
    """A licence that somebody read in the wheel, because its metadata says too little."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    version: str
    licence: str
    because: str


class LicencePolicy(BaseModel):
    """Licences that may be packed, and how to read those of wheels."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    allowed: frozenset[str]
    classifiers: dict[str, str] = {}
    read: tuple[Read, ...] = ()

    @classmethod
    def load(cls, path: Path = POLICY) -> LicencePolicy:
        """The policy in a TOML file."""
        return cls.model_validate(tomllib.loads(path.read_text()))

    def licence(self, wheel: Wheel) -> str:
        """The SPDX expression of a wheel that may be packed.

        Raises:
            TerminalError: the licence is not told, or not allowed.
        """
        expression = self._expression(wheel)
        if expression is None:
            raise TerminalError(
                f"{wheel.path.name} does not tell its licence in SPDX terms. Read it, and write it into {POLICY.name}."
            )
        if not self._allows(_LICENSING.parse(expression)):
            raise TerminalError(
                f"{wheel.path.name} has the licence {expression}, which may not be packed. "
                f"Do without it, or allow the licence in {POLICY.name}."
            )
        return expression

    def _expression(self, wheel: Wheel) -> str | None:
        """What was read by hand, then `License-Expression` (PEP 639), the older `License`, and all known classifiers."""
        for read in self.read:
            if (read.name, read.version) == (wheel.name, wheel.version):
                return canonicalize_license_expression(read.licence)
        for text in (wheel.metadata.license_expression, wheel.metadata.license):
            try:
                return canonicalize_license_expression(text or "")
            except InvalidLicenseExpression:
                continue
        told = {text for text in wheel.metadata.classifiers or [] if text.startswith("License :: OSI Approved :: ")}
        if told and told <= self.classifiers.keys():
            return " AND ".join(sorted({self.classifiers[text] for text in told}))
        return None

    def _allows(self, node: Any) -> bool:
        """Of alternatives one suffices; an exception (`WITH`) is a licence of its own."""
        if isinstance(node, _LICENSING.OR):
            return any(map(self._allows, node.args))
        if isinstance(node, _LICENSING.AND):
            return all(map(self._allows, node.args))
        return str(node) in self.allowed


_LICENSING: Licensing = get_spdx_licensing()
