"""What cures a message is said in Spanish too, whichever part of the core says it."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

import pytest
from brokers import ROOT
from builders import bulletin, election, report
from maps import square, with_map

from streams.nights.check_remarks import Remark, Remarks
from streams.report.spanish_cures import _SPANISH, cure

CALLS = {"Rejection": 2, "BadFieldError": 2}
"""Position of the text among the arguments of what makes one."""
COMPUTED = {
    "admission.py": {"X: X ballotsX, limit X", "mend the date (X), or raise reconcile.max_lead above X s"},
    "field_reader.py": {"give X", "say X", "give X from 0 to X, not X"},
}
"""Texts that are put together at run time, by file: spelled out below."""


def text_of(node: ast.expr | None) -> str | None:
    """A literal text, with X for what is filled in; None for what is no literal."""
    match node:
        case ast.Constant(value=str(text)):
            return text
        case ast.JoinedStr(values=parts):
            return "".join(str(part.value) if isinstance(part, ast.Constant) else "X" for part in parts)
    return None


def texts() -> Iterator[tuple[str, str]]:
    """Every literal cure of the core and of `cotejo check`, with its file."""
    for folder in ("core/events", "core/reconciliation", "core/engine", "nights"):
        for path in sorted((ROOT / "streams" / folder).glob("*.py")):
            for function in (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.FunctionDef)):
                named = defaultdict[str, list[str | None]](list)
                for node in (n for n in ast.walk(function) if isinstance(n, ast.Assign)):
                    for target in (t for t in node.targets if isinstance(t, ast.Name)):
                        named[target.id].append(text_of(node.value))
                for text_node in stated(function):
                    name = text_node.id if isinstance(text_node, ast.Name) else ""
                    for text in named[name] if name else [text_of(text_node)]:
                        if text and text not in COMPUTED.get(path.name, set()):
                            yield path.name, text


def stated(function: ast.FunctionDef) -> Iterator[ast.expr]:
    """What a function makes a cure of, or yields as the text of a remark."""
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=name), args=arguments) if len(arguments) > CALLS.get(name, 99):
                yield arguments[CALLS[name]]
            case ast.Yield(value=ast.Tuple(elts=[_, _, _, text])):
                yield text


FOUND = sorted(set(texts()))


def test_the_texts_are_found() -> None:
    """The search below is no empty one."""
    assert ("codec.py", "send a JSON object") in FOUND
    assert ("signatures.py", "sign it with X private key") in FOUND
    assert len([text for file, text in FOUND if file == "silent_settings.py"]) == 6
    assert len(FOUND) > 30


@pytest.mark.parametrize(("file", "text"), FOUND)
def test_every_cure_is_translated(file: str, text: str) -> None:
    """No cure of the core is left in English."""
    assert cure(text, "es") != text, f"{file}: add it to streams/report/spanish_cures.py"
    assert cure(text, "en") == text


@pytest.mark.parametrize(
    ("english", "spanish"),
    [
        ("add M-1 to the register, or mend the id", "añada M-1 al registro, o corrija el id"),
        (
            "read the sheet again: 1,848 ballots for 692 registered voters, limit 705",
            "vuelva a leer el acta: 1.848 papeletas para 692 electores inscritos, límite 705",
        ),
        ("count the ballots again: 20 ballots, limit 9", "vuelva a contar las papeletas: 20, límite 9"),
        ("give id, a string", "indique id, un texto"),
        ("give a ratio from 0 to 1, not 2.0", "indique una proporción de 0 a 1, no 2.0"),
        ("give at most 9,007,199", "indique como mucho 9.007.199"),
        ("say partial, final or correction", "diga partial, final o correction"),
        (
            "mend the date (2030-01-01T00:00:00Z, but it is 2024-01-01T00:00:00Z in this night), or raise "
            "reconcile.max_lead above 60 s",
            "corrija la fecha (2030-01-01T00:00:00Z, pero en esta noche son las 2024-01-01T00:00:00Z), o suba "
            "reconcile.max_lead por encima de 60 s",
        ),
        ("sign it with ana's private key", "fírmelo con la clave privada de ana"),
        ("words of a later version", "words of a later version"),
    ],
)
def test_cures(english: str, spanish: str) -> None:
    """Ids and figures stand in their places, numbers as Spanish groups them; what nobody knows stays as it is."""
    assert cure(english, "es") == spanish


def remarks(unknown: bool) -> Iterator[Remark]:
    """Every remark there is, with each of its wordings."""
    said = "unknown" if unknown else "zero"
    known = election(quorum=2, unread=said, registered_zero="unknown" if unknown else "zero")
    known = replace(
        known,
        voterless=("S1-1",),
        options=tuple(replace(option, read=option.id != "C") for option in known.options),
        areas={**known.areas, "N": replace(known.areas["N"], tables=5), "S1": replace(known.areas["S1"], tables=None)},
        rules=replace(known.rules, switch=replace(known.rules.switch, rewritten="off")),
    )
    gathered = Remarks(with_map(known, {"S1": square(0, 0)}))
    gathered.see_report(report("S1-2", {"A": 1, "C": 1}))
    gathered.see_bulletin(bulletin(status="final"), "a:1")
    gathered.see_rewritten("a:2")
    yield from gathered.found()


@pytest.mark.parametrize("unknown", [True, False])
def test_every_remark_is_translated(unknown: bool) -> None:
    """No remark of `cotejo check` is left in English."""
    found = list(remarks(unknown))
    assert {remark.code for remark in found} == {
        "registered-zero", "final-without-count", "rewritten", "option-left-out", "option-not-read", "switched-off",
        "tables-unknown", "limit-out-of-reach", "below-quorum", "no-shape",
    }  # fmt: skip
    assert not [remark.text for remark in found if cure(remark.text, "es") == remark.text]


def test_both_languages_have_the_same_places() -> None:
    """So that nothing is left out of a sentence, or shifted."""
    assert all(english.count("{}") == spanish.count("{}") for english, spanish in _SPANISH.items())
