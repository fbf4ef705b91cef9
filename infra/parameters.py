"""Parameters of the templates: what an account, an environment or a Region has differently.

Every stack declares those it uses; a parameter means the same in all of them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from aws_cdk import CfnCondition, CfnParameter, Fn, Stack

from odpf.full_load_completion import ON_AWS

_BUCKET = "^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_BUCKET_OR_NONE = f"^$|{_BUCKET}"
_KEY = "^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/[A-Za-z0-9-]+$"
_YES_NO = ("yes", "no")


class Parameter(NamedTuple):
    """One parameter; without a default it has to be given."""

    description: str
    default: str | None = None
    kind: str = "String"
    pattern: str | None = None
    values: tuple[str, ...] = ()
    smallest: int | None = None
    largest: int | None = None


_PARAMETERS = {
    "Prefix": Parameter(
        "Begins the names of all resources, and ends with _; give each environment of an account its own: odpf-dev_.",
        "odpf_",
        pattern="^[a-z][a-z0-9-]{0,18}_$",
    ),
    "KmsKeyArn": Parameter(
        "Customer-managed KMS key of this Region; the storage stack's output KmsKeyArn.", pattern=_KEY
    ),
    "ExistingKmsKeyArn": Parameter(
        "A KMS key to use instead of making one; its policy must have the statements of docs/aws.md.",
        "",
        pattern=f"^$|{_KEY}",
    ),
    "StagingBucketName": Parameter("Bucket that DMS writes to.", pattern=_BUCKET),
    "RawBucketName": Parameter("Bucket of the raw tables.", pattern=_BUCKET),
    "ArtifactsBucketName": Parameter(
        "Bucket of packages, configuration manifests, run manifests and quarantined rows.", pattern=_BUCKET
    ),
    "CreateStagingBucket": Parameter("no: the bucket exists already.", "yes", values=_YES_NO),
    "CreateRawBucket": Parameter("no: the bucket exists already.", "yes", values=_YES_NO),
    "CreateArtifactsBucket": Parameter("no: the bucket exists already.", "yes", values=_YES_NO),
    "StagingEncryption": Parameter(
        "aws:kms, or AES256 with a second Region: file ids are made from ETags, which replication keeps only without KMS.",
        "aws:kms",
        values=("aws:kms", "AES256"),
    ),
    "ReplicateRaw": Parameter(
        "Enabled in the active Region, Disabled in the one that stands by (docs/regions.md).",
        "Enabled",
        values=("Enabled", "Disabled"),
    ),
    "AcceptRawReplicas": Parameter(
        "no in a Region that has taken over: no late commit of the other one comes in any more.", "yes", values=_YES_NO
    ),
    "RawBucketReplicas": Parameter(
        'JSON {"<raw bucket of the primary>": "<its replica here>"} for tables that name their bucket, in a secondary '
        "Region; empty: none.",
        "",
        pattern=r"^$|^\{.*\}$",
    ),
    "AccessLogsBucketName": Parameter(
        "Bucket for S3 server access logs of the made buckets; empty: none.", "", pattern=_BUCKET_OR_NONE
    ),
    "NoncurrentDays": Parameter(
        "Days that overwritten and removed objects can still be brought back.", "30", "Number", smallest=1, largest=3650
    ),
    "RunDays": Parameter(
        "Days that manifests and summaries of runs are kept.", "90", "Number", smallest=7, largest=3650
    ),
    "RegionRole": Parameter(
        "secondary: the tables are replicas of the primary Region's, so this stack makes none.",
        "primary",
        values=("primary", "secondary"),
    ),
    "ReplicaRegion": Parameter(
        "Second Region that DynamoDB replicates the tables to; empty: one Region.",
        "",
        pattern="^$|^[a-z]{2}(-[a-z]+)+-[0-9]$",
    ),
    "ReplicaKmsKeyArn": Parameter("KMS key of the second Region.", "", pattern=f"^$|{_KEY}"),
    "ReplicaStagingBucketName": Parameter(
        "Bucket of the other Region that staged files are replicated to; empty: none.", "", pattern=_BUCKET_OR_NONE
    ),
    "ReplicaRawBucketName": Parameter(
        "Bucket of the other Region that raw tables are replicated to; empty: none.", "", pattern=_BUCKET_OR_NONE
    ),
    "ReplicaArtifactsBucketName": Parameter(
        "Bucket of the other Region that artifacts are replicated to; empty: none.", "", pattern=_BUCKET_OR_NONE
    ),
    "CodeBucket": Parameter("Bucket with the packages of `make package`.", pattern=_BUCKET),
    "CodePrefix": Parameter(
        "Key prefix of the packages, for example code/0.1.0-0123456789ab.",
        pattern="^[A-Za-z0-9._/-]{1,200}[A-Za-z0-9]$",
    ),
    "Release": Parameter(
        "Text that changes whenever the packages or another parameter of this stack do: it makes new function versions.",
        pattern="^[A-Za-z0-9._-]{1,64}$",
    ),
    "StagingBuckets": Parameter(
        "Buckets of all staging places, the default one first.", kind="CommaDelimitedList", pattern=_BUCKET
    ),
    "StagingFolder": Parameter(
        "BucketFolder of the DMS endpoint, when there is one staging place.",
        "internal_staging",
        pattern="^[A-Za-z0-9!_.*'()/-]{0,200}$",
    ),
    "StagingPlaces": Parameter(
        'JSON list of {"name", "bucket", "folder", "replica_of"}, when there are several staging places or the Region is '
        "a secondary one; empty: one place, the first bucket with StagingFolder.",
        "",
        pattern=r"^$|^\[.*\]$",
    ),
    "StagingPrefixes": Parameter(
        "Key prefixes of the staging places that may be listed, as IAM patterns.",
        "internal_staging/*",
        "CommaDelimitedList",
    ),
    "RawDatabasePattern": Parameter(
        "IAM pattern of the raw databases in the Glue Data Catalog; their tables lie below the same names in the raw bucket.",
        "*_raw",
        pattern="^[a-z0-9_*?]{1,128}$",
    ),
    "AdditionalJobPolicyArn": Parameter(
        "A managed policy for what else the job, and the function of small batches, need: other raw buckets, databases of other names, Lake Formation.",
        "",
    ),
    "GlueVersion": Parameter(
        "Glue version of the job: 5.0 (Hudi 0.15.0) or 5.1 (Hudi 1.0.2).", "5.0", values=("5.0", "5.1")
    ),
    "GlueConnectionName": Parameter("Glue connection that puts the job into a VPC; empty: none.", ""),
    "MaxConcurrentJobRuns": Parameter("Job runs at once, of all cadences.", "50", "Number", smallest=1, largest=1000),
    "JobTimeoutMinutes": Parameter(
        "A job run that takes longer is stopped.", "480", "Number", smallest=5, largest=10080
    ),
    "FullLoadCompletion": Parameter(
        "By what a full load counts as whole, of tables that do not say it themselves (docs/configuration.md): none, marker, "
        "quiet_seconds:N or dms.",
        ON_AWS,
        pattern="^(none|marker|dms|quiet_seconds:[1-9][0-9]{0,4})$",
    ),
    "DmsTaskArns": Parameter(
        "DMS tasks that are asked for table statistics, for full_load_completion: dms; empty: none.",
        "",
        "CommaDelimitedList",
        pattern="^$|^arn:aws[a-z-]*:dms:[a-z0-9-]+:[0-9]{12}:task:[A-Za-z0-9-]+$",
    ),
    "CreateDmsRole": Parameter("no: DMS endpoints have a role of their own.", "yes", values=_YES_NO),
    "RetentionDays": Parameter(
        "Replay window: staged files that were processed longer ago than this are removed. 0: they are kept.",
        "0",
        "Number",
        smallest=0,
        largest=3650,
    ),
    "LogRetentionDays": Parameter(
        "Days that logs are kept.",
        "90",
        "Number",
        values=("7", "14", "30", "60", "90", "180", "365", "400", "731", "1827", "3653"),
    ),
    "VpcSubnetIds": Parameter("Subnets of the functions; empty: no VPC.", "", "CommaDelimitedList"),
    "VpcSecurityGroupIds": Parameter("Security groups of the functions, with VpcSubnetIds.", "", "CommaDelimitedList"),
    "PermissionsBoundaryArn": Parameter("Permissions boundary of all roles; empty: none.", ""),
    "AlarmTopicArn": Parameter("SNS topic for alarms and notices; empty: the observability stack makes one.", ""),
    "TableMetrics": Parameter(
        "Lag as a metric of every table, which CloudWatch charges for; auto: with at most 200 tables.",
        "auto",
        values=("auto", "on", "off"),
    ),
    "OldestPendingSeconds": Parameter(
        "A file that waits longer than this raises an alarm.", "21600", "Number", smallest=300, largest=2592000
    ),
}


def table() -> str:
    """All parameters as the page docs/parameters.md."""
    rows = [
        f"| `{name}` | {_shown(known)} | {known.description.replace('|', chr(92) + '|')} |"
        for name, known in sorted(_PARAMETERS.items())
    ]
    return "\n".join([_HEAD, *rows, ""])


def _shown(known: Parameter) -> str:
    if known.default is None:
        return "required"
    return f"`{known.default}`" if known.default else "empty"


_HEAD = """# Parameters of the templates

