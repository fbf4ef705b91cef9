"""Every call that the components make is allowed, every permission is used or has a reason, and some are never given.

Compared with the kept calls of a whole run of the end-to-end tests, and, when those tests run in the same session, with
what they record; `ODPF_RECORDED_CALLS=FILE` compares another recording (docs/permissions.md).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from odpf_local.aws.call_recorder import RecordedCall
from odpf_local.aws.calls import Call
from tests.infra.iam import Grant, Policy, allowed
from tests.infra.least_privilege import Justified, on_any_resource, outdated, refused, unjustified, unused
from tests.infra.permissions_page import PAGE, written
from tests.infra.principals import EVERYTHING, principals, unnamed
from tests.infra.recordings import KEPT, keep, read, standing_for
from tests.recording import RECORDING

HERE = "eu-west-1:123456789012"
END_TO_END = Path(__file__).parents[1] / "end_to_end"
APART = ("test_demo.py", "test_kills.py", "test_lambda_kills.py", "test_readme.py", "test_regions.py", "test_state.py")
"""Tests whose calls are not kept: they kill what calls, or have instances of their own."""


@pytest.fixture(scope="module")
def policies() -> Mapping[str, Policy]:
    return principals()


@pytest.fixture(scope="module")
def everything() -> Mapping[str, Policy]:
    """With everything switched on that takes further permissions."""
    return principals(EVERYTHING)


@pytest.fixture(scope="module")
def justified() -> Justified:
    return Justified.read()


@pytest.fixture(scope="module")
def recorded() -> list[RecordedCall]:
    return read(KEPT)


@pytest.fixture(scope="module")
def recording(request: pytest.FixtureRequest, recorded: list[RecordedCall]) -> list[RecordedCall]:
    """A recording that is at hand: the one named in the environment, this session's, or the kept one."""
    named = os.environ.get("ODPF_RECORDED_CALLS")
    file = Path(named) if named else request.config.stash.get(RECORDING, None)
    return read(file) if file else recorded


def test_every_role_and_managed_policy_is_some_principals():
    assert unnamed() == set()


def test_every_kept_call_is_allowed(policies, recorded):
    assert [each.line() for each in refused(policies, recorded)] == []


def test_every_recorded_call_is_allowed(policies, recording):
    assert [each.line() for each in refused(policies, recording)] == []


def test_every_permission_is_used_or_has_a_reason(everything, recorded, justified):
    assert [*map(" ".join, sorted(unjustified(unused(everything, recorded), justified.unused)))] == []


def test_every_reason_is_for_a_permission_that_no_recorded_call_needs(everything, recorded, justified):
    assert outdated(unused(everything, recorded), justified.unused) == []


def test_the_kept_calls_are_those_of_the_end_to_end_tests(request, recorded):
    """When all of them run in this session; part of them, or a run that failed, says nothing."""
    files = {item.path for item in request.session.items}
    live = request.config.stash.get(RECORDING, None)
    whole = {*END_TO_END.glob("test_*.py")} <= files | {END_TO_END / name for name in APART}
    if live is None or not whole or request.session.testsfailed:
        return
    if os.environ.get("ODPF_KEEP_CALLS"):
        keep(read(live))
        recorded = read(KEPT)
    assert [each.line() for each in {*recorded} - standing_for(read(live))] == []


def test_no_action_has_a_wildcard(everything):
    found = {
        (name, grant.action) for name, policy in everything.items() for grant in policy if set("*?") & {*grant.action}
    }
    assert found == set()


def test_any_resource_only_where_the_action_takes_no_other(everything, justified):
    found = on_any_resource(everything)
    assert [*map(" ".join, sorted(unjustified(found, justified.any_resource)))] == []
    assert outdated(found, justified.any_resource) == []


def test_no_wildcard_stands_for_an_account_a_region_a_bucket_or_a_table(everything):
    loose = [
        (name, grant.resource)
        for name, policy in everything.items()
        for grant in policy
        if grant.resource != "*" and _is_loose(grant.resource)
    ]
    assert loose == []


def _is_loose(resource: str) -> bool:
    *place, name = resource.split(":", 5)
    first, _, second = name.partition("/")
    names_one = {"dynamodb": second.partition("/")[0], "s3": first}.get(place[2], "")
    return "*" in "".join(place) or "*" in names_one


# What facts of the design say each principal must never do.

