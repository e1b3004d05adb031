"""`cotejo rejected`: what was turned away."""

from collections import Counter
from typing import Any

import orjson

from streams.cli.common import BROKER, Broker, ElectionFile, Json, Language, Prefix, group, plainly, topology_of
from streams.config.election_file import load
from streams.kafka import topic_reader
from streams.kafka.topology import PARTITIONS
from streams.report.spanish_cures import cure
from streams.report.terminal_phrases import CHECK
from streams.report.words import Words
from streams.support.terminal import aside, note, show, show_json
from streams.text import number

commands = group("")


@commands.command()
def rejected(
    file: ElectionFile, broker: Broker = BROKER, prefix: Prefix = "", as_json: Json = False, lang: Language = "en"
) -> None:
    """List the messages that were turned away: where each came from, why, and what would cure it."""
    with plainly():
        election = load(file)
        topic = topology_of(election, prefix, PARTITIONS).rejected
        codes: Counter[str] = Counter()
        seen: set[bytes] = set()
        for record in topic_reader.read(broker, topic):
            if record.key in seen:
                continue  # turned away again after a crash
            seen.add(record.key)
            try:
                reasons = _reasons(record)
            except (KeyError, TypeError, ValueError):
                note(f"{topic}, offset {record.offset}: no rejected message, left out")
                continue
            codes[reasons[0]["code"]] += 1
            if as_json:
                show_json({"message": record.key.decode(errors="replace"), "reasons": reasons})
            else:
                for reason in reasons:
                    place = f"{reason['place']}: " if reason["place"] else ""
                    said = cure(reason["cure"], lang)
                    show(f"{record.key.decode(errors='replace')}: {place}{reason['code']}: {said}")
        counts = ", ".join(f"{code} {number(count, lang)}" for code, count in codes.most_common())
        aside(f"{Words(lang, CHECK)('turned away', count=codes.total())}{': ' if counts else ''}{counts}")


def _reasons(record: Any) -> list[dict[str, str]]:
    """Why a message was turned away. Raises KeyError, TypeError or ValueError for a record that does not say."""
    reasons = [{name: str(each[name]) for name in ("code", "place", "cure")} for each in _listed(record)]
    if not reasons:
        raise ValueError("no reason")
    return reasons


def _listed(record: Any) -> Any:
    return orjson.loads(dict(record.headers)["reasons"])
