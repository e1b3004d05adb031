"""Nights on disk: event files, event logs, importers, the recorder, the feeder, nights that are made up."""
