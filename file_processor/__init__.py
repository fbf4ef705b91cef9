"""Plan a refresh, and process the tables of a batch: lease, engine, ledger, audit."""
