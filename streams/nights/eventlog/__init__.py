"""Event logs: a night's input as it was, on disk, to be lived again."""
