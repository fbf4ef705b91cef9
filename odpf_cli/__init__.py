"""The command line, the same on AWS and on one machine."""
