"""A night lived again from a record of it: replay, its outcome, and why a place stands as it does."""
