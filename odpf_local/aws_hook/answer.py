"""A service's refusal as the HTTP response that botocore parses, in the service's protocol."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders

from odpf.errors import TerminalError
from odpf_local.aws_hook.call import ServiceError

_BLOCK = 65_536


class UnspokenProtocol(TerminalError):
    """A service speaks a protocol in which the hook cannot refuse anything."""


def http_response(error: ServiceError, service: str, protocol: str, request: AWSPreparedRequest) -> AWSResponse:
    """Make the response.

    Args:
        error: the refusal.
        service: botocore's name of who refuses.
        protocol: botocore's name of it, for example `rest-xml`.
        request: what is answered; HEAD has no body.

    Raises:
        UnspokenProtocol: nobody wrote down how errors look in that protocol.
    """
    headers = HTTPHeaders()
    headers["x-amzn-RequestId"] = str(uuid4())
    match protocol:
        case "json":
            body = _json(error, __type=error.code.rpartition(".")[2]) if error.code else ""
            headers["Content-Type"] = "application/x-amz-json-1.0"
            if service == "sqs":  # which once spoke another protocol, with other codes
                headers["x-amzn-query-error"] = f"{error.code};Sender"
        case "rest-json":
            body = _json(error)
            headers["Content-Type"] = "application/json"
            headers["x-amzn-ErrorType"] = error.code
        case "rest-xml":
            body = "" if request.method == "HEAD" else f"<Error>{_xml(error)}</Error>"
            headers["Content-Type"] = "application/xml"
        case "query":
            body = f"<ErrorResponse><Error><Type>Sender</Type>{_xml(error)}</Error></ErrorResponse>"
            headers["Content-Type"] = "text/xml"
        case _:
            raise UnspokenProtocol(
                f"The AWS hook cannot refuse calls of {service} in the protocol {protocol}. Add it to "
                "odpf_local/aws_hook/answer.py, or leave the service out of the faults."
            )
    return AWSResponse(request.url, error.status, headers, _Body(body.encode()))


class _Body(io.BytesIO):
    """What urllib3 would give."""

    def stream(self, amount: int = _BLOCK, decode_content: bool | None = None) -> Iterator[bytes]:  # noqa: ARG002
        while block := self.read(amount):
            yield block


def _json(error: ServiceError, **first: Any) -> str:
    return json.dumps({**first, "message": error.message, "Message": error.message, **error.fields})


def _xml(error: ServiceError) -> str:
    parts = {"Code": error.code, "Message": error.message, **error.fields}
    return "".join(f"<{name}>{escape(str(text))}</{name}>" for name, text in parts.items())
