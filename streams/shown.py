"""Text from outside, to be shown: no control character gets through."""


def shown(text: str) -> str:
    """The text with everything that is not printable (control characters, marks that turn the direction of writing)
    written out."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
