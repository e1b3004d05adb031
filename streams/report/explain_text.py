"""What `explain` found, as lines to read, in English or Spanish."""

from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import asdict

from streams.core.events.area_states import Bounds, Figure
from streams.report import sample_table
from streams.report.spanish_cures import cure
from streams.report.terminal_phrases import EXPLAIN
from streams.report.words import Words


def table_lines(explained: Mapping[str, Any], language: str) -> Iterator[str]:
    """What `Explainer.table` found, to read."""
    say = Words(language, EXPLAIN)
    yield f"{explained['table']} ({' > '.join(explained['areas'])})"
    if explained["registered"] is not None:
        yield say("registered", registered=explained["registered"])
    verdict = say("accepted" if explained["accepted"] else "not accepted")
    why = say(explained["why"], **{**explained["policy"], **{k: explained[k] for k in ("agreeing", "readers")}})
    yield f"{say(explained['level'])}, {verdict}: {why}"
    if explained["votes"] is not None:
        yield "  " + say.votes(explained["votes"])
    for reading in explained["readings"]:
        votes = "".join(f"{text}: " for text in [_read(reading, say)] if text)
        who = f"{reading['reporter']} [{reading['group']}], {reading['source']}"
        yield f"- {reading['at']} {reading['id']} ({who}) {votes}{say(reading['fate'], by=reading['by'])}"
    if (bounds := explained["bounds"]) is not None:
        yield say(bounds["why"], bounds=_bounded(bounds, say), quorum=explained["policy"]["quorum"])
    if (official := explained["official"]) is not None:
        yield say("official", bulletin=official["bulletin"], votes=say.votes(official["votes"]))
    yield from _rejected(explained, say)


def area_lines(explained: Mapping[str, Any], language: str) -> Iterator[str]:
    """What `Explainer.area` found, to read."""
    say = Words(language, EXPLAIN)
    seen = explained["witnessed"]
    yield f"{explained['name']} ({explained['area']}, {say.level(explained['level'])})"
    levels = ", ".join(f"{say(level)} {say.number(count)}" for level, count in sorted(seen.levels.items()))
    yield say("witnessed", tables=seen.tables, exist=explained["tables"], levels=levels or None)
    yield from explained["lead_sentences"][language]
    if "sample" in explained:
        yield from sample_table.lines(explained["sample"], {}, language)
        official, sample = explained["official"], explained["sample"]
        yield from sample_table.figures(official, seen, sample, language)
    yield from _bounds_in(explained["bounds"], say)
    for held in explained["bulletins"]:
        yield say("bulletin", id=held["id"], at=held["at"], status=say.term(held["status"]))
        for version in held["replaced"]:
            words = {"votes": say.votes(version["votes"]), "status": say.term(version["status"])}
            yield say("earlier version", **{**version, **words})
    yield from _figures(explained, say)
    yield from _findings(explained, say)
    yield from _alerts(explained, say)
    yield from _tables(explained, say)
    yield from _rejected(explained, say)


def _figures(explained: Mapping[str, Any], say: Words) -> Iterator[str]:
    """Both counts, by option or group."""
    seen, official, single = explained["witnessed"], explained["official"], explained["tables_announced"]
    if official is not None:
        for name, figure in official.figures.items():
            if seen.votes[name] is None:
                yield say("figure unread", name=name, official=figure.votes)
                continue
            ceiling = figure.ceiling
            most = say("no room") if ceiling is not None and ceiling < 0 else say("room", ceiling=ceiling)
            shown = {**asdict(figure), "official": figure.votes, "seen": seen.votes[name], "most": most}
            line = say("figure", name=name, seen_share=figure.witnessed_share, **shown)
            yield line + (_honest(figure, say) if figure.low_share is not None else "")
    elif single is not None:
        yield say("announced tables", tables=single.announced)
        for name, votes in seen.votes.items():
            figures = {"official": single.votes.get(name), "share": single.shares.get(name)}
            yield say("figure summed", name=name, seen=votes, seen_share=seen.shares[name], **figures)
    else:
        yield say("no bulletin")
        for name, votes in seen.votes.items():
            yield say("figure seen", name=name, seen=votes)


