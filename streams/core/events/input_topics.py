"""The topics that a night's events come by, without the prefix that a broker knows them by."""

from typing import Final

REPORTS: Final = "tally-reports"
BULLETINS: Final = "bulletins"
TOPICS: Final = (REPORTS, BULLETINS)
"""An event log names a topic by its place here: add new ones at the end."""
