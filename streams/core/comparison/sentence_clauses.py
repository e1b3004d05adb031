"""Clauses within sentences (`sentence_texts`), by language: which of them stands in a place, the finding says."""

from collections.abc import Mapping
from typing import Final

_WHY: Final[Mapping[str, Mapping[str, str]]] = {
    "nothing": {"en": "the bulletin leaves nothing out", "es": "el boletín no deja nada fuera"},
    "tables": {
        "en": "the {left_tables} polling tables the bulletin leaves out can account for at most {hidden} of them",
        "es": "las {left_tables} mesas que el boletín deja fuera pueden explicar como mucho {hidden}",
    },
    "registered": {
        "en": "the {left_registered} registered voters outside the bulletin can account for at most {hidden} of them",
        "es": "los {left_registered} electores fuera del boletín pueden explicar como mucho {hidden}",
    },
    "sample-whole": {"en": "They leave room for", "es": "Dejan lugar a"},
    "sample-order": {
        "en": "In whatever order the polling tables were counted, they leave room for",
        "es": "Sea cual sea el orden en que se contaron las mesas, dejan lugar a",
    },
}
"""Why so much can be missing, or what leaves room."""

_ROOM: Final[Mapping[str, Mapping[str, str]]] = {
    "some": {
        "en": "there is room for at most {limit}, {gap} less than announced",
        "es": "caben como mucho {limit}, {gap} menos que lo anunciado",
    },
    "none": {
        "en": "there is room for none: the others alone have at least {short} more than the bulletin's valid votes",
        "es": "no cabe ninguno: solo los demás tienen al menos {short} más que los votos válidos del boletín",
    },
    "lead-open": {
        "en": "no sheet that may still come can change who leads. All that do not count yet hold at most {votes} votes",
        "es": (
            "ninguna acta que aún pueda llegar puede cambiar quién va en cabeza. Todas las que aún no cuentan tienen "
            "como mucho {votes} votos"
        ),
    },
    "lead-counted": {
        "en": "every sheet counts, so nothing can change who leads",
        "es": "todas las actas cuentan, así que nada puede cambiar quién va en cabeza",
    },
    "sample-full": {"en": ".", "es": "."},
    "sample-whatever": {
        "en": (
            ", even where each missing sheet is up to {unseen} points from what its stratum shows. Nothing that the "
            "missing sheets can hold explains it."
        ),
        "es": (
            ", aunque cada acta que falta esté hasta {unseen} puntos de lo que muestra su estrato. Nada que puedan "
            "contener las que faltan lo explica."
        ),
    },
    "sample-required": {
        "en": (
            ", even where each missing sheet is up to {unseen} points from what its stratum shows. For both to be "
            "true, missing sheets would have to give {option} at least {required} points {direction} than their "
            "strata show."
        ),
        "es": (
            ", aunque cada acta que falta esté hasta {unseen} puntos de lo que muestra su estrato. Para que ambas "
            "cosas fueran ciertas, las que faltan tendrían que dar a {option} al menos {required} puntos "
            "{direction} de lo que muestran sus estratos."
        ),
    },
    "sample-turnout": {
        "en": (
            ", even where each missing sheet is up to {unseen} points from what its stratum shows. No share in them "
            "explains it at the turnout that their strata show."
        ),
        "es": (
            ", aunque cada acta que falta esté hasta {unseen} puntos de lo que muestra su estrato. Ningún porcentaje "
            "en ellas lo explica con la participación que muestran sus estratos."
        ),
    },
}
"""How much there is room for, or what that rests on; and what may still change who leads."""

_TIME: Final[Mapping[str, Mapping[str, str]]] = {
    "hour": {"en": "an hour", "es": "una hora"},
    "hours": {"en": "{span} hours", "es": "{span} horas"},
    "minutes": {"en": "{span} minutes", "es": "{span} minutos"},
    "seconds": {"en": "{span} s", "es": "{span} s"},
}
"""How long nothing came."""

CLAUSES: Final[Mapping[str, Mapping[str, Mapping[str, str]]]] = {"why": _WHY, "room": _ROOM, "time": _TIME}
"""The places that hold a clause, and the clauses by key."""
