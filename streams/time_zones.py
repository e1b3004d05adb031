"""Time zones by name, from the system's database or the package tzdata."""

from datetime import tzinfo
from zoneinfo import ZoneInfo


def time_zone(name: str) -> tzinfo:
    """A zone of the IANA database, such as America/Caracas. Raises `ValueError`; its text is the cure."""
    try:
        return ZoneInfo(name)
    except (ValueError, LookupError, OSError):  # a path, an unknown name, a directory
        raise ValueError("name a zone of the IANA database, such as America/Caracas") from None
