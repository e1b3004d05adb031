"""A random sample of polling tables, and what it says of the whole (docs/sample.md)."""
