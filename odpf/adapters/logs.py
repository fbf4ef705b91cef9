"""Structured logs: every line is one JSON document with the keys of the work at hand (`odpf.log_keys`)."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from odpf.log_keys import current_keys, log_keys

_FORMAT: Mapping[str, Any] = {
    "utc": True,
    "use_rfc3339": True,
    "serialize_stacktrace": False,  # the traceback stands in `exception` already
    "name": "%(name)s",
}


@contextmanager
def invocation_log(component: str, package: str, context: object, **keys: object) -> Iterator[Logger]:
    """The log of one invocation of a Lambda function; an error that leaves the block is logged and goes on.

    Args:
        component: the function's component, `service` in every line.
        package: whose modules log along, through standard logging.
        context: of the invocation.
        keys: what the invocation is about.
    """
    logger = _logger(package)
    request = getattr(context, "aws_request_id", None)
    with log_keys(service=component, function_request_id=request, **keys):
        try:
            yield logger
        except Exception as error:
            logger.exception(str(error))
            raise


def job_log(**keys: Any) -> None:
    """Let everything that this process logs be JSON, with these keys in every line; the end of a job run is no log line.

    Threads begin without the keys of the one that starts them, so what holds for the whole process stands in the
    formatter.
    """
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(LambdaPowertoolsFormatter(**_FORMAT, service="file_processor", **keys))
    handler.addFilter(_add_keys)
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for chatty in ("botocore", "py4j"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


@cache
def _logger(package: str) -> Logger:
    """Powertools' logger under the name of a package, so that the loggers of its modules are its children."""
    logger = Logger(service=package, **_FORMAT)
    logger.registered_handler.addFilter(_add_keys)
    return logger


def _add_keys(record: logging.LogRecord) -> bool:
    for key, value in current_keys().items():
        if key not in record.__dict__:  # what a line says itself goes first
            record.__dict__[key] = value
    return True
