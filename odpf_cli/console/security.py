"""Who may ask the console for what.

It listens on the loopback interface alone. That still leaves what a browser can be made to do:

| danger | guard |
|---|---|
| another program or person of this machine asks | every request for data carries the token, in a header; it stands in the link that the terminal printed, behind `#`, which no browser sends and nobody logs |
| another page, of this machine's other ports too, sends a form or a request (CSRF) | only scripts of the console's own address and port can read the token, and no browser adds it by itself; actions moreover only with its Origin |
| a page elsewhere has its name resolve to 127.0.0.1 (DNS rebinding) | the Host header has to be one of the console's own |
| text from a database becomes a program in the page | a Content-Security-Policy without inline scripts, and a page that sets text alone |

There is no cookie: cookies know no ports, so every server and page of this host would share it.
"""

from __future__ import annotations

import hmac
from http import HTTPStatus
from typing import NamedTuple

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

API = "/api/"
TOKEN_HEADER = "X-ODPF-Token"  # noqa: S105  a header's name
READS_BY_POST = frozenset({"/api/configuration/plan"})
"""Requests that carry a document and change nothing."""
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_OWN = frozenset({"same-origin", "none"})
"""Sec-Fetch-Site of requests that the console's page or a person at the address bar makes."""


class Refused(NamedTuple):
    """A request that is not answered, and what its sender can do."""

    status: HTTPStatus
    why: str


class Asked(NamedTuple):
    """What of a request decides whether it is answered."""

    method: str
    path: str
    host: str
    origin: str | None = None
    fetch_site: str | None = None
    token: str | None = None


class Rules(NamedTuple):
    """What one console answers: at which port, to whom, and whether it acts."""

    port: int
    token: str
    allow_actions: bool

    @property
    def hosts(self) -> frozenset[str]:
        """Values of the Host header that a browser sends for an address of this console."""
        return frozenset(f"{name}:{self.port}" for name in ("127.0.0.1", "localhost"))

    def refusal(self, asked: Asked) -> Refused | None:
        """Why a request is not answered; None when it is. Pure."""
        if asked.host not in self.hosts:
            return Refused(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"This console answers at http://127.0.0.1:{self.port}/ alone, not as {asked.host or 'nobody'}.",
            )
        if not asked.path.startswith(API):
            return None if asked.method in ("GET", "HEAD") else Refused(HTTPStatus.METHOD_NOT_ALLOWED, "Only GET here.")
        if not _same(asked.token, self.token):
            return Refused(
                HTTPStatus.UNAUTHORIZED,
                f"The header {TOKEN_HEADER} does not have this console's token: open the link that `odpf console` printed.",
            )
        if asked.fetch_site is not None and asked.fetch_site not in _OWN:
            return Refused(HTTPStatus.FORBIDDEN, "Only the console's own page may ask.")
        return self._of_action(asked) if asked.method not in ("GET", "HEAD") else None

    def _of_action(self, asked: Asked) -> Refused | None:
        if asked.origin != f"http://{asked.host}":
            return Refused(HTTPStatus.FORBIDDEN, "Only the console's own page may act: the Origin is another.")
        if not self.allow_actions and asked.path not in READS_BY_POST:
            return Refused(HTTPStatus.FORBIDDEN, "This console only shows. Start it with: odpf console --allow-actions")
        return None


class Guard:
    """Refuses before anything else sees a request, and gives every answer its headers."""

    def __init__(self, app: ASGIApp, rules: Rules) -> None:
        self._app, self._rules = app, rules

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        refused = self._rules.refusal(asked_by(scope))
        app = _answer(refused) if refused else self._app
        await app(scope, receive, _with_headers(send))


def asked_by(scope: Scope) -> Asked:
    """What a request says of itself."""
    headers = Headers(scope=scope)
    return Asked(
        method=scope["method"],
        path=scope["path"],
        host=headers.get("host", ""),
        origin=headers.get("origin"),
        fetch_site=headers.get("sec-fetch-site"),
        token=headers.get(TOKEN_HEADER),
    )


def _answer(refused: Refused) -> Response:
    return JSONResponse({"error": refused.why, "kind": refused.status.phrase}, status_code=refused.status)


def _with_headers(send: Send) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return with_headers


def _same(given: str | None, wanted: str) -> bool:
    return given is not None and hmac.compare_digest(given.encode(), wanted.encode())
