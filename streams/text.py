"""Text and numbers to be shown. Of text from outside no control character gets through."""

from typing import Final

_SWAPPED: Final = str.maketrans(",.", ".,")


def unprintable(text: str) -> str:
    """The first character in it that a name must not have, such as "U+202E"; empty where there is none."""
    return "" if text.isprintable() else next(f"U+{ord(c):04X}" for c in text if not c.isprintable())


def shown(text: str) -> str:
    """The text with everything that is not printable (control characters, marks that turn the direction of writing)
    written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def counted(count: int, noun: str) -> str:
    """How many there are of something, in English: 1 row, 2,000 rows."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def number(value: float, language: str, decimals: int = 0) -> str:
    """A number as the language's press prints it: 5,326,104.5 or 5.326.104,5."""
    text = f"{value:,.{decimals}f}"
    return text.translate(_SWAPPED) if language == "es" else text
