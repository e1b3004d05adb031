"""How the report writes words, numbers and times in one language. Findings have sentences of their own
(`core/comparison/sentences`)."""

from typing import Any

from markupsafe import Markup

from streams.core.comparison.sentences import number
from streams.report.phrases import TEXT
from streams.report.terms import LEVELS, TERMS
from streams.times import utc


class Words:
    """Phrases, numbers and times in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._at = 0 if language == "en" else 1

    def __call__(self, key: str, **figures: Any) -> str:
        """A phrase of `TEXT`; numbers in it are written as the language writes them. HTML among the figures stays what
        it is, and makes the phrase HTML, in which the others are escaped."""
        shown = {name: self.number(v) if isinstance(v, int | float) else v for name, v in figures.items()}
        phrase = TEXT[key][self._at]
        html = any(isinstance(figure, Markup) for figure in figures.values())
        return (Markup(phrase) if html else phrase).format_map(shown)

    def term(self, word: str) -> str:
        """A word of the field."""
        return TERMS[word][self._at] if word in TERMS else word

    def level(self, name: str) -> str:
        """A level of areas."""
        return LEVELS[name][self._at] if name in LEVELS else name

    def number(self, value: float | None, decimals: int | None = None) -> str:
        """A number with separators; floats with two decimals unless told; nothing for None."""
        if value is None:
            return ""
        if decimals is None:
            decimals = 2 if isinstance(value, float) else 0
        return number(value, self.language, decimals)

    def setting(self, value: Any) -> str:
        """A threshold: as short as it can be."""
        if isinstance(value, list):
            return ", ".join(value)
        if isinstance(value, str):
            return value
        return str(value) if isinstance(value, float) and 0 < value < 1e-3 else self.number(value, _places(value))

    def per_cent(self, ratio: float | None) -> str:
        """A ratio (0-1) in per cent with one decimal, without the sign."""
        return "" if ratio is None else self.number(100 * ratio, 1)

    def span(self, began: int, ended: int | None) -> Markup:
        """From when to when, None: to the end."""
        phrase = Markup(TEXT["since, firing" if ended is None else "since"][self._at])
        return phrase.format_map({"from": self.stamp(began), "to": "" if ended is None else self.stamp(ended)})

    def stamp(self, at: int) -> Markup:
        """Event time as HTML that a machine can read too."""
        text = self.time(at)
        return Markup('<time datetime="{}Z">{}</time>').format(text.replace(" ", "T"), text)

    def time(self, at: int) -> str:
        """Event time to the minute, in UTC."""
        return f"{utc(at):%Y-%m-%d %H:%M}"


def _places(value: float) -> int:
    """Decimals that a number needs, at most four."""
    return len(f"{value:.4f}".rstrip("0").partition(".")[2])
