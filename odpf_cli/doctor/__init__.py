"""`odpf doctor`: whether this machine, and the deployment that the environment points at, are in order."""
