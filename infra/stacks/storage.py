"""Storage: the KMS key, the buckets, the tables. Everything that outlives a release."""

from __future__ import annotations

from typing import Any, NamedTuple

from aws_cdk import Aws, CfnCondition, CfnDeletionPolicy, CfnOutput, CfnRule, CfnRuleAssertion, CfnTag, Fn, Stack, Token
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from infra.key_policy import key_statements
from infra.names import sub
from infra.parameters import Parameters
from infra.roles import VERSION, allow, role, trust
from infra.suppressions import suppress
from infra.tables import global_table
from odpf.tables import TABLES


class _Bucket(NamedTuple):
    """One bucket: the parameters that name, make and replicate it, and the prefixes that are replicated
    or expire, after so many days or those of a parameter."""

    name: str
    what: str
    announces: bool
    replicates: tuple[str, ...] = ("",)
    expires: tuple[tuple[str, str | int], ...] = ()

    @property
    def parameter(self) -> str:
        return f"{self.name}BucketName"


_BUCKETS = (
    _Bucket("Staging", "files of DMS", announces=True),
    _Bucket("Raw", "raw tables", announces=False),
    _Bucket(
        "Artifacts",
        "packages, manifests, quarantined rows",
        announces=True,
        replicates=("batches/", "quarantine/"),
        expires=(("runs/", "RunDays"), ("scratch/", 7), ("athena/", 7)),
    ),
)


