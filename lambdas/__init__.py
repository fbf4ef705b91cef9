"""Entry points of Lambda functions: decode, call, encode."""
