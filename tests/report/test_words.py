"""How the report and the terminal write phrases, numbers and the words of the field."""

import pytest

from streams.core.comparison.rules import NAMES
from streams.report.phrases import TEXT
from streams.report.terminal_phrases import DIFFERING, EXPLAIN, SUMMARY
from streams.report.terms import TERMS
from streams.report.words import Words


@pytest.mark.parametrize(
    ("key", "figures", "en", "es"),
    [
        ("disputed tables", {"count": 1, "tables": "T1"}, "1 disputed sheet: T1", "1 acta en disputa: T1"),
        (
            "disputed tables",
            {"count": 2, "tables": "T1, T2"},
            "2 disputed sheets: T1, T2",
            "2 actas en disputa: T1, T2",
        ),
        ("at most", {"ballots": 1234}, "at most 1,234 ballots", "como mucho 1.234 papeletas"),
        ("superseded", {"by": None}, "superseded by -", "sustituida por -"),
    ],
)
def test_phrases(key: str, figures: dict[str, object], en: str, es: str) -> None:
    """One is told in the singular, numbers as the language writes them, and what is not known as a dash."""
    assert [Words(language, EXPLAIN)(key, **figures) for language in ("en", "es")] == [en, es]


@pytest.mark.parametrize("phrases", [TEXT, SUMMARY, EXPLAIN, DIFFERING])
def test_singulars_have_their_plural(phrases: dict[str, tuple[str, str]]) -> None:
    """Each singular is that of a phrase, and no phrase is empty in either language."""
    assert all(key.removesuffix(", one") in phrases for key in phrases)
    assert all(en and es for en, es in phrases.values())


@pytest.mark.parametrize(("value", "text"), [(0.000001, "0.000001"), (0.05, "0.05"), (3600, "3,600"), (1.0, "1")])
def test_settings(value: float, text: str) -> None:
    """A threshold is written out, without an exponent and without zeros behind it."""
    assert Words("en").setting(value) == text


def test_rules_have_words() -> None:
    """Every rule has a name in words in both languages, and no two rules share one."""
    for side in (0, 1):
        names = [TERMS[rule][side] for rule in NAMES]
        assert all(names)
        assert len(set(names)) == len(names)
