"""The life of an alert, and what becomes of its notices on the way to a receiver."""
