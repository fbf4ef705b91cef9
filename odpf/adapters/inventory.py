"""What of a deployment is there, in which versions, and what its principals may do. Reads alone, and gives up soon."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from odpf.adapters.caller import Place
from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call, code_of
from odpf.clock import utc_now
from odpf.errors import TerminalError
from odpf.settings import Settings

_SOON = CLIENT_CONFIG.merge(
    Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 2})
)
MOST_SECONDS_OFF = 300
"""AWS refuses requests that are signed further off its own clock (AWS general reference, "Signature Version 4")."""
_ABSENT = frozenset(
    {
        "404",
        "EntityNotFoundException",
        "NoSuchBucket",
        "NoSuchEntity",
        "ResourceNotFoundException",
        "StateMachineDoesNotExist",
    }
)


class Identity(NamedTuple):
    """Who asks, where, and by how much this machine's clock is ahead of the service's; None where that does not say."""

    arn: str
    place: Place
    endpoint: str
    ahead_seconds: float | None


class Job(NamedTuple):
    """The Glue job as it is deployed."""

    glue_version: str
    python_version: str
    arguments: Mapping[str, str]
    max_retries: int
    role: str


class Function(NamedTuple):
    """A Lambda function as it is deployed."""

    name: str
    runtime: str
    role: str


class Decision(NamedTuple):
    """Whether a principal may do something."""

    action: str
    resource: str
    allowed: bool


class Inventory:
    """Asks the services about one deployment."""

    def __init__(self, session: boto3.Session, settings: Settings) -> None:
        self._session = session
        self._settings = settings

    def identity(self) -> Identity:
        """Ask STS, which everybody may, and look at its clock.

        Raises:
            OdpfError: there are no credentials that are good, or nobody answers.
        """
        with aws_call("Asking for the caller's identity"):
            client = self._client("sts")
            try:
                answer: Any = client.get_caller_identity()
            except ClientError as error:
                _blame_the_clock(error.response)
                raise
        place = Place(answer["Arn"].split(":")[1], self._session.region_name, answer["Account"])
        return Identity(answer["Arn"], place, client.meta.endpoint_url, _ahead(answer))

    def tables(self, names: Iterable[str]) -> dict[str, str | None]:
        """Status of DynamoDB tables by name; None for one that is not there."""
        client = self._client("dynamodb")
        return {
            name: self._found(f"table {name}", client.describe_table, "Table.TableStatus", TableName=name)
            for name in names
        }

    def bucket(self, name: str) -> bool:
        """Whether a bucket is there and may be looked at."""
        client = self._client("s3")
        return (
            self._found(f"bucket {name}", client.head_bucket, "ResponseMetadata.HTTPStatusCode", Bucket=name)
            is not None
        )

    def state_machine(self, place: Place) -> str | None:
        """The role of the state machine; None when it is not there."""
        arn = place.arn("states", f"stateMachine:{self._settings.state_machine_name}")
        client = self._client("stepfunctions")
        role: str | None = self._found(
            f"state machine {arn}", client.describe_state_machine, "roleArn", stateMachineArn=arn
        )
        return role

    def job(self) -> Job | None:
        """The Glue job; None when it is not there."""
        name = self._settings.glue_job_name
        found = self._found(f"Glue job {name}", self._client("glue").get_job, "Job", JobName=name)
        if found is None:
            return None
        command = found.get("Command", {})
        return Job(
            str(found.get("GlueVersion", "")),
            str(command.get("PythonVersion", "")),
            {str(key): str(value) for key, value in found.get("DefaultArguments", {}).items()},
            int(found.get("MaxRetries", 0)),
            str(found.get("Role", "")),
        )

    def functions(self, components: Iterable[str]) -> dict[str, Function | None]:
        """Lambda functions by component; None for one that is not there."""
        client = self._client("lambda")
        found: dict[str, Function | None] = {}
        for component in components:
            name = self._settings.function_name(component)
            answer = self._found(f"function {name}", client.get_function_configuration, "", FunctionName=name)
            found[component] = answer and Function(name, str(answer.get("Runtime", "")), str(answer.get("Role", "")))
        return found

    def decisions(self, principal: str, wanted: Sequence[tuple[str, str]]) -> list[Decision]:
        """What IAM's simulation says of (action, resource) pairs (IAM API, SimulatePrincipalPolicy).

        Policies of resources, permission boundaries of organisations and conditions on requests are not simulated.

        Raises:
            OdpfError: the caller may not simulate, or the endpoint has no simulation.
        """
        client = self._client("iam")
        by_resource: dict[str, list[str]] = {}
        for action, resource in wanted:
            by_resource.setdefault(resource, []).append(action)
        decided = []
        for resource, actions in by_resource.items():
            with aws_call(f"Simulating the policies of {principal}"):
                try:
                    answer = client.simulate_principal_policy(
                        PolicySourceArn=principal, ActionNames=actions, ResourceArns=[resource]
                    )
                except ResponseParserError:  # emulators answer what they do not know with something that is no XML
                    raise TerminalError(
                        f"{client.meta.endpoint_url} offers no IAM simulation, so nobody can tell what {principal} may do. "
                        "Ask in the account itself."
                    ) from None
            decided += [
                Decision(each["EvalActionName"], resource, each["EvalDecision"] == "allowed")
                for each in answer["EvaluationResults"]
            ]
        return decided

    def _client(self, service: str) -> Any:
        return self._session.client(service, config=_SOON)  # type: ignore[call-overload]

    def _found(self, what: str, ask: Any, wanted: str, **arguments: Any) -> Any:
        """A value of an answer by its dotted path; None when the service knows no such thing."""
        with aws_call(f"Asking for {what}"):
            try:
                answer: Any = ask(**arguments)
            except ClientError as error:
                if code_of(error) in _ABSENT:
                    return None
                raise
        for key in filter(None, wanted.split(".")):
            answer = answer[key]
        return answer


def _ahead(answer: Mapping[str, Any]) -> float | None:
    """By the header Date, which has whole seconds."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    return (utc_now() - parsedate_to_datetime(date)).total_seconds() if date else None


def _blame_the_clock(answer: Mapping[str, Any]) -> None:
    """A request that is signed minutes off is refused, often as one with a bad signature."""
    ahead = _ahead(answer)
    if ahead is not None and abs(ahead) > MOST_SECONDS_OFF:
        word = "ahead of" if ahead > 0 else "behind"
        raise TerminalError(
            f"AWS refuses the request, and this machine's clock is {abs(ahead):.0f} s {word} AWS's. Set the clock (NTP), then try again."
        )
