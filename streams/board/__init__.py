"""The board: one web page that shows the night to people, from the topics `area-state` and `alerts` alone.

`night` and `thinned_history` are pure: records in, JSON out. `topic_follower` reads the topics, `server` serves the
page.
"""

from typing import Final

PATH: Final = "/board/"
"""Path of the board on a web server."""