TRACKERS = ("file_tracker", "file_tracker_history", "file_processing_tracker", "file_processing_tracker_history")
ALL_TABLES = (*TRACKERS, "batch_config", "raw_table_config", "config_deploy_tracker")
NOT_OF_OPERATORS = tuple(name for name in ALL_TABLES if name not in ("file_tracker", "file_tracker_history"))
"""Operators move files between these two: out of history, and among the pending ones."""
STAGED = "arn:aws:s3:::odpf-staging/internal_staging/shop/orders/LOAD00000001.parquet"
RAW = "arn:aws:s3:::odpf-raw/shop_raw/orders/a.parquet"
RESULT = "arn:aws:s3:::odpf-artifacts/quarantine/shop_raw.orders/b1/part.json"
DELETIONS = ("DeleteItem", "BatchWriteItem", "DeleteTable", "PartiQLDelete")
OBJECT_READS = ("GetObject", "GetObjectVersion", "GetObjectTagging")
OBJECT_WRITES = ("PutObject", "PutObjectTagging", "DeleteObject", "DeleteObjectVersion")
CATALOG = (
    f"arn:aws:glue:{HERE}:catalog",
    f"arn:aws:glue:{HERE}:database/shop_raw",
    f"arn:aws:glue:{HERE}:table/shop_raw/orders",
)
CATALOG_ACTIONS = (
    "GetDatabase",
    "CreateDatabase",
    "GetTable",
    "CreateTable",
    "UpdateTable",
    "DeleteTable",
    "DeleteDatabase",
)
JOB = f"arn:aws:glue:{HERE}:job/odpf_file_processor"
JOB_ACTIONS = ("StartJobRun", "GetJobRun", "BatchStopJobRun", "UpdateJob", "DeleteJob")


def table(name: str) -> str:
    return f"arn:aws:dynamodb:{HERE}:table/odpf_{name}"


def every(service: str, actions: tuple[str, ...], resources: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(f"{service}:{action}", resource) for action in actions for resource in resources]


