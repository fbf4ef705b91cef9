"""The DMS stand-in: writes the files DMS would write."""
