"""What `explain` found, as lines to read, in English or Spanish."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from streams.core.comparison.sentences import SEVERITIES, number
from streams.core.replay import explain_bounds
from streams.core.replay.explain_bounds import listed

TEXT: Final[Mapping[str, Mapping[str, str]]] = {
    **explain_bounds.TEXT,
    "nobody": {"en": "no reading stands", "es": "no queda ninguna lectura"},
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
        "at least {floor}, at most {ceiling}, sheets that must be wrong: {breakdown}; "
        "an honest count can announce {low_share} % to {high_share} %, the unseen would have to differ by {required} "
        "points",
        "es": "  {name}: anunciado {official} ({share} %), atestiguado {seen} ({seen_share} %), "
        "al menos {floor}, como mucho {ceiling}, actas que deben estar equivocadas: {breakdown}; "
        "un escrutinio fiel puede anunciar de {low_share} % a {high_share} %, las no vistas tendrían que diferir en "
        "{required} puntos",
    },
    "figure unread": {
        "en": "  {name}: announced {official}; sheets are not read for it",
        "es": "  {name}: anunciado {official}; en las actas no se lee",
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
        yield "  " + listed(found["votes"], language)
    for reading in found["readings"]:
        votes = "".join(f"{text}: " for text in [explain_bounds.said(reading, say, language)] if text)
        who = f"{reading['reporter']} [{reading['group']}], {reading['source']}"
        yield f"- {reading['at']} {reading['id']} ({who}) {votes}{say(reading['fate'], by=reading['by'])}"
    yield from explain_bounds.table_lines(found["bounds"], found["policy"]["quorum"], say, language)
    if found["official"] is not None:
        yield say(
            "official", bulletin=found["official"]["bulletin"], votes=listed(found["official"]["votes"], language)
        )
    yield from _rejected(found, say)


def area_lines(found: Mapping[str, Any], language: str) -> Iterator[str]:
    """What `Explainer.area` found, to read."""
    say = _speaker(language)
    seen, official = found["witnessed"], found["official"]
    yield f"{found['name']} ({found['area']}, {found['level']})"
    levels = ", ".join(f"{say(level)} {number(count, language)}" for level, count in sorted(seen["levels"].items()))
    yield say("witnessed", tables=seen["tables"], exist=found["tables"], levels=levels or "-")
    yield from found["lead_sentences"][language]
    yield from explain_bounds.area_lines(found["bounds"], say)
    for held in found["bulletins"]:
        yield say("bulletin", id=held["id"], at=held["at"], status=say(held["status"]))
        for version in held["replaced"]:
            yield say("earlier version", **{**version, "votes": listed(version["votes"], language)})
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
            key = "figure unread" if seen["votes"][name] is None else "figure"
            yield say(key, name=name, seen_share=figure["witnessed_share"], **shown)
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
    yield from _differing(found["differing"], say, language)
    yield from explain_bounds.outside_lines(found["outside"], len(found["outside"]["tables"]), say, language)
    yield from _rejected(found, say)


def _differing(found: Mapping[str, Any], say: Any, language: str) -> Iterator[str]:
    if found["count"]:
        yield say("differing tables", count=found["count"])
        for row in found["tables"]:
            sides = {side: listed(row[side], language) for side in ("sheet", "official")}
            yield say("differing", table=row["table"], **sides)
        if found["count"] > len(found["tables"]):
            yield say("all of them")


def _rejected(found: Mapping[str, Any], say: Any) -> Iterator[str]:
    for row in found["rejected"]:
        yield f"- {row['at']} {row['id']} {say('turned away', code=row['code'], place=row['place'], cure=row['cure'])}"


def _speaker(language: str) -> Any:
    def shown(value: Any) -> Any:
        if isinstance(value, int | float):
            return number(value, language, 2 if isinstance(value, float) else 0)
        return "-" if value is None else value

    return lambda key, **figures: TEXT[key][language].format_map({name: shown(v) for name, v in figures.items()})