FORBIDDEN = {
    "file_manager": [
        *every("s3", (*OBJECT_READS, *OBJECT_WRITES), (STAGED, RAW, RESULT)),
        *every("s3", ("ListBucket",), ("arn:aws:s3:::odpf-raw", "arn:aws:s3:::odpf-staging")),
        *every("dynamodb", (*DELETIONS, "Scan"), tuple(map(table, ALL_TABLES))),
        *every("dynamodb", ("PutItem", "UpdateItem"), (table("file_processing_tracker"), table("raw_table_config"))),
    ],
    "batch_manager": [
        *every("s3", (*OBJECT_READS, *OBJECT_WRITES), (STAGED, RAW, RESULT)),
        *every("dynamodb", DELETIONS, tuple(map(table, ALL_TABLES))),
        *every("glue", JOB_ACTIONS, (JOB,)),
        *every("glue", CATALOG_ACTIONS, CATALOG),
    ],
    "summarise": [
        *every("s3", (*OBJECT_READS, *OBJECT_WRITES), (STAGED, RAW)),
        *every("dynamodb", (*DELETIONS, "PutItem", "UpdateItem"), tuple(map(table, ALL_TABLES))),
        *every("glue", ("StartJobRun", "BatchStopJobRun"), (JOB,)),
    ],
    "file_processor": [
        *every("s3", OBJECT_WRITES, (STAGED,)),
        *every("dynamodb", ("Scan",), tuple(map(table, ALL_TABLES))),
        *every("dynamodb", DELETIONS, (table("file_processing_tracker_history"), table("file_tracker_history"))),
        *every("dynamodb", ("PutItem", "UpdateItem"), (table("batch_config"), table("raw_table_config"))),
        *every("glue", ("DeleteDatabase", "DeleteTable", "BatchDeleteTable"), CATALOG),
        *every("glue", ("StartJobRun", "UpdateJob", "DeleteJob"), (JOB,)),
    ],
    "process_batch": [
        *every("s3", OBJECT_WRITES, (STAGED,)),
        *every("dynamodb", ("Scan",), tuple(map(table, ALL_TABLES))),
        *every("dynamodb", DELETIONS, (table("file_processing_tracker_history"), table("file_tracker_history"))),
        *every("dynamodb", ("PutItem", "UpdateItem"), (table("batch_config"), table("raw_table_config"))),
        *every("glue", ("DeleteDatabase", "DeleteTable", "BatchDeleteTable", "BatchDeletePartition"), CATALOG),
        *every("glue", ("StartJobRun", "BatchStopJobRun", "UpdateJob", "DeleteJob"), (JOB,)),
    ],
    "config_manager": [
        *every("s3", (*OBJECT_READS, *OBJECT_WRITES), (STAGED, RAW, RESULT)),
        *every("glue", ("CreateTable", "UpdateTable", "DeleteTable", "DeleteDatabase"), CATALOG),
        *every("dynamodb", ("PutItem", "UpdateItem", *DELETIONS), tuple(map(table, TRACKERS))),
    ],
    "publisher": [
        *every("s3", (*OBJECT_READS, *OBJECT_WRITES), (STAGED, RAW, RESULT)),
        *every("glue", ("CreateTable", "UpdateTable", "DeleteTable", "DeleteDatabase"), CATALOG),
        *every("dynamodb", ("PutItem", "UpdateItem", *DELETIONS), tuple(map(table, TRACKERS))),
        *every("states", ("StartExecution",), (f"arn:aws:states:{HERE}:stateMachine:odpf_refresh_cadence",)),
    ],
    "state_machine": [
        *every("lambda", ("InvokeFunction",), (f"arn:aws:lambda:{HERE}:function:odpf_retention:live",)),
        *every("glue", ("StartJobRun", "BatchStopJobRun"), (f"arn:aws:glue:{HERE}:job/other",)),
    ],
    "retention": [
        *every("s3", OBJECT_WRITES, (RAW, RESULT)),
        *every("dynamodb", (*DELETIONS, "PutItem", "UpdateItem"), tuple(map(table, ALL_TABLES))),
    ],
    "watch": [
        *every("s3", (*OBJECT_READS, *OBJECT_WRITES), (STAGED, RAW, RESULT)),
        *every("dynamodb", (*DELETIONS, "PutItem", "UpdateItem"), tuple(map(table, ALL_TABLES))),
        *every("glue", JOB_ACTIONS, (JOB,)),
    ],
    "operator": [
        *every("s3", OBJECT_WRITES, (STAGED, RAW)),
        *every("dynamodb", (*DELETIONS, "PutItem"), tuple(map(table, NOT_OF_OPERATORS))),
        *every("dynamodb", ("BatchWriteItem", "DeleteItem"), (table("file_tracker"),)),
        *every("dynamodb", ("BatchWriteItem", "PutItem", "UpdateItem"), (table("file_tracker_history"),)),
        *every("s3", OBJECT_READS, (STAGED,)),
    ],
    "reconciler": [
        *every("s3", OBJECT_WRITES, (STAGED, RAW)),
        *every("dynamodb", (*DELETIONS, "PutItem", "UpdateItem"), tuple(map(table, ALL_TABLES))),
        *every("glue", JOB_ACTIONS, (JOB,)),
    ],
    "importer": [
        *every("s3", (*OBJECT_READS, *OBJECT_WRITES), (STAGED, RAW, RESULT)),
        *every("dynamodb", ("DeleteItem", "PutItem", "DeleteTable"), tuple(map(table, ALL_TABLES))),
        *every("states", ("StartExecution",), (f"arn:aws:states:{HERE}:stateMachine:odpf_refresh_cadence",)),
    ],
}


@pytest.mark.parametrize("principal", sorted(FORBIDDEN))
def test_what_a_principal_must_not_do_is_refused(policies, principal):
    assert [each for each in FORBIDDEN[principal] if allowed(policies[principal], *each)] == []


def test_only_an_import_may_delete_or_change_the_audit(policies):
    """By the one permission there is for putting and deleting many items; nobody has that policy for longer."""
    audit = table("file_processing_tracker_history")
    may = [
        (name, a)
        for name, each in policies.items()
        for a in ("UpdateItem", *DELETIONS)
        if allowed(each, f"dynamodb:{a}", audit)
    ]
    assert may == [("importer", "BatchWriteItem")]


def test_only_dms_and_the_sweeper_of_staged_files_may_write_or_remove_them(policies):
    may = {name for name, each in policies.items() for action in OBJECT_WRITES if allowed(each, f"s3:{action}", STAGED)}
    assert may - {"dms"} == {"retention"}
    assert not allowed(policies["retention"], "s3:PutObject", STAGED)


def test_only_the_job_and_the_function_of_table_batches_may_write_raw_tables(policies):
    may = {name for name, each in policies.items() for action in OBJECT_WRITES if allowed(each, f"s3:{action}", RAW)}
    assert may == {"file_processor", "process_batch"}


