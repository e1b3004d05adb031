"""Published files of real elections, read into an election and its events."""
