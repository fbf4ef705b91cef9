"""moto's web application behind a server that keeps connections open.

moto's own server closes the connection after every answer and waits 10 ms for stray bytes first; Spark with Hudi makes
hundreds of small requests per table, so this is where a local run spends its time.
"""

from __future__ import annotations

import io
import logging
import traceback
from collections.abc import Callable, Iterable, Mapping
from threading import Thread
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import ThreadedWSGIServer

log = logging.getLogger(__name__)
_BODILESS = ("1", "204", "304")

Observer = Callable[[Mapping[str, Any], bytes, str], None]
"""Is told every request, WSGI's environ and body, with the status of its answer."""


class Application(DomainDispatcherApplication):
    """moto's dispatcher, remembering which backend a host name means instead of trying 300 patterns per request."""

    def __init__(self) -> None:
        super().__init__(create_backend_app)
        self._backends: dict[str | None, Any] = {}

    def get_backend_for_host(self, host: str | None) -> Any:
        """The backend that answers for a host name."""
        if host not in self._backends:
            self._backends[host] = super().get_backend_for_host(host)
        return self._backends[host]


class KeepAliveHandler(MotoRequestHandler):
    """Answers any number of requests per connection: reads each body whole, sends each answer with its length."""

    server: ObservedServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 300  # seconds a connection may idle

    def run_wsgi(self) -> None:
        """Answer one request."""
        try:
            environ = self.make_environ()
            body = _body(environ)
            environ["wsgi.input"] = io.BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
            environ.pop("HTTP_TRANSFER_ENCODING", None)
            self._answer(environ, body)
        except (ConnectionError, TimeoutError):
            self.close_connection = True

    def _answer(self, environ: dict[str, Any], body: bytes) -> None:
        started: list[tuple[str, list[tuple[str, str]]]] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:  # noqa: ARG001
            started.append((status, headers))

        try:
            chunks = self.server.app(environ, start_response)
            content = b"".join(chunks)
            close = getattr(chunks, "close", None)
            if close:
                close()
            status, headers = started[-1]
        except Exception:  # noqa: BLE001  whatever moto trips over is an answer 500, not the end of the connection
            log.error("%s %s failed:\n%s", self.command, self.path, traceback.format_exc())
            status, headers, content = "500 Internal Server Error", [], traceback.format_exc().encode()
        if self.server.observer is not None:
            self.server.observer(environ, body, status)
        self._send(status, headers, content)

    def _send(self, status: str, headers: Iterable[tuple[str, str]], content: bytes) -> None:
        lines = [f"HTTP/1.1 {status}", f"Date: {self.date_time_string()}"]
        announced = str(len(content))
        for name, value in headers:
            lowered = name.lower()
            if lowered == "content-length" and self.command == "HEAD":
                announced = value
            if lowered not in ("content-length", "date", "connection"):
                lines.append(f"{name}: {value}")
        if not status.startswith(_BODILESS):
            lines.append(f"Content-Length: {announced}")
        head = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"
        self.wfile.write(head if self.command == "HEAD" else head + content)

    def log(self, type: str, message: str, *args: Any) -> None:
        """Keep werkzeug's complaints in the log, and nothing else."""
        if type != "info":
            log.warning(message, *args)


class ObservedServer(ThreadedWSGIServer):
    """A server whose handlers tell an observer, if there is one, what they answer."""

    observer: Observer | None = None


class HttpServer:
    """moto on a port of the loopback interface."""

    def __init__(self, port: int, observer: Observer | None = None) -> None:
        self._server = ObservedServer("127.0.0.1", port, Application(), KeepAliveHandler)
        self._server.observer = observer
        self.port: int = self._server.server_address[1]
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Stop answering and give the port back."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()


def _body(environ: dict[str, Any]) -> bytes:
    source = environ["wsgi.input"]
    if environ.get("wsgi.input_terminated"):
        return bytes(source.read())
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return bytes(source.read(length)) if length else b""