@pytest.mark.parametrize("principal", ["config_manager", "publisher"])
def test_a_role_is_passed_to_schedules_only(policies, principal):
    role = "arn:aws:iam::123456789012:role/odpf_scheduler-eu-west-1"
    to = {"iam:PassedToService": "scheduler.amazonaws.com"}
    assert allowed(policies[principal], "iam:PassRole", role, to)
    assert not allowed(policies[principal], "iam:PassRole", role, {"iam:PassedToService": "lambda.amazonaws.com"})
    assert not allowed(policies[principal], "iam:PassRole", "arn:aws:iam::123456789012:role/admin", to)


def test_an_operator_raises_the_epoch_and_generations_and_touches_no_heartbeat(policies):
    def may_update(key: str) -> bool:
        at = {"dynamodb:LeadingKeys": [key]}
        return allowed(policies["operator"], "dynamodb:UpdateItem", table("file_processing_tracker"), at)

    assert may_update("#epoch")
    assert may_update("shop_raw.orders")
    assert not may_update("#job_run/jr_1")


def test_only_people_take_files_out_of_history(policies):
    history = table("file_tracker_history")
    may = {name for name, each in policies.items() for a in DELETIONS if allowed(each, f"dynamodb:{a}", history)}
    assert may == {"operator", "importer"}


@pytest.mark.parametrize("queue", ["odpf_staging_events", "odpf_config_events"])
def test_only_people_take_dead_letters_away_and_send_them_back(policies, queue):
    here = f"arn:aws:sqs:{HERE}:{queue}"
    for action, on in (("DeleteMessage", f"{here}_dlq"), ("ReceiveMessage", f"{here}_dlq"), ("SendMessage", here)):
        assert [name for name, each in policies.items() if allowed(each, f"sqs:{action}", on)] == ["operator"]
    assert not any(allowed(policies["operator"], f"sqs:{action}Message", here) for action in ("Delete", "Receive"))


# Controls: the comparison finds what is missing and what is too much.


def test_every_permission_that_is_taken_away_and_was_used_is_missed(policies, recorded):
    used = [
        (name, grant)
        for name, policy in policies.items()
        for idle in [unused({name: policy}, recorded)]
        for grant in policy
        if (name, grant.action, grant.resource) not in idle
    ]
    assert used
    refused_anyway = refused(policies, recorded)
    missed = [
        (name, grant)
        for name, grant in used
        if refused({**policies, name: _without(policies[name], grant)}, recorded) == refused_anyway
        and not _is_given_twice(policies[name], grant)
    ]
    assert missed == []


def _without(policy: Policy, taken: Grant) -> Policy:
    return tuple(each for each in policy if each != taken)


def _is_given_twice(policy: Policy, grant: Grant) -> bool:
    """Two patterns that overlap, each of which some recorded call fits."""
    others = [each for each in _without(policy, grant) if each.action == grant.action]
    return any(
        fnmatchcase(grant.resource, each.resource) or fnmatchcase(each.resource, grant.resource) for each in others
    )


@pytest.mark.parametrize("principal", sorted(FORBIDDEN))
def test_a_permission_too_many_is_found(everything, recorded, justified, principal):
    more = Grant("TooMuch", "s3:DeleteBucket", "arn:aws:s3:::odpf-raw", {}, allows=True)
    policies = {**everything, principal: (*everything[principal], more)}
    before, found = (unjustified(unused(each, recorded), justified.unused) for each in (everything, policies))
    assert found - before == {(principal, more.action, more.resource)}


def test_a_reason_too_many_is_found(everything, recorded, justified):
    (entry, *_) = justified.unused
    more = entry.model_copy(update={"principals": ("file_manager",), "actions": ("dynamodb:PutItem",)})
    assert outdated(unused(everything, recorded), [*justified.unused, more])


def test_a_call_of_a_program_without_a_policy_is_refused(policies):
    stranger = RecordedCall("stranger", Call("dynamodb:Scan", table("file_tracker")))
    assert refused(policies, [stranger]) == [stranger]


def test_a_call_that_nobody_can_judge_is_refused(policies):
    unknown = RecordedCall("file_manager", None, "s3 ListBuckets")
    assert refused(policies, [unknown]) == [unknown]


def test_the_page_of_permissions_is_that_of_the_templates():
    page = PAGE.read_text()
    assert page == written(page), "write it again: .venv/bin/python -m tests.infra.permissions_page"
