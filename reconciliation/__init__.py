"""Reconciliation: whether source, DMS statistics, ledger and lake agree, by counts, digests of key ranges, and rows."""
