"""`odpf lint`: settings of DMS and of the deployment that cost data, found before they do."""
