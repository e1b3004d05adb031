"""The topics by which a night's events come in. A broker knows them by these names behind the election's prefix."""

from typing import Final

REPORTS: Final = "tally-reports"
BULLETINS: Final = "bulletins"
TOPICS: Final = (REPORTS, BULLETINS)
"""An event log names a topic by its place here: add new ones at the end."""
