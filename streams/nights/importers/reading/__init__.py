"""Published files into tables of a database: cells as they are written, each with its file and line."""
