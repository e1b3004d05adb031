"""Names in several languages, for what an election file calls its options, its areas and itself."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, get_args

Language = Literal["en", "es"]
LANGUAGES: Final[tuple[str, ...]] = get_args(Language)


class Name(str):
    """A text in the first language, which carries the texts in the other languages. It compares and is written as that
    text: only code that asks for a language sees the others."""

    __slots__ = ("_others",)
    _others: Mapping[str, str]

    def __new__(cls, text: str, others: Mapping[str, str]) -> "Name":
        made = super().__new__(cls, text)
        made._others = dict(others)
        return made

    @property
    def others(self) -> Mapping[str, str]:
        """The texts by language. The first language is among them if it is known."""
        return self._others

    def __reduce__(self) -> Any:
        return Name, (str(self), self._others)


def named(texts: Mapping[str, str]) -> str:
    """A name from its texts by language. The first text is the one for code that asks for no language."""
    first = next(iter(texts.values()))
    return Name(first, texts) if len(set(texts.values())) > 1 else first


def in_language(text: str, language: str) -> str:
    """The text of a name in this language. A plain text, or a name without that language, is returned as it is."""
    return text.others.get(language, str(text)) if isinstance(text, Name) else text


def languages_of(texts: Iterable[str]) -> set[str]:
    """The languages that at least one of these names has a text of its own for."""
    return {language for text in texts if isinstance(text, Name) for language in text.others}


def labels(names: Mapping[str, str], parents: Mapping[str, str | None]) -> Mapping[str, str]:
    """By id, a text that no other id has: the name; if several ids have it, with the parent's name in brackets; if that
    is not enough, with the id. Worked out for each language separately."""
    own = _labels(names, parents)
    others = {
        language: _labels({id: in_language(name, language) for id, name in names.items()}, parents)
        for language in sorted(languages_of(names.values()))
    }
    if not others:
        return own
    return {id: Name(text, {language: each[id] for language, each in others.items()}) for id, text in own.items()}


def _labels(names: Mapping[str, str], parents: Mapping[str, str | None]) -> dict[str, str]:
    labels, alike = {id: str(name) for id, name in names.items()}, Counter(names.values())
    for id, parent in parents.items():
        if alike[names[id]] > 1 and parent is not None:
            labels[id] = f"{names[id]} ({names[parent]})"
    while len(alike := Counter(labels.values())) < len(labels):
        labels = {id: f"{label} [{id}]" if alike[label] > 1 else label for id, label in labels.items()}
    return labels
