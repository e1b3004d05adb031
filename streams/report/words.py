"""How the report writes words, numbers and times in one language. Findings have sentences of their own
(`core/comparison/sentences`)."""

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from streams.report.phrases import TEXT, Phrases
from streams.report.terms import LEVELS, TERMS
from streams.text import number
from streams.times import utc


class Words:
    """Phrases, numbers and times in one language: the page's phrases, unless others are given."""

    def __init__(self, language: str, phrases: Phrases = TEXT) -> None:
        self.language, self._phrases = language, phrases
        self._at = 0 if language == "en" else 1

    def __call__(self, key: str, **figures: Any) -> str:
        """A phrase; numbers in it are written as the language writes them, None as a dash. HTML among the figures stays
        what it is, and makes the phrase HTML, in which the others are escaped."""
        shown = {name: self._shown(value) for name, value in figures.items()}
        singular = f"{key}, one"
        phrase = self._phrases[singular if figures.get("count") == 1 and singular in self._phrases else key][self._at]
        html = any(isinstance(figure, Markup) for figure in figures.values())
        return (Markup(phrase) if html else phrase).format_map(shown)

    def _shown(self, value: Any) -> Any:
        if isinstance(value, int | float):
            return self.number(value)
        return "-" if value is None else value

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

    def votes(self, votes: Mapping[str, int]) -> str:
        """Votes by option or group, under their ids."""
        return ", ".join(f"{name} {self.number(count)}" for name, count in votes.items())

    def signed(self, votes: int) -> str:
        """A count with its sign."""
        return f"+{self.number(votes)}" if votes > 0 else self.number(votes).replace("-", "\N{MINUS SIGN}")

    def setting(self, value: Any) -> str:
        """A threshold: as short as it can be."""
        if isinstance(value, list):
            return ", ".join(value)
        if isinstance(value, str):
            return value
        return self.number(value, _places(value))

    def per_cent(self, ratio: float | None) -> str:
        """A ratio (0-1) in per cent with one decimal, without the sign."""
        return "" if ratio is None else self.number(100 * ratio, 1)

    def span(self, began: int, ended: int | None) -> Markup:
        """From when to when, None: to the end."""
        phrase = Markup(self._phrases["since, firing" if ended is None else "since"][self._at])
        return phrase.format_map({"from": self.stamp(began), "to": "" if ended is None else self.stamp(ended)})

    def stamp(self, at: int) -> Markup:
        """Event time as HTML that a machine can read too."""
        text = self.time(at)
        return Markup('<time datetime="{}Z">{}</time>').format(text.replace(" ", "T"), text)

    def time(self, at: int) -> str:
        """Event time to the minute, in UTC."""
        return f"{utc(at):%Y-%m-%d %H:%M}"


def _places(value: float) -> int:
    """Decimals that a number needs, at most nine."""
    return len(f"{value:.9f}".rstrip("0").partition(".")[2])
