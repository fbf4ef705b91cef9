"""The ports of `odpf.ports` on AWS, with boto3; composed by `odpf.adapters.aws.Aws`."""
