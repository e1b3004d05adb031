"""What `streams.explain` found, as lines to read, in English or Spanish."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.wording import SEVERITIES, number

TEXT: Final[Mapping[str, Mapping[str, str]]] = {
    "nobody": {"en": "no reading stands", "es": "no queda ninguna lectura"},
    "only bounds": {"en": "what is known of it is only a bound", "es": "lo que se sabe de ella es solo un límite"},
    "no-majority": {
        "en": "no figure has more than {majority} of the {readers} independent readers (the largest has {agreeing})",
        "es": "ninguna cifra reúne más de {majority} de los {readers} lectores independientes (la mayor, {agreeing})",
    },
    "quorum": {
        "en": "{agreeing} of {readers} independent readers agree, and the policy asks for {quorum}",
        "es": "{agreeing} de {readers} lectores independientes coinciden, y la norma pide {quorum}",
    },
    "trusted": {
        "en": "one reading, from a source that the policy trusts",
        "es": "una sola lectura, de una fuente en la que la norma confía",
    },
    "too-few": {
        "en": "{agreeing} of {readers} independent readers agree, but the policy asks for {quorum}",
        "es": "{agreeing} de {readers} lectores independientes coinciden, pero la norma pide {quorum}",
    },
    "counts": {"en": "counts", "es": "cuenta"},
    "superseded": {"en": "superseded by {by}", "es": "sustituida por {by}"},
    "replaced": {"en": "its reporter's newer reading is {by}", "es": "la lectura más nueva de quien informó es {by}"},
    "retraction": {"en": "a retraction", "es": "una retractación"},
    "same-group": {"en": "its group counts once, by {by}", "es": "su grupo cuenta una vez, por {by}"},
    "accepted": {"en": "counts as witnessed", "es": "cuenta como atestiguada"},
    "not accepted": {"en": "does not count", "es": "no cuenta"},
    "none": {"en": "not witnessed", "es": "sin atestiguar"},
    "reported": {"en": "reported", "es": "informada"},
    "corroborated": {"en": "corroborated", "es": "corroborada"},
    "disputed": {"en": "disputed", "es": "en disputa"},
    "registered": {"en": "{registered} registered voters", "es": "{registered} electores inscritos"},
    "at least": {"en": "at least {votes}", "es": "al menos {votes}"},
    "at most": {"en": "at most {ballots} ballots", "es": "como mucho {ballots} papeletas"},
    "bounds possible": {"en": "believed of its figures: {bounds}", "es": "lo que se cree de sus cifras: {bounds}"},
    "bounds impossible": {
        "en": "these cannot both be true, so neither counts: {bounds}",
        "es": "no pueden ser ciertas ambas cosas, así que ninguna cuenta: {bounds}",
    },
    "bounds against sheet": {
        "en": "the witnessed sheet contradicts these, and the sheet counts: {bounds}",
        "es": "el acta atestiguada las contradice, y es el acta la que cuenta: {bounds}",
    },
    "bounds unknown": {
        "en": "not enough independent readers vouch for any bound: the policy asks for {quorum}",
        "es": "ningún límite tiene bastantes lectores independientes: la norma pide {quorum}",
    },
    "bounds": {
        "en": "{tables} polling tables have bounds, {unwitnessed} of them without a witnessed sheet",
        "es": "{tables} mesas tienen límites, {unwitnessed} de ellas sin acta atestiguada",
    },
    "conflicting": {
        "en": "{count} polling tables have bounds that contradict each other; none of these counts",
        "es": "{count} mesas tienen límites que se contradicen; ninguno de ellos cuenta",
    },
    "against_sheets": {
        "en": "{count} polling tables have a witnessed sheet outside their bounds; the sheet counts",
        "es": "{count} mesas tienen un acta atestiguada fuera de sus límites; cuenta el acta",
    },
    "outside tables": {
        "en": "{count} polling tables announced outside what was seen there:",
        "es": "{count} mesas anunciadas fuera de lo que se vio allí:",
    },
    "outside": {"en": "  {table}: {bounds}; official {official}", "es": "  {table}: {bounds}; oficial {official}"},
    "official": {"en": "official ({bulletin}): {votes}", "es": "oficial ({bulletin}): {votes}"},
    "turned away": {"en": "turned away: {code} at {place}: {cure}", "es": "rechazado: {code} en {place}: {cure}"},
    "witnessed": {
        "en": "{tables} of {exist} polling tables witnessed; sheets: {levels}",
        "es": "{tables} de {exist} mesas atestiguadas; actas: {levels}",
    },
    "bulletin": {"en": "bulletin {id} of {at}, {status}", "es": "boletín {id} del {at}, {status}"},
    "earlier version": {
        "en": "  rewritten under its own id; the version of {at}, sequence {sequence}, {status}, said {votes}",
        "es": "  reescrito con su mismo identificador; la versión del {at}, secuencia {sequence}, {status}, decía "
        "{votes}",
    },
    "no bulletin": {"en": "no bulletin", "es": "ningún boletín"},
    "figure": {
        "en": "  {name}: announced {official} ({share} %), witnessed {seen} ({seen_share} %), "
        "at least {floor}, at most {ceiling}, sheets that must be wrong: {breakdown}",
        "es": "  {name}: anunciado {official} ({share} %), atestiguado {seen} ({seen_share} %), "
        "al menos {floor}, como mucho {ceiling}, actas que deben estar equivocadas: {breakdown}",
    },
    "figure seen": {"en": "  {name}: witnessed {seen}", "es": "  {name}: atestiguado {seen}"},
    "announced tables": {
        "en": "no bulletin; official figures are the sum of {tables} polling tables announced one by one",
        "es": "ningún boletín; las cifras oficiales son la suma de {tables} mesas anunciadas una por una",
    },
    "figure summed": {
        "en": "  {name}: announced {official} ({share} %), witnessed {seen} ({seen_share} %)",
        "es": "  {name}: anunciado {official} ({share} %), atestiguado {seen} ({seen_share} %)",
    },
    "fine": {"en": "no rule has anything to say", "es": "ninguna regla tiene nada que decir"},
    "alert": {
        "en": "alert {fingerprint}: {status}, {severity}, since {since}",
        "es": "alerta {fingerprint}: {status}, {severity}, desde {since}",
    },
    "called": {
        "en": "  first called {called}; worst {at}, {severity}: {sentence}",
        "es": "  primera llamada {called}; peor momento {at}, {severity}: {sentence}",
    },
    "pending": {"en": "pending", "es": "pendiente"},
    "firing": {"en": "open", "es": "abierta"},
    "resolved": {"en": "over", "es": "terminada"},
    **SEVERITIES,
    "partial": {"en": "partial", "es": "parcial"},
    "final": {"en": "final", "es": "final"},
    "correction": {"en": "correction", "es": "corrección"},
    "disputed tables": {"en": "{count} disputed sheets: {tables}", "es": "{count} actas en disputa: {tables}"},
    "differing tables": {
        "en": "{count} polling tables whose official figures are not their sheets':",
        "es": "{count} mesas cuyas cifras oficiales no son las de sus actas:",
    },
    "all of them": {"en": "  … (all of them: --differing)", "es": "  … (todas: --differing)"},
    "differing": {
        "en": "  {table}: sheet {sheet}, official {official}",
        "es": "  {table}: acta {sheet}, oficial {official}",
    },
}


def table_lines(found: Mapping[str, Any], language: str) -> Iterator[str]:
    """What `Explainer.table` found, to read."""
    say = _speaker(language)
    yield f"{found['table']} ({' > '.join(found['areas'])})"
    if found["registered"] is not None:
        yield say("registered", registered=found["registered"])
    verdict = say("accepted" if found["accepted"] else "not accepted")
    why = say(found["why"], **{**found["policy"], **{k: found[k] for k in ("agreeing", "readers")}})
    yield f"{say(found['level'])}, {verdict}: {why}"
    if found["votes"] is not None:
        yield "  " + _list(found["votes"], language)
    for reading in found["readings"]:
        votes = "".join(f"{text}: " for text in [_said(reading, say, language)] if text)
        who = f"{reading['reporter']} [{reading['group']}], {reading['source']}"
        yield f"- {reading['at']} {reading['id']} ({who}) {votes}{say(reading['fate'], by=reading['by'])}"
    if (bounds := found["bounds"]) is not None:
        yield say(bounds["why"], bounds=_bounded(bounds, say, language), quorum=found["policy"]["quorum"])
    if found["official"] is not None:
        yield say("official", bulletin=found["official"]["bulletin"], votes=_list(found["official"]["votes"], language))
    yield from _rejected(found, say)


def area_lines(found: Mapping[str, Any], language: str) -> Iterator[str]:
    """What `Explainer.area` found, to read."""
    say = _speaker(language)
    seen, official = found["witnessed"], found["official"]
    yield f"{found['name']} ({found['area']}, {found['level']})"
    levels = ", ".join(f"{say(level)} {number(count, language)}" for level, count in sorted(seen["levels"].items()))
    yield say("witnessed", tables=seen["tables"], exist=found["tables"], levels=levels or "-")
    if found["bounds"] is not None:
        yield say("bounds", **{name: found["bounds"][name] for name in ("tables", "unwitnessed")})
        for name in ("conflicting", "against_sheets"):
            if found["bounds"][name]:
                yield say(name, count=found["bounds"][name])
    for held in found["bulletins"]:
        yield say("bulletin", id=held["id"], at=held["at"], status=say(held["status"]))
        for version in held["replaced"]:
            yield say("earlier version", **{**version, "votes": _list(version["votes"], language)})
    single = found["tables_announced"]
    if official is None and single is not None:
        yield say("announced tables", tables=single["announced"])
        for name, votes in seen["votes"].items():
            figures = {"official": single["votes"].get(name), "share": single["shares"].get(name)}
            yield say("figure summed", name=name, seen=votes, seen_share=seen["shares"][name], **figures)
    elif official is None:
        yield say("no bulletin")
        for name, votes in seen["votes"].items():
            yield say("figure seen", name=name, seen=votes)
    else:
        for name, figure in official["figures"].items():
            shown = {**figure, "official": figure["votes"], "seen": seen["votes"][name]}
            yield say("figure", name=name, seen_share=figure["witnessed_share"], **shown)
    for finding in found["findings"]:
        yield f"* {finding['rule']}, {finding['class']}, {finding['severity'] or '-'}: {finding['sentence'][language]}"
        yield "    " + ", ".join(f"{k} {v}" for k, v in finding["inputs"].items() if v is not None)
    if not found["findings"]:
        yield say("fine")
    for alert in found["alerts"]:
        words = {name: say(alert[name]) for name in ("status", "severity")}
        yield say("alert", **{**alert, **words})
        if worst := alert["worst"]:
            said = worst["finding"]["sentence"][language]
            yield say("called", called=alert["called"], at=worst["at"], severity=say(worst["severity"]), sentence=said)
    if found["disputed"]["count"]:
        more = ", …" if found["disputed"]["count"] > len(found["disputed"]["tables"]) else ""
        yield say(
            "disputed tables", count=found["disputed"]["count"], tables=", ".join(found["disputed"]["tables"]) + more
        )
    if found["differing"]["count"]:
        yield say("differing tables", count=found["differing"]["count"])
        for row in found["differing"]["tables"]:
            sides = {side: _list(row[side], language) for side in ("sheet", "official")}
            yield say("differing", table=row["table"], **sides)
        if found["differing"]["count"] > len(found["differing"]["tables"]):
            yield say("all of them")
    if found["outside"]["count"]:
        yield say("outside tables", count=found["outside"]["count"])
        for row in found["outside"]["tables"]:
            bounds = _bounded(row["bounds"], say, language)
            yield say("outside", table=row["table"], bounds=bounds, official=_list(row["official"], language))
        if found["outside"]["count"] > len(found["outside"]["tables"]):
            yield "  …"
    yield from _rejected(found, say)


def _said(reading: Mapping[str, Any], say: Any, language: str) -> str:
    """What a reading says: the figures of a sheet, or a bound."""
    votes = "" if reading["votes"] is None else _list(reading["votes"], language)
    if reading["ballots"] is not None:
        return str(say("at most", ballots=reading["ballots"]))
    return str(say("at least", votes=votes)) if votes and reading["bound"] else votes


def _bounded(bounds: Mapping[str, Any], say: Any, language: str) -> str:
    """A polling table's bounds, those that are known."""
    parts = []
    if bounds["at_least"] is not None:
        parts.append(say("at least", votes=_list(bounds["at_least"], language)))
    if bounds["at_most"] is not None:
        parts.append(say("at most", ballots=bounds["at_most"]))
    return ", ".join(parts)


def _rejected(found: Mapping[str, Any], say: Any) -> Iterator[str]:
    for row in found["rejected"]:
        yield f"- {row['at']} {row['id']} {say('turned away', code=row['code'], place=row['place'], cure=row['cure'])}"


def _list(votes: Mapping[str, int], language: str) -> str:
    return ", ".join(f"{name} {number(count, language)}" for name, count in votes.items())


def _speaker(language: str) -> Any:
    def shown(value: Any) -> Any:
        if isinstance(value, int | float):
            return number(value, language, 2 if isinstance(value, float) else 0)
        return "-" if value is None else value

    return lambda key, **figures: TEXT[key][language].format_map({name: shown(v) for name, v in figures.items()})
