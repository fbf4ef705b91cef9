"""DynamoDB Local, AWS's own emulator: writes and transactions are atomic under threads, which moto's are not."""

from odpf_local.dynamodb_local.jars import DynamoDbLocalNotFetched, prefetch
from odpf_local.dynamodb_local.server import DynamoDbLocalFailed, running

__all__ = ["DynamoDbLocalFailed", "DynamoDbLocalNotFetched", "prefetch", "running"]
