"""The web application: what is asked for at which address. Reads and acts in threads, as boto3 waits where it stands."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from odpf.clock import utc_now
from odpf.errors import InvalidConfiguration, NothingRunning, OdpfError, TransientError
from odpf.release import CODE_VERSION
from odpf_cli.console import actions, configuration
from odpf_cli.console.deployment import Deployment
from odpf_cli.console.file_view import quarantine_view, quarantined_item, table_files, waiting_files
from odpf_cli.console.looks import Looks
from odpf_cli.console.overview import Overview
from odpf_cli.console.security import Guard, Rules
from odpf_cli.console.shared import Seen
from odpf_cli.console.table_view import table_view
from odpf_cli.display import MEANINGS
from odpf_cli.quarantine_contents import NotInQuarantine

STATIC = Path(__file__).parent / "static"
PATIENCE = 2.0
"""Seconds that a browser waits for facts that are being read; then it gets those there are."""
MOST_BYTES = 2_000_000
"""Of a document that is planned or applied."""

Value = TypeVar("Value")

Say = Callable[[str], None]
Answer = Callable[[Mapping[str, Any]], Any]


class Console(NamedTuple):
    """One console over one deployment."""

    deployment: Deployment
    rules: Rules
    looks: Looks
    refresh_seconds: float
    say: Say

    def session(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        """What the page needs to know once."""
        caller, settings = self.deployment.caller, self.deployment.operator.settings
        return {
            "allow_actions": self.rules.allow_actions,
            "account": caller.account,
            "endpoint": caller.endpoint,
            "who": caller.arn,
            "region": self.deployment.region,
            "deployment": settings.deployment,
            "version": CODE_VERSION,
            "refresh_seconds": self.refresh_seconds,
            "meanings": MEANINGS,
        }

    def tables(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Tables that the browser has not seen in their present state."""
        seen = self.looks.overview.look(PATIENCE)
        rows = seen.value.since(_number(asked, "since"), _number(asked, "from")) if seen.value else {"version": 0}
        return {**seen.told(), **rows}

    def lines(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Rows per run of some tables."""
        overview = self.looks.overview.look(PATIENCE).value
        return self.looks.lines.of(asked["raw_table"], dict(overview.facts.states)) if overview else {}

    def table(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """One table."""
        return table_view(_text(asked, "name"), self._overview(), self.deployment, utc_now())

    def runs(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        """The newest runs."""
        seen = self.looks.runs.look(PATIENCE)
        return {**seen.told(), "runs": seen.value or []}

    def run(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """One run."""
        return _value_of(self.looks.run(_text(asked, "id")).look(PATIENCE))

    def files(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Files that wait, or all of a table."""
        if table := _text(asked, "table"):
            return table_files(table, self.deployment)
        return waiting_files(self._overview())

    def quarantine(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What is in quarantine, or one thing of it."""
        if wanted := _text(asked, "id"):
            return quarantined_item(wanted, self.deployment)
        seen = self.looks.quarantine.look(PATIENCE)
        return {**seen.told(), **quarantine_view(seen.value)}

    def configuration(self, _asked: Mapping[str, Any]) -> dict[str, Any]:
        """What is deployed."""
        return configuration.deployed_view(self.deployment)

    def plan(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """What applying would change."""
        return configuration.plan(asked, self.deployment)

    def apply(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Apply what was planned."""
        done = configuration.apply(asked, _text(asked, "plan"), self.deployment, utc_now())
        self.looks.configuration_changed(utc_now())
        return self._done(f"applied configuration: {done['deployment_id'] or 'nothing to do'}", done)

    def release(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Release from quarantine."""
        done = actions.release(self.deployment, _texts(asked, "ids"))
        return self._done(f"released {', '.join(_texts(asked, 'ids'))}", done)

    def start(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Start a run."""
        cadence = _text(asked, "refresh_cadence") or None
        done = actions.run(self.deployment, cadence, _texts(asked, "tables"), utc_now())
        return self._done(f"started run {done['run_id']}", done)

    def holder(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Who holds a table."""
        return actions.holder(self.deployment, _text(asked, "table"))

    def unlock(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Free a table."""
        done = actions.unlock(self.deployment, _text(asked, "table"), stop=asked.get("stop") is True)
        return self._done(f"unlocked {done['raw_table']}: {done['unlocked']}", done)

    def _overview(self) -> Overview:
        return _value_of(self.looks.overview.look(PATIENCE))

    def _done(self, what: str, document: dict[str, Any]) -> dict[str, Any]:
        self.looks.forget()
        self.say(what)
        return document


def application(
    deployment: Deployment, token: str, port: int, *, allow_actions: bool, refresh_seconds: float, say: Say
) -> Starlette:
    """The console as an ASGI application.

    Args:
        deployment: what it shows.
        token: what requests for data have to carry; whoever starts it prints the link.
        port: at which it listens.
        allow_actions: whether it acts on request.
        refresh_seconds: how old facts may become while somebody looks.
        say: tells the terminal what was done.
    """
    rules = Rules(port, token, allow_actions)
    console = Console(deployment, rules, Looks.at(deployment, refresh_seconds), refresh_seconds, say)
    get: dict[str, Answer] = {
        "session": console.session,
        "tables": console.tables,
        "lines": console.lines,
        "table": console.table,
        "runs": console.runs,
        "run": console.run,
        "files": console.files,
        "quarantine": console.quarantine,
        "configuration": console.configuration,
        "holder": console.holder,
    }
    post: dict[str, Answer] = {
        "configuration/plan": console.plan,
        "configuration/apply": console.apply,
        "actions/release": console.release,
        "actions/run": console.start,
        "actions/unlock": console.unlock,
    }
    return Starlette(
        routes=[
            Route("/", _page),
            *(Route(f"/api/{name}", _asked(answer)) for name, answer in get.items()),
            *(Route(f"/api/{name}", _told(answer), methods=["POST"]) for name, answer in post.items()),
            Mount("/static", StaticFiles(directory=STATIC)),
        ],
        middleware=[Middleware(Guard, rules=rules), Middleware(GZipMiddleware, minimum_size=1000)],
        exception_handlers={OdpfError: _failed},
    )


def _page(_request: Request) -> Response:
    return FileResponse(STATIC / "index.html")


def _asked(answer: Answer) -> Callable[[Request], Response]:
    def asked(request: Request) -> Response:
        query = request.query_params
        return JSONResponse(answer({**query, "raw_table": query.getlist("raw_table")}))

    return asked


def _told(answer: Answer) -> Callable[[Request], Any]:
    async def told(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(answer, await _document(request)))

    return told


async def _document(request: Request) -> dict[str, Any]:
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > MOST_BYTES:
            raise InvalidConfiguration(f"The document is larger than {MOST_BYTES:,} bytes: use `odpf config apply`.")
    try:
        document = json.loads(content)
    except ValueError:
        document = None
    if not isinstance(document, dict):
        raise InvalidConfiguration("The request is no JSON document.")
    return document


def _failed(_request: Request, error: Exception) -> Response:
    status = HTTPStatus.CONFLICT
    if isinstance(error, InvalidConfiguration):
        status = HTTPStatus.UNPROCESSABLE_ENTITY
    elif isinstance(error, NothingRunning | NotInQuarantine):
        status = HTTPStatus.NOT_FOUND
    elif isinstance(error, TransientError) and not isinstance(error, configuration.PlanChanged):
        status = HTTPStatus.SERVICE_UNAVAILABLE
    return JSONResponse({"error": str(error), "kind": type(error).__name__}, status_code=status)


def _value_of(seen: Seen[Value]) -> Value:
    """What is known.

    Raises:
        OdpfError: nothing is, and why.
    """
    if seen.value is not None:
        return seen.value
    raise seen.error or TransientError("It is being read; ask again in a moment.")


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name, "")
    if not isinstance(value, str):
        raise InvalidConfiguration(f"{name} must be text.")
    return value


def _texts(asked: Mapping[str, Any], name: str) -> list[str]:
    value = asked.get(name, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidConfiguration(f"{name} must be a list of texts.")
    return value


def _number(asked: Mapping[str, Any], name: str) -> int:
    try:
        return max(0, int(asked.get(name, 0)))
    except ValueError:
        raise InvalidConfiguration(f"{name} must be a number.") from None
