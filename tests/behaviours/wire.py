"""The requests of a boto3 client, counted and disturbed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ReadTimeoutError
from botocore.httpsession import URLLib3Session
from moto.core.models import botocore_stubber


class Wire:
    """Counts the requests of a client and disturbs some of them."""

    def __init__(self, client: Any) -> None:
        self.requests: Counter[str] = Counter()
        self._events = client.meta.events
        self._service = client.meta.service_model.service_name
        self._events.register_first(f"before-send.{self._service}", self._count)

    def _count(self, event_name: str, **_: Any) -> None:
        self.requests[event_name.rsplit(".", 1)[1]] += 1

    def before_the_next(self, operation: str, meanwhile: Callable[[], object]) -> None:
        """Let something else happen when the next request of an operation is made but has not arrived yet."""
        left = [meanwhile]

        def happen(**_: Any) -> None:
            if left:
                left.pop()()

        self._events.register_first(f"before-send.{self._service}.{operation}", happen)

    def lose_one_answer(self, operation: str, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Apply the next request of an operation, then let its answer never arrive."""
        left = [None]

        def lose(event_name: str, request: Any, **_: Any) -> None:
            if left:
                left.pop()
                self.requests[operation] += 1
                _apply(event_name, request)
                meanwhile()
                raise ReadTimeoutError(endpoint_url=request.url)

        self._events.register_first(f"before-send.{self._service}.{operation}", lose)

    def answer(self, operation: str, answer: dict[str, Any], status: int, times: int = 1) -> list[dict[str, Any]]:
        """Answer the next requests of an operation in the service's place; returns the parameters they come with."""
        asked: list[dict[str, Any]] = []

        def reply(**_: Any) -> tuple[Any, dict[str, Any]] | None:
            if len(asked) > times:
                return None
            metadata = {"HTTPStatusCode": status, **answer.get("ResponseMetadata", {})}
            return _Answer(status), {**answer, "ResponseMetadata": metadata}

        self._events.register(
            f"provide-client-params.{self._service}.{operation}", lambda params, **_: asked.append(params)
        )
        self._events.register_first(f"before-call.{self._service}.{operation}", reply)
        return asked

    def leave_out_once(self, operation: str, left_out: str) -> None:
        """Let DynamoDB leave a whole batch unprocessed, once."""
        asked: list[dict[str, Any]] = []
        left = [None]

        def remember(params: dict[str, Any], **_: Any) -> None:
            asked.append(params["RequestItems"])

        def leave_out(**_: Any) -> tuple[Any, dict[str, Any]] | None:
            if not left:
                return None
            left.pop()
            return _Answer(200), {"Responses": {}, left_out: asked[-1]}

        self._events.register(f"provide-client-params.{self._service}.{operation}", remember)
        self._events.register_first(f"before-call.{self._service}.{operation}", leave_out)


def _apply(event_name: str, request: Any) -> None:
    """Send a request to where it would go: the emulator in this process when one stands in for all of AWS, else a server."""
    if botocore_stubber(event_name, request) is None:
        session = URLLib3Session()
        session.send(request)
        session.close()


class _Answer:
    def __init__(self, status: int) -> None:
        self.status_code = status
