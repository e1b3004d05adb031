"""The files that people write: the election file, the CSVs beside it, key files."""