def _honest(figure: Figure, say: Words) -> str:
    """What an honest count can announce, and by how much the unseen would have to differ."""
    points = figure.required
    required = say("not required") if points is None else say("required", points=points)
    return say("honest", low_share=figure.low_share, high_share=figure.high_share, required=required)


def _findings(explained: Mapping[str, Any], say: Words) -> Iterator[str]:
    """What the rules say, with the figures behind it under their names in JSON."""
    for finding in explained["findings"]:
        kinds = say.term(finding["rule"]), say.term(finding["class"]), say.term(finding["severity"] or "-")
        yield f"* {', '.join(kinds)}: {finding['sentence'][say.language]}"
        yield "    " + ", ".join(f"{k} {v}" for k, v in finding["inputs"].items() if v is not None)
    if not explained["findings"]:
        yield say("fine")


def _alerts(explained: Mapping[str, Any], say: Words) -> Iterator[str]:
    """How the area's alerts stand."""
    for alert in explained["alerts"]:
        words = {"status": say(alert["status"]), "severity": say.term(alert["severity"])}
        yield say("alert", **{**alert, **words})
        if worst := alert["worst"]:
            sentence, severity = worst["finding"]["sentence"][say.language], say.term(worst["severity"])
            yield say("called", called=alert["called"], at=worst["at"], severity=severity, sentence=sentence)


def _tables(explained: Mapping[str, Any], say: Words) -> Iterator[str]:
    """The polling tables that stand out."""
    differing, outside = explained["differing"], explained["outside"]
    for name, phrase in (("disputed", "disputed tables"), ("turned_away", "turned away tables")):
        if count := explained[name]["count"]:
            more = ", …" if count > len(explained[name]["tables"]) else ""
            yield say(phrase, count=count, tables=", ".join(explained[name]["tables"]) + more)
    if differing["count"]:
        yield say("differing tables", count=differing["count"])
        for row in differing["tables"]:
            sides = {side: say.votes(row[side]) for side in ("sheet", "official")}
            yield say("differing", table=row["table"], **sides)
        if differing["count"] > len(differing["tables"]):
            yield say("all of them")
    if outside["count"]:
        yield say("outside tables", count=outside["count"])
        for row in outside["tables"]:
            official = say.votes(row["official"])
            yield say("outside", table=row["table"], bounds=_bounded(row["bounds"], say), official=official)
        if outside["count"] > len(outside["tables"]):
            yield "  …"


def _bounds_in(bounds: Bounds | None, say: Words) -> Iterator[str]:
    """How many polling tables of an area have bounds."""
    if bounds is None:
        return
    yield say("bounds", tables=bounds.tables, unwitnessed=bounds.unwitnessed)
    for name in ("conflicting", "against_sheets"):
        if count := getattr(bounds, name):
            yield say(name, count=count)


def _rejected(explained: Mapping[str, Any], say: Words) -> Iterator[str]:
    for row in explained["rejected"]:
        which = row["message"] if row["id"] is None else f"{row['at']} {row['id']}"
        mended = cure(row["cure"], say.language)
        yield f"- {which} {say('turned away', code=row['code'], place=row['place'], cure=mended)}"


def _read(reading: Mapping[str, Any], say: Words) -> str:
    """What a reading says: the figures of a sheet, or a bound."""
    if reading["ballots"] is not None:
        return say("at most", ballots=reading["ballots"])
    votes = reading["votes"] or {}
    if reading["bound"]:
        seen = {name: count for name, count in votes.items() if count}
        return say("at least", votes=say.votes(seen)) if seen else ""
    return say.votes(votes)


def _bounded(bounds: Mapping[str, Any], say: Words) -> str:
    parts = []
    if bounds["at_least"] is not None:
        parts.append(say("at least", votes=say.votes(bounds["at_least"])))
    if bounds["at_most"] is not None:
        parts.append(say("at most", ballots=bounds["at_most"]))
    return ", ".join(parts)
