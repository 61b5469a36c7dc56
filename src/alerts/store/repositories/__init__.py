"""One module for each record: the SQL that reads and writes it."""
