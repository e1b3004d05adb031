"""Cotejo: official bulletins beside witnessed tally sheets, live."""

__version__ = "0.1.0"
