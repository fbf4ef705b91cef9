"""`odpf console`: what status, runs, files and quarantine tell, as a web page on this machine."""
