"""Text from outside, to be shown: no control character gets through."""


def unprintable(text: str) -> str:
    """The first character in it that a name must not have, such as "U+202E"; empty where there is none."""
    return "" if text.isprintable() else next(f"U+{ord(c):04X}" for c in text if not c.isprintable())


def shown(text: str) -> str:
    """The text with everything that is not printable (control characters, marks that turn the direction of writing)
    written out."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
