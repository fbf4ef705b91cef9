"""What is put on AWS: zips of the Lambda functions and the bundle of the Glue job, the same bytes from the same source."""
