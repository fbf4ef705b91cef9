"""Writes down what the components call: what policies have to allow, one line of JSON per distinct call."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote

from odpf_local.aws.calls import Call, Request, UnknownCall, calls

RECORD_VARIABLE = "ODPF_RECORD_CALLS"
"""Environment variable with the file that an embedded AWS records to."""
_COMPONENT = re.compile(r"(?:^|\s)(?:app/)?odpf-(\w+)")
_PLAIN_HEADERS = {"CONTENT_TYPE": "content-type", "CONTENT_LENGTH": "content-length"}


class RecordedCall(NamedTuple):
    """A line of the recording: who asked what; `unknown` tells of a request whose permissions nobody wrote down."""

    principal: str
    call: Call | None
    unknown: str = ""

    def line(self) -> str:
        """As JSON."""
        told: dict[str, Any] = {"principal": self.principal}
        if self.call is None:
            return json.dumps({**told, "unknown": self.unknown})
        told |= {"action": self.call.action, "resource": self.call.resource}
        return json.dumps(told | ({"context": dict(self.call.context)} if self.call.context else {}))

    @classmethod
    def parse(cls, line: str) -> RecordedCall:
        """The inverse of `line`."""
        told = json.loads(line)
        if "unknown" in told:
            return cls(told["principal"], None, told["unknown"])
        context = tuple(sorted(told.get("context", {}).items()))
        return cls(told["principal"], Call(told["action"], told["resource"], context))


class CallRecorder:
    """Appends to a file; requests of programs that do not name a component of ODPF are left out.

    Args:
        file: is begun anew.
        account: of the resources.
    """

    def __init__(self, file: Path, account: str) -> None:
        self._file = file
        self._account = account
        self._seen: set[RecordedCall] = set()
        self._lock = Lock()
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")

    def observe(self, environ: Mapping[str, Any], body: bytes, status: str) -> None:
        """Take note of a request (WSGI's environ) and its answer."""
        component = _COMPONENT.search(environ.get("HTTP_USER_AGENT", ""))
        if component:
            self._add(_recorded(component[1], request(environ, body, status), self._account))

    def _add(self, found: list[RecordedCall]) -> None:
        with self._lock:
            new = [call for call in dict.fromkeys(found) if call not in self._seen]
            self._seen.update(new)
            if new:
                with self._file.open("a") as file:
                    file.writelines(f"{call.line()}\n" for call in new)


def request(environ: Mapping[str, Any], body: bytes, status: str) -> Request:
    """The request as it was sent."""
    path, _, query = str(environ.get("REQUEST_URI") or environ["RAW_URI"]).partition("?")
    headers = {
        name.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    headers |= {plain: str(environ[name]) for name, plain in _PLAIN_HEADERS.items() if name in environ}
    return Request(
        method=environ["REQUEST_METHOD"],
        path=unquote(path),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers=headers,
        body=body,
        status=int(status.split(maxsplit=1)[0]),
    )


def _recorded(component: str, made: Request, account: str) -> list[RecordedCall]:
    try:
        return [
            RecordedCall(component, call._replace(context=tuple(sorted(call.context)))) for call in calls(made, account)
        ]
    except UnknownCall as unknown:
        return [RecordedCall(component, None, str(unknown))]
    except Exception as damaged:  # noqa: BLE001  a request that cannot be read is answered by the emulator, not here
        return [RecordedCall(component, None, f"{made.method} {made.path} cannot be read: {damaged!r}")]
