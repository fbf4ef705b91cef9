"""What `odpf config discover` is made of: the source's catalog, the rules of a DMS task, and how a proposal is written."""

PASSWORD = "ODPF_SOURCE_PASSWORD"  # noqa: S105  the variable's name
"""Where the password of a source stands: not in a command line that others see."""
