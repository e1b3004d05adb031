"""Whether sheets that do not count yet can change who leads, in a sentence."""

from collections.abc import Iterator, Mapping
from typing import Final

from streams.core.aggregation.open_sheets import groups_of
from streams.core.election.model import Election
from streams.core.election.names import in_language
from streams.core.events.area_states import AreaState, Lead, OfficialLead
from streams.text import number

_WHO: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "disputed": {
        "en": ("The disputed sheet", "The {sheets} disputed sheets"),
        "es": ("El acta en disputa", "Las {sheets} actas en disputa"),
    },
    "unconfirmed": {
        "en": ("The sheet that too few have read", "The {sheets} sheets that too few have read"),
        "es": ("El acta que muy pocos han leído", "Las {sheets} actas que muy pocos han leído"),
    },
    "turned_away": {
        "en": ("The sheet whose readings were turned away", "The {sheets} sheets whose readings were turned away"),
        "es": ("El acta cuyas lecturas no se admitieron", "Las {sheets} actas cuyas lecturas no se admitieron"),
    },
    "unwitnessed": {
        "en": ("The sheet without any reading", "The {sheets} sheets without any reading"),
        "es": ("El acta sin ninguna lectura", "Las {sheets} actas sin ninguna lectura"),
    },
    "unannounced": {
        "en": (
            "Official count: the polling table that is not announced yet",
            "Official count: the {sheets} polling tables that are not announced yet",
        ),
        "es": (
            "Recuento oficial: la mesa que aún no está anunciada",
            "Recuento oficial: las {sheets} mesas que aún no están anunciadas",
        ),
    },
    "together": {
        "en": ("", "All {sheets} sheets that do not count yet together"),
        "es": ("", "Las {sheets} actas que aún no cuentan, juntas,"),
    },
}
"""By group of sheets and language: one sheet, several."""

_WHETHER: Final[Mapping[str, Mapping[str, tuple[str, str]]]] = {
    "cannot": {
        "en": (
            "{who} cannot change who leads: it holds at most {votes} votes, and {leader} is {lead} ahead of {second}.",
            "{who} cannot change who leads: they hold at most {votes} votes, and {leader} is {lead} ahead of {second}.",
        ),
        "es": (
            "{who} no puede cambiar quién va en cabeza: tiene como mucho {votes} votos, y {leader} aventaja a {second} "
            "en {lead}.",
            "{who} no pueden cambiar quién va en cabeza: tienen como mucho {votes} votos, y {leader} aventaja a "
            "{second} en {lead}.",
        ),
    },
    "could": {
        "en": (
            "{who} could change who leads: it holds at most {votes} votes, and {leader} is {lead} ahead of {second}.",
            "{who} could change who leads: {enough} of them would be enough. They hold at most {votes} votes, and "
            "{leader} is {lead} ahead of {second}.",
        ),
        "es": (
            "{who} podría cambiar quién va en cabeza: tiene como mucho {votes} votos, y {leader} aventaja a {second} "
            "en {lead}.",
            "{who} podrían cambiar quién va en cabeza: bastaría con {enough}. Tienen como mucho {votes} votos, y "
            "{leader} aventaja a {second} en {lead}.",
        ),
    },
}
"""By answer and language: of one sheet, of several."""

_UNKNOWN_TABLES: Final[Mapping[str, str]] = {
    "en": "Official count: {leader} is {lead} votes ahead of {second}. How many polling tables there are is not known, "
    "so it cannot be said whether those that are not announced could change that.",
    "es": "Recuento oficial: {leader} aventaja a {second} en {lead} votos. No se sabe cuántas mesas hay, así que no "
    "puede decirse si las que no están anunciadas podrían cambiarlo.",
}
_UNKNOWN: Final[Mapping[str, str]] = {
    "en": "{leader} is {lead} votes ahead of {second}. How many polling tables there are is not known, so it cannot be "
    "said whether sheets that nobody has read could change that.",
    "es": "{leader} aventaja a {second} en {lead} votos. No se sabe cuántas mesas hay, así que no puede decirse si las "
    "actas que nadie ha leído podrían cambiarlo.",
}


def lead_sentences(election: Election, state: AreaState, language: str) -> Iterator[str]:
    """A sentence for each group of open sheets of an area, and one for all of them together; then one for the polling
    tables that are not announced, where the others are announced one by one. There is none where every sheet counts."""
    tables = state.tables_announced
    for lead in (state.lead, None if tables is None else tables.lead):
        if lead is not None:
            yield from _sentences(election, lead, language)


def _sentences(election: Election, lead: Lead | OfficialLead, language: str) -> Iterator[str]:
    names = {
        **{
            place: in_language(election.options[election.option_index[option]].name, language)
            for place, option in (("leader", lead.leader), ("second", lead.second))
        },
        "lead": number(lead.votes, language),
    }
    groups = [(kind, group) for kind, group in groups_of(lead) if group.sheets is not None]
    for kind, group in groups:
        sheets, votes, enough = group.sheets or 0, group.votes or 0, group.enough
        several = int(sheets != 1)
        who = _WHO[kind][language][several].format(sheets=number(sheets, language))
        template = _WHETHER["cannot" if enough is None else "could"][language][several]
        yield template.format(who=who, votes=number(votes, language), enough=number(enough or 0, language), **names)
    if lead.together.sheets is None:
        yield (_UNKNOWN if isinstance(lead, Lead) else _UNKNOWN_TABLES)[language].format(**names)
