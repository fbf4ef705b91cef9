"""The SQL of each database that can be compared: how it spells canonical texts and digests."""