class Storage(Stack):
    """KMS key, staging, raw and artifacts bucket, DynamoDB tables; what exists already can be brought in."""

    def __init__(self, scope: Construct, name: str, **options: Any) -> None:
        super().__init__(scope, name, description="ODPF storage: KMS key, buckets, DynamoDB tables", **options)
        self._parameters = Parameters(
            self,
            "Prefix",
            "ExistingKmsKeyArn",
            *(bucket.parameter for bucket in _BUCKETS),
            *(f"Create{bucket.name}Bucket" for bucket in _BUCKETS),
            "RegionRole",
            "ReplicaRegion",
            "ReplicaKmsKeyArn",
            *(f"Replica{bucket.name}BucketName" for bucket in _BUCKETS),
        )
        self._key_arn = self._key()
        for bucket in _BUCKETS:
            self._bucket(bucket)
        self._tables()
        self._rules()
        CfnOutput(
            self, "KmsKeyArn", value=self._key_arn, description="For the parameter KmsKeyArn of the other stacks."
        )

    def _key(self) -> str:
        brought_in = self._parameters.given("ExistingKmsKeyArn")
        made = self._parameters.condition("MakesKey", Fn.condition_not(brought_in))
        key = kms.CfnKey(
            self,
            "Key",
            description=sub("ODPF ${Prefix}: staged files, raw tables, ledger, queues, logs"),
            enable_key_rotation=True,
            key_policy={"Version": VERSION, "Statement": key_statements()},
            tags=[CfnTag(key="odpf:deployment", value=sub("${Prefix}"))],
        )
        key.cfn_options.condition = made
        _keep(key)
        alias = kms.CfnAlias(self, "KeyAlias", alias_name=sub("alias/${Prefix}key"), target_key_id=key.ref)
        alias.cfn_options.condition = made
        return Token.as_string(
            Fn.condition_if(made.logical_id, key.attr_arn, self._parameters.text("ExistingKmsKeyArn"))
        )

    def _bucket(self, bucket: _Bucket) -> None:
        parameters = self._parameters
        made = parameters.equals(f"Create{bucket.name}Bucket", "yes", f"Makes{bucket.name}Bucket")
        logged = parameters.given("AccessLogsBucketName")
        resource = s3.CfnBucket(
            self,
            f"{bucket.name}Bucket",
            bucket_name=parameters.text(bucket.parameter),
            bucket_encryption=s3.CfnBucket.BucketEncryptionProperty(
                server_side_encryption_configuration=[
                    s3.CfnBucket.ServerSideEncryptionRuleProperty(
                        bucket_key_enabled=True,  # one KMS request for many objects
                        server_side_encryption_by_default=self._encryption(bucket),
                    )
                ]
            ),
            public_access_block_configuration=s3.CfnBucket.PublicAccessBlockConfigurationProperty(
                block_public_acls=True, block_public_policy=True, ignore_public_acls=True, restrict_public_buckets=True
            ),
            ownership_controls=s3.CfnBucket.OwnershipControlsProperty(
                rules=[s3.CfnBucket.OwnershipControlsRuleProperty(object_ownership="BucketOwnerEnforced")]
            ),
            versioning_configuration=s3.CfnBucket.VersioningConfigurationProperty(status="Enabled"),
            lifecycle_configuration=s3.CfnBucket.LifecycleConfigurationProperty(rules=self._lifecycle(bucket)),
            notification_configuration=s3.CfnBucket.NotificationConfigurationProperty(
                event_bridge_configuration=s3.CfnBucket.EventBridgeConfigurationProperty(event_bridge_enabled=True)
            )
            if bucket.announces
            else None,
            logging_configuration=Fn.condition_if(
                logged.logical_id,
                {
                    "DestinationBucketName": parameters.text("AccessLogsBucketName"),
                    "LogFilePrefix": sub(f"${{{bucket.parameter}}}/"),
                },
                Aws.NO_VALUE,
            ),
            replication_configuration=self._replication(bucket, made),
            tags=[CfnTag(key="odpf:deployment", value=sub("${Prefix}"))],
        )
        resource.cfn_options.condition = made
        _keep(resource)
        reasons = {
            "AwsSolutions-S1": "Access logs go to AccessLogsBucketName where the account has such a bucket.",
            "CKV_AWS_18": "Access logs go to AccessLogsBucketName where the account has such a bucket.",
        }
        suppress(resource, reasons)
        policy = s3.CfnBucketPolicy(
            self,
            f"{bucket.name}BucketPolicy",
            bucket=resource.ref,
            policy_document={
                "Version": VERSION,
                "Statement": [_only_by_tls(resource), *self._replicas(bucket, resource)],
            },
        )
        policy.cfn_options.condition = made

    def _encryption(self, bucket: _Bucket) -> Any:
        if bucket.name != "Staging":
            return s3.CfnBucket.ServerSideEncryptionByDefaultProperty(
                sse_algorithm="aws:kms", kms_master_key_id=self._key_arn
            )
        by_key = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": self._key_arn}
        with_key = self._parameters.equals("StagingEncryption", "aws:kms", "StagingIsEncryptedWithTheKey")
        return Fn.condition_if(with_key.logical_id, by_key, {"SSEAlgorithm": "AES256"})

    def _replicas(self, bucket: _Bucket, resource: s3.CfnBucket) -> list[Any]:
        """A raw bucket that was taken over takes no late commit of the Region that had it before (docs/regions.md)."""
        if bucket.name != "Raw":
            return []
        closed = self._parameters.equals("AcceptRawReplicas", "no", "RefusesRawReplicas")
        statement = {
            "Sid": "NoReplicas",
            "Effect": "Deny",
            "Principal": "*",
            "Action": ["s3:ReplicateObject", "s3:ReplicateDelete"],
            "Resource": Fn.join("", [resource.attr_arn, "/*"]),
        }
        return [Fn.condition_if(closed.logical_id, statement, Aws.NO_VALUE)]

    def _lifecycle(self, bucket: _Bucket) -> list[s3.CfnBucket.RuleProperty]:
        """Nothing that could still be needed goes by age: staged files only by the retention function (docs/operate.md)."""
        rules = [
            s3.CfnBucket.RuleProperty(
                id="what-was-overwritten-or-removed",
                status="Enabled",
                noncurrent_version_expiration=s3.CfnBucket.NoncurrentVersionExpirationProperty(
                    noncurrent_days=self._parameters.number("NoncurrentDays")
                ),
                expired_object_delete_marker=True,
            ),
            s3.CfnBucket.RuleProperty(
                id="uploads-that-were-given-up",
                status="Enabled",
                abort_incomplete_multipart_upload=s3.CfnBucket.AbortIncompleteMultipartUploadProperty(
                    days_after_initiation=7
                ),
            ),
        ]
        for prefix, days in bucket.expires:
            in_days = self._parameters.number(days) if isinstance(days, str) else days
            rules.append(
                s3.CfnBucket.RuleProperty(
                    id=f"expire-{prefix.rstrip('/')}", status="Enabled", prefix=prefix, expiration_in_days=in_days
                )
            )
        return rules

    def _replication(self, bucket: _Bucket, made: CfnCondition) -> Any:
        """Replicate everything, deletes included, to the bucket of the other Region, when one is named."""
        parameters, target = self._parameters, f"Replica{bucket.name}BucketName"
        replicated = parameters.given(target)
        both = parameters.condition(
            f"Replicates{bucket.name}", Fn.condition_and(made, replicated, parameters.given("ReplicaKmsKeyArn"))
        )
        status = parameters.text("ReplicateRaw") if bucket.name == "Raw" else "Enabled"
        criteria = {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": "Enabled"}}}
        encryption = {"EncryptionConfiguration": {"ReplicaKmsKeyID": parameters.text("ReplicaKmsKeyArn")}}
        statements = [
            allow("DecryptHere", ["kms:Decrypt"], [self._key_arn]),
            # Decrypt there, too: the bucket's key of the other Region is used (S3 guide, "Bucket Keys and replication").
            allow(
                "EncryptThere",
                ["kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey"],
                [parameters.text("ReplicaKmsKeyArn")],
            ),
        ]
        if bucket.name == "Staging":  # without KMS, so that a replica keeps its original's ETag and is the same file
            criteria, encryption, statements = {}, {}, []
        own = role(
            self,
            parameters,
            f"{bucket.name}ReplicationRole",
            description=f"ODPF: replicates {bucket.what} to the other Region",
            trusted=trust("s3.amazonaws.com"),
            statements=[
                allow(
                    "ReadHere",
                    ["s3:GetReplicationConfiguration", "s3:ListBucket"],
                    [sub(f"arn:${{AWS::Partition}}:s3:::${{{bucket.parameter}}}")],
                ),
                allow(
                    "ReadVersionsHere",
                    [
                        "s3:GetObjectVersionForReplication",
                        "s3:GetObjectVersionAcl",
                        "s3:GetObjectVersionTagging",
                    ],
                    [sub(f"arn:${{AWS::Partition}}:s3:::${{{bucket.parameter}}}/*")],
                ),
                allow(
                    "WriteThere",
                    ["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"],
                    [sub(f"arn:${{AWS::Partition}}:s3:::${{{target}}}/*")],
                ),
                *statements,
            ],
            wildcards="Every object of the bucket is replicated.",
        )
        own.cfn_options.condition = both
        return Fn.condition_if(
            both.logical_id,
            {
                "Role": own.attr_arn,
                "Rules": [
                    {
                        "Id": prefix.rstrip("/") or "everything",
                        "Status": status,
                        "Priority": number,
                        "Filter": {"Prefix": prefix},
                        # Without deletes the other Region would keep what killed writers left.
                        "DeleteMarkerReplication": {"Status": "Enabled"},
                        **criteria,
                        "Destination": {
                            "Bucket": sub(f"arn:${{AWS::Partition}}:s3:::${{{target}}}"),
                            **encryption,
                            "ReplicationTime": {"Status": "Enabled", "Time": {"Minutes": 15}},
                            "Metrics": {"Status": "Enabled", "EventThreshold": {"Minutes": 15}},
                        },
                    }
                    for number, prefix in enumerate(bucket.replicates, 1)
                ],
            },
            Aws.NO_VALUE,
        )

    def _tables(self) -> None:
        primary = self._parameters.equals("RegionRole", "primary", "IsPrimary")
        replicated = self._parameters.given("ReplicaRegion")
        for schema in TABLES:
            table = global_table(self, self._parameters, schema, self._key_arn, replicated)
            table.cfn_options.condition = primary
            table.cfn_options.deletion_policy = CfnDeletionPolicy.RETAIN
            table.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN

    def _rules(self) -> None:
        """Replication without the other Region's key would be left out without a word; it is refused."""
        parameters = self._parameters
        for name in ("ReplicaRegion", *(f"Replica{bucket.name}BucketName" for bucket in _BUCKETS)):
            CfnRule(
                self,
                f"{name}NeedsAKey",
                rule_condition=Fn.condition_not(Fn.condition_equals(parameters.text(name), "")),
                assertions=[
                    CfnRuleAssertion(
                        assert_=Fn.condition_not(Fn.condition_equals(parameters.text("ReplicaKmsKeyArn"), "")),
                        assert_description=f"{name} is given: give ReplicaKmsKeyArn, the KMS key of that Region, too.",
                    )
                ],
            )

        CfnRule(
            self,
            "ReplicatedStagingKeepsETags",
            rule_condition=Fn.condition_not(Fn.condition_equals(parameters.text("ReplicaStagingBucketName"), "")),
            assertions=[
                CfnRuleAssertion(
                    assert_=Fn.condition_equals(parameters.text("StagingEncryption"), "AES256"),
                    assert_description="ReplicaStagingBucketName is given: StagingEncryption must be AES256 in both Regions.",
                )
            ],
        )


def _keep(resource: kms.CfnKey | s3.CfnBucket) -> None:
    """Data stays when a stack goes; what a first deployment made before it failed goes, so that it can be repeated."""
    resource.cfn_options.deletion_policy = CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE
    resource.cfn_options.update_replace_policy = CfnDeletionPolicy.RETAIN


def _only_by_tls(bucket: s3.CfnBucket) -> dict[str, Any]:
    return {
        "Sid": "OnlyByTls",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [bucket.attr_arn, Fn.join("", [bucket.attr_arn, "/*"])],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
