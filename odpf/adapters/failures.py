"""What boto3 raises, told as errors of ODPF: worth another try, or something that a person has to change."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError, ResponseStreamingError
from botocore.exceptions import ConnectionError as NoConnectionError

from odpf.errors import OdpfError, TerminalError, TransientError

_SERVER_ERROR = 500
_TRANSIENT = frozenset(
    {
        "BandwidthLimitExceeded",
        "ConcurrentModificationException",
        "ConcurrentRunsExceededException",
        "InternalError",
        "InternalServerError",
        "InternalServerException",
        "InternalServiceException",
        "OperationTimeoutException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "ReplicatedWriteConflictException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "AllAccessDisabled", "KMSAccessDeniedException", "403"})
_ABSENT = frozenset(
    {"EntityNotFoundException", "NoSuchBucket", "ResourceNotFoundException", "StateMachineDoesNotExist"}
)
_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)


def code_of(error: ClientError) -> str:
    """The service's error code."""
    return str(error.response.get("Error", {}).get("Code", "Unknown"))


@contextmanager
def aws_call(doing: str) -> Iterator[None]:
    """Translate what is left after botocore's own retries.

    Args:
        doing: the start of the sentence, for example "Reading table odpf_file_tracker".

    Raises:
        TransientError: throttling, a server's fault, a connection that failed.
        TerminalError: no permission, a missing resource, bad credentials, a request that the service refuses.
    """
    try:
        yield
    except ClientError as error:
        raise _client_error(error, doing) from error
    except (NoConnectionError, HTTPClientError, IncompleteReadError, ResponseStreamingError) as error:
        raise TransientError(
            f"{doing} failed: {error}. The next run tries again; check the network if it lasts."
        ) from error
    except BotoCoreError as error:
        raise TerminalError(f"{doing} failed: {error}. Check credentials, region and endpoint.") from error


def is_transient(error: ClientError) -> bool:
    """Whether the same request may succeed later."""
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code_of(error) in _TRANSIENT or status >= _SERVER_ERROR


def _client_error(error: ClientError, doing: str) -> OdpfError:
    code, action = code_of(error), error.operation_name
    what = f"{doing} failed: {code}: {error.response.get('Error', {}).get('Message', '')}."
    if is_transient(error):
        return TransientError(f"{what} The next run tries again; if it lasts, look at the service's quotas and health.")
    if code in _DENIED:
        return TerminalError(f"{what} Allow {action} on it to this component's role (and its KMS key), then run again.")
    if code in _ABSENT:
        return TerminalError(
            f"{what} Deploy it, or check ODPF_PREFIX, the bucket names, account and region, then run again."
        )
    if code in _CREDENTIALS:
        return TerminalError(f"{what} Renew the credentials, then run again.")
    return TerminalError(f"{what} The service refuses the request {action}; correct what it names, then run again.")
