"""One machine in place of AWS: the embedded AWS, in-memory stores, the DMS stand-in."""
