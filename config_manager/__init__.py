"""Table configuration: parse, validate, diff, publish."""
