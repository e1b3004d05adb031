"""One plain sentence per finding, in English and Spanish.

The wording is neutral: what does not fit, by how much, what would have to be true.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.core.comparison.sentence_clauses import CLAUSES
from streams.core.comparison.sentence_texts import SENTENCES
from streams.core.election.names import in_language
from streams.text import number

LANGUAGES = ("en", "es")

_WRONG = ("tendría que estar equivocada", "tendrían que estar equivocadas")
"""What Spanish says of `breakdown` sheets: of one, of several. English has one form."""

_TERMS: Mapping[str, Mapping[str, str]] = {
    "options": {"en": "the options", "es": "las opciones"},
    "ballots": {"en": "valid and null votes", "es": "votos válidos y nulos"},
    "valid-votes": {"en": "valid votes", "es": "votos válidos"},
    "null-votes": {"en": "null votes", "es": "votos nulos"},
    "ballots-cast": {"en": "ballots", "es": "votos emitidos"},
    "registered-voters": {"en": "registered voters", "es": "electores inscritos"},
    "tables-counted": {"en": "polling tables counted", "es": "mesas escrutadas"},
    "more": {"en": "more", "es": "más"},
    "less": {"en": "less", "es": "menos"},
    "fewer": {"en": "fewer", "es": "menos"},
    "decimals-0": {"en": "whole per cent", "es": "enteros"},
    "decimals-1": {"en": "one decimal", "es": "un decimal"},
    "decimals-2": {"en": "two decimals", "es": "dos decimales"},
    "decimals-3": {"en": "three decimals", "es": "tres decimales"},
    "decimals-4": {"en": "four decimals", "es": "cuatro decimales"},
    "tables-that-exist": {"en": "that exist", "es": "en existencia"},
}


TERM_PLACES: Final = frozenset({"what", "limit", "direction", "precision"})
"""Places of a sentence that hold a key of `_TERMS`. In every other place a string is a name, and stays as it is."""


def term(key: str, language: str) -> str:
    """A term of the field in words, such as "valid-votes". Raises KeyError for one that there is not."""
    return _TERMS[key][language]


class Sentence(Mapping[str, str]):
    """One sentence by language ("en", "es"), made when it is asked for: most findings are told to nobody.

    Raises KeyError for a language or a term that nobody has put in words.
    """

    def __init__(self, key: str, places: int, figures: Mapping[str, Any]) -> None:
        self._key, self._places, self._figures = key, places, figures
        self._texts = dict[str, str]()
        """Those that were asked for: an area's state says the same as the alert that is saved, and its worst moment."""

    def __getitem__(self, language: str) -> str:
        if language not in self._texts:
            words = _Words(language, self._places, self._figures)
            self._texts[language] = SENTENCES[self._key][language].format_map(words)
        return self._texts[language]

    def __iter__(self) -> Iterator[str]:
        return iter(LANGUAGES)

    def __len__(self) -> int:
        return len(LANGUAGES)

    def __repr__(self) -> str:
        return repr(dict(self))


def say(key: str, places: int = 0, /, **figures: Any) -> Sentence:
    """The sentence `key` in every language.

    Integers are written with separators, floats with so many decimal `places`. A string is a name and is kept as it
    is, whatever it spells, except in `TERM_PLACES` (a key of `_TERMS`) and in the places of `CLAUSES`.
    """
    return Sentence(key, places, figures)


class _Words(dict[str, str]):
    """A sentence's figures in words, each made when the sentence asks for it: few stand in one. Raises KeyError for one
    that there is not."""

    def __init__(self, language: str, places: int, figures: Mapping[str, Any]) -> None:
        super().__init__(would_be_wrong=_WRONG[figures.get("breakdown") != 1])
        self._language, self._places, self._figures = language, places, figures

    def __missing__(self, name: str) -> str:
        self[name] = word = self._word(name, self._figures[name], self._language)
        return word

    def _word(self, name: str, value: Any, language: str) -> str:
        if value is None:
            raise KeyError(name)
        if not isinstance(value, str):
            return number(value, language, self._places if isinstance(value, float) else 0)
        if value in (clauses := CLAUSES.get(name, {})):
            return clauses[value][language].format_map(self)
        return term(value, language) if name in TERM_PLACES else in_language(value, language)
