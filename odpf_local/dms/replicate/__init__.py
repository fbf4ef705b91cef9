"""A real MySQL or MariaDB server as the source of DMS files: full load by SELECT, changes from its row-format log."""
