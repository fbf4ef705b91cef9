"""Watches a deployment: where it stands as metrics, and what is wrong, told to people once."""
