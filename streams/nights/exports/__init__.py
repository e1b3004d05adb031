"""A night as tables: for files (`cotejo export`) and for SQL (`cotejo query`)."""
