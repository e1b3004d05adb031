"""What would cure a message that was turned away, and what `cotejo check` remarks, in Spanish.

The core states both in English, with the ids and figures in place. The texts are few and fixed, so they are recognised
by their words; tests/report/test_spanish_cures.py holds that none is missing.
"""

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

_SPANISH: Final[Mapping[str, str]] = {
    "add {} to the register, or mend the id": "añada {} al registro, o corrija el id",
    "add {} to the areas or the register, or mend the id": "añada {} a las zonas o al registro, o corrija el id",
    "give {}: that is what an {} bound is of": "indique {}: de eso trata un límite {}",
    "leave out {}: an {} bound is of {}; send the rest in another report": (
        "quite {}: un límite {} es de {}; envíe lo demás en otro reporte"
    ),
    "use one of {}": "use una de estas: {}",
    "read the sheet again: {} stated, {} added up": "vuelva a leer el acta: declara {}, pero suma {}",
    "read the sheet again: {} ballots for {} registered voters, limit {}": (
        "vuelva a leer el acta: {} papeletas para {} electores inscritos, límite {}"
    ),
    "read the sheet again: {} ballots, limit {}": "vuelva a leer el acta: {} papeletas, límite {}",
    "count the ballots again: {} ballots for {} registered voters, limit {}": (
        "vuelva a contar las papeletas: {} para {} electores inscritos, límite {}"
    ),
    "count the ballots again: {} ballots, limit {}": "vuelva a contar las papeletas: {}, límite {}",
    "set the clock right: ticks may be {} s ahead of the broker's": (
        "ponga el reloj en hora: un tick puede ir {} s por delante del reloj del broker"
    ),
    "mend the date ({}, but it is {} in this night), or raise reconcile.max_lead above {} s": (
        "corrija la fecha ({}, pero en esta noche son las {}), o suba reconcile.max_lead por encima de {} s"
    ),
    "send at most {} events in an array, not {}": "envíe como mucho {} eventos en una lista, no {}",
    "send a JSON object, not an empty message": "envíe un objeto JSON, no un mensaje vacío",
    "send at most {} bytes in a message": "envíe como mucho {} bytes por mensaje",
    "send JSON in UTF-8 ({})": "envíe JSON en UTF-8 ({})",
    "send a JSON object": "envíe un objeto JSON",
    "give {}, a string": "indique {}, un texto",
    "give {}, a whole number": "indique {}, un número entero",
    "give {}, RFC 3339 or Unix milliseconds": "indique {}, en RFC 3339 o milisegundos Unix",
    "give an object": "indique un objeto",
    "nest at most {} levels": "anide como mucho {} niveles",
    "give a string that is not empty": "indique un texto que no esté vacío",
    "give at most {} characters": "escriba como mucho {} caracteres",
    "give printable characters only": "escriba solo caracteres imprimibles",
    "give a whole number": "indique un número entero",
    "give a number of at least 0, not {}": "indique un número de al menos 0, no {}",
    "give at most {}": "indique como mucho {}",
    "give a number from 0 to {}": "indique un número de 0 a {}",
    "give a ratio from 0 to {}, not {}": "indique una proporción de 0 a {}, no {}",
    "give per cent from 0 to {}, not {}": "indique un porcentaje de 0 a {}, no {}",
    "say true or false": "diga true o false",
    "give RFC 3339 such as {}": "escriba la hora en RFC 3339, como {}",
    "give the time zone too, such as {} or Z": "indique también la zona horaria, como {} o Z",
    "give RFC 3339 text or Unix milliseconds": "indique un texto RFC 3339 o milisegundos Unix",
    "give a time between 1970 and 2100": "indique una hora entre 1970 y 2100",
    "give at least one figure": "indique al menos una cifra",
    "say {}": "diga {}",
    "name headers in UTF-8, at most {} of them, each name at most so many bytes": (
        "nombre las cabeceras en UTF-8: como mucho {}, y cada nombre con como mucho otros tantos bytes"
    ),
    "send it again: what the broker has of it cannot be read": (
        "vuelva a enviarlo: lo que el broker tiene de él no se puede leer"
    ),
    "send it again: what the broker has of it cannot be read ({})": (
        "vuelva a enviarlo: lo que el broker tiene de él no se puede leer ({})"
    ),
    "send batches that unpack to at most {} bytes": ("envíe lotes que, descomprimidos, tengan como mucho {} bytes"),
    "send message format 2, compressed with gzip, snappy, lz4, zstd or not at all": (
        "envíe el formato de mensaje 2, sin comprimir o comprimido con gzip, snappy, lz4 o zstd"
    ),
    "this version cannot read it: {}": "esta versión no puede leerlo: {}",
    "give {} a key among the reporters, and sign": "dé a {} una clave entre los informantes, y firme",
    "{} is a group of reporters that sign: name another": "{} es un grupo de informantes que firman: nombre otro",
    "{} is of {}: write that, or nothing": "{} es de {}: escriba eso, o nada",
    "only reporters whose key is of {} may name it: name another": (
        "solo pueden nombrarla los informantes cuya clave es de {}: nombre otra"
    ),
    "name {} as an [[authority]], or mend it": "nombre {} como [[authority]], o corríjalo",
    "{} announces for {}: add {}, or mend it": "{} anuncia para {}: añada {}, o corríjalo",
    "sign it with {} private key": "fírmelo con la clave privada de {}",
    "sign these very fields with {} private key, in base64": (
        "firme exactamente estos campos con la clave privada de {}, en base64"
    ),
    "send it again in a minute: {} may send {} in one": "vuelva a enviarlo en un minuto: {} puede enviar {} en uno",
    "find out who sends them: {} has {} entries": "averigüe quién los envía: {} tiene {} entradas",
    "send bulletins for polling tables to the topic of tally reports": (
        "envíe los boletines de mesas al tema de los reportes de actas"
    ),
    "send bulletins for areas to the topic of bulletins": "envíe los boletines de zonas al tema de los boletines",
    "{} is another {}'s id already ({}): give it its own": "{} ya es el id de otro {} ({}): dele uno propio",
    "polling tables with 0 registered voters: {}, taken as unknown (reconcile.registered_zero)": (
        "mesas con 0 electores inscritos: {}, que se toman por desconocidos (reconcile.registered_zero)"
    ),
    "polling tables with 0 registered voters: {}, so no vote fits there (reconcile.registered_zero)": (
        "mesas con 0 electores inscritos: {}, así que allí no cabe ningún voto (reconcile.registered_zero)"
    ),
    "areas without a shape, of a level that the map shows: {}. They are in tables only: add them to the map's file": (
        "zonas sin forma, de un nivel que el mapa muestra: {}. Solo están en las tablas: añádalas al fichero del mapa"
    ),
    "final bulletins that do not say how many polling tables they count: {}. Taken as all; give tables_counted": (
        "boletines finales que no dicen cuántas mesas cuentan: {}. Se toman por todas; indique tables_counted"
    ),
    "bulletins rewritten under their own id: {}. The later sequence stands": (
        "boletines reescritos con su mismo id: {}. Vale la secuencia posterior"
    ),
    "reports that say nothing of {}: {}. It is taken as unknown, and the reading as a part of its sheet "
    "(reconcile.unread, option.read)": (
        "reportes que no dicen nada de {}: {}. Se toma por desconocido, y la lectura por una parte de su acta "
        "(reconcile.unread, option.read)"
    ),
    "reports that say nothing of {}: {}. It is taken as 0 votes (reconcile.unread, option.read)": (
        "reportes que no dicen nada de {}: {}. Se toma por 0 votos (reconcile.unread, option.read)"
    ),
    "reports that give votes for {}, for which sheets are not read: {}. They are left out": (
        "reportes que dan votos a {}, que en las actas no se lee: {}. No se tienen en cuenta"
    ),
    "polling tables that have fewer than {} independent readings, and none of a trusted source: {} of {}. Their sheets "
    "are not accepted: lower reconcile.quorum, or name the source in reconcile.trusted_sources": (
        "mesas con menos de {} lecturas independientes, y ninguna de una fuente de confianza: {} de {}. Sus actas no "
        "se aceptan: baje reconcile.quorum, o nombre la fuente en reconcile.trusted_sources"
    ),
    "rules that call nobody, because they are switched off: {}": "reglas que no avisan a nadie, por estar apagadas: {}",
    "areas of which nobody knows how many polling tables exist: {}. No floor can be worked out there: give tables in "
    "the areas file": (
        "zonas de las que no se sabe cuántas mesas hay: {}. Allí no puede calcularse un mínimo: indique tables en el "
        "fichero de zonas"
    ),
    "limits above the {} polling tables that exist: {}. Their rules can call nobody in this election: lower them": (
        "límites por encima de las {} mesas que hay: {}. Sus reglas no pueden avisar a nadie en esta elección: bájelos"
    ),
    "polling tables that exist but are not in the register: {}. The sample was not drawn from them, so the rule sample "
    "calls nobody: add them to the register": (
        "mesas que existen y no están en el registro: {}. La muestra no se sorteó entre ellas, así que la regla sample "
        "no avisa a nadie: añádalas al registro"
    ),
    "receivers that no alert can reach, because no rule that is switched on finds anything of their rules, classes and "
    "severity: {}. Widen them": (
        "receptores a los que no puede llegar ninguna alerta, porque ninguna regla encendida encuentra nada de sus "
        "reglas, clases y gravedad: {}. Amplíelas"
    ),
}
"""English to Spanish. `{}` stands for what differs, in the same order in both."""


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Those with the most fixed words first: "say {}" fits nearly everything that begins so."""
    templates = sorted(_SPANISH, key=lambda text: -len(text.replace("{}", "")))
    return [(re.compile(re.escape(text).replace(r"\{\}", "(.+?)"), re.DOTALL), _SPANISH[text]) for text in templates]


def cure(text: str, language: str) -> str:
    """A cure or a remark in this language; one that nobody has translated stays as it is."""
    if language == "en":
        return text
    for pattern, spanish in _patterns():
        if (match := pattern.fullmatch(text)) is not None:
            return spanish.format(*map(_figure, match.groups()))
    return text


def _figure(text: str) -> str:
    """What stood in a place: a number as Spanish groups its digits, a choice of words, the owner of a key."""
    if re.fullmatch(r"\d{1,3}(,\d{3})+", text):
        return text.replace(",", ".")
    return text.removesuffix("'s").replace(" or ", " o ")
