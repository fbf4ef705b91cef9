"""What `odpf config discover` is made of: the source's catalog, the rules of a DMS task, and how a proposal is written."""
