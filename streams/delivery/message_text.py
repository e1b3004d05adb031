"""An alert as a message for people: a title and plain text, in one language."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from streams.core.alerting.alert import Notice
from streams.core.alerting.next_delivery import Digest
from streams.core.election.model import Election
from streams.core.election.names import Language
from streams.delivery.standard_webhook import TEST, area_of
from streams.text import shown
from streams.times import to_minute

LONGEST_SENTENCE: Final = 2_000
"""Characters; the longest sentence of a rule has a quarter of that."""

_WORDS: Final[dict[str, dict[Language, str]]] = {
    "critical": {"en": "Critical", "es": "Crítica"},
    "warning": {"en": "Warning", "es": "Aviso"},
    "info": {"en": "Note", "es": "Nota"},
    "resolved": {"en": "Over", "es": "Terminada"},
    "test": {"en": "Test", "es": "Prueba"},
    "it was": {
        "en": "This alert is over. It said: {sentence}",
        "es": "Esta alerta terminó. Decía: {sentence}",
    },
    "as of": {"en": "As of {at}", "es": "Al {at}"},
    "digest": {"en": "{count} alerts until {at}", "es": "{count} alertas hasta {at}"},
    "digest of one": {"en": "1 alert until {at}", "es": "1 alerta hasta {at}"},
    "more": {"en": "and {count} more", "es": "y {count} más"},
}


class Message(NamedTuple):
    """What is sent. `kind` is critical, warning, info, resolved or test."""

    title: str
    text: str
    kind: str


def of_notice(election: Election, language: Language, notice: Notice) -> Message:
    """A notice as a message. Same notice, same message."""
    kind, election = _kind(notice), election.localized(language)
    title = f"{_WORDS[kind][language]}: {_line(area_of(election, notice).name)}"
    lines = [_sentence(notice, language), _end(election, language, notice.at)]
    return Message(title, "\n".join(lines), kind)


def of_digest(election: Election, language: Language, digest: Digest, most: int) -> Message:
    """The newest notice of each alert in a digest as a message of so many characters at most, title and end aside; how
    many more there are is said. Same digest, same message."""
    newest = list({notice.fingerprint: notice for notice in digest.notices}.values())
    words = _WORDS["digest" if len(newest) > 1 else "digest of one"][language]
    title = words.format(count=len(newest), at=to_minute(digest.at))
    lines, left = list[str](), most
    for notice in newest:
        line = f"- {_WORDS[_kind(notice)][language]}: {_sentence(notice, language)}"
        if len(line) + 1 > left:
            break
        lines.append(line)
        left -= len(line) + 1
    if more := len(newest) - len(lines):
        lines.append(_WORDS["more"][language].format(count=more))
    lines.append(_end(election, language, digest.at))
    return Message(title, "\n".join(lines), _gravest(newest))


def _kind(notice: Notice) -> str:
    if notice.finding.rule == TEST:
        return TEST
    return "resolved" if notice.status == "resolved" else notice.severity


def _gravest(notices: Sequence[Notice]) -> str:
    kinds = {_kind(notice) for notice in notices}
    return next(kind for kind in ("critical", "warning", "info", TEST, "resolved") if kind in kinds)


def _sentence(notice: Notice, language: Language) -> str:
    sentence = _line(notice.finding.sentence[language])[:LONGEST_SENTENCE]
    return _WORDS["it was"][language].format(sentence=sentence) if notice.status == "resolved" else sentence


def _end(election: Election, language: Language, at: int) -> str:
    """The last line: which election, as of when, and what must be known of it."""
    election = election.localized(language)
    end = f"{_line(election.name)}. {_WORDS['as of'][language].format(at=to_minute(at))}."
    return f"{end} {_line(election.notice)}" if election.notice else end


def _line(text: str) -> str:
    """Text from elsewhere as one line: some services put the title into an HTTP header."""
    return shown(text)
