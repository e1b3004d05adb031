"""What a night is fed with: the items of its channels."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from streams.core.events.model import Event, Rejection

Channel = int | str
"""A partition of the tally reports by its number, or `input_topics.BULLETINS`."""


class Unreadable(NamedTuple):
    """What was to be an event, why it is none, and the beginning of what came."""

    rejection: Rejection
    excerpt: bytes
    place: str = ""
    """Where it stands, to show to people: a file and its line, or a log's topic, partition and offset."""


Item = Event | Unreadable


class Unread(NamedTuple):
    """Messages of one channel that nobody has read yet: whoever knows the election reads most of them faster."""

    contents: Sequence[bytes | None]
    read: Callable[[], Sequence[Item]]
    """Reads any message, for any election."""


Items = Sequence[Item] | Unread