A stack has those that it uses; with the same name they mean the same. `KmsKeyArn`, `CodePrefix` and `Release` are filled in by
`make deploy`; `CodeBucket` is the artifacts bucket and `StagingBuckets` the staging bucket unless they are given.

| parameter | default | meaning |
|---|---|---|"""


class Parameters:
    """The parameters of one stack, each declared when it is first asked for."""

    def __init__(self, stack: Stack, *names: str) -> None:
        """Declare `names` at once: those that names and ARNs mention only as text."""
        self._stack = stack
        self._declared: dict[str, CfnParameter] = {}
        self._conditions: dict[str, CfnCondition] = {}
        for name in names:
            self._parameter(name)

    def text(self, name: str) -> str:
        """A parameter's value."""
        return self._parameter(name).value_as_string

    def number(self, name: str) -> Any:
        """A number parameter's value, as property types want numbers."""
        return self._parameter(name).value_as_number

    def list(self, name: str) -> list[str]:
        """A list parameter's value."""
        return self._parameter(name).value_as_list

    def given(self, name: str) -> CfnCondition:
        """Whether a parameter is not empty; of a list, whether its first element is not."""
        parameter = self._parameter(name)
        is_list = parameter.type == "CommaDelimitedList"
        value = Fn.select(0, parameter.value_as_list) if is_list else parameter.value_as_string
        return self.condition(f"Has{name}", Fn.condition_not(Fn.condition_equals(value, "")))

    def equals(self, name: str, value: str, condition: str) -> CfnCondition:
        """Whether a parameter has a value, as a condition of that name."""
        return self.condition(condition, Fn.condition_equals(self.text(name), value))

    def condition(self, name: str, expression: Any) -> CfnCondition:
        """A condition of the stack, made once."""
        if name not in self._conditions:
            self._conditions[name] = CfnCondition(self._stack, name, expression=expression)
        return self._conditions[name]

    def _parameter(self, name: str) -> CfnParameter:
        if name not in self._declared:
            known = _PARAMETERS[name]
            self._declared[name] = CfnParameter(
                self._stack,
                name,
                type=known.kind,
                description=known.description,
                default=known.default,
                allowed_pattern=known.pattern,
                allowed_values=list(known.values) or None,
                min_value=known.smallest,
                max_value=known.largest,
            )
        return self._declared[name]


if __name__ == "__main__":
    print(table(), end="")
