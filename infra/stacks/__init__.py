"""One stack per component; each can be deployed, updated and removed apart from the others."""
