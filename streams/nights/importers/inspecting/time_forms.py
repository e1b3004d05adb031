"""The forms of times in published files, and the SQL that reads them."""

import re
from collections.abc import Sequence
from typing import Final

from streams.nights.sql import literal

_TIMES: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*|1\d{12}"), ""),
    (re.compile(r"\d{8}"), "%Y%m%d"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "%Y-%m-%d"),
    (re.compile(r"(\d{1,2})/(\d{1,2})/\d{4}"), "%d/%m/%Y"),
    (re.compile(r"(\d{1,2})/(\d{1,2})/\d{4} \d{1,2}:\d\d"), "%d/%m/%Y %H:%M"),
    (re.compile(r"(\d{1,2})/(\d{1,2})/\d{4} \d{1,2}:\d\d:\d\d"), "%d/%m/%Y %H:%M:%S"),
    (re.compile(r"(\d{1,2})\.(\d{1,2})\.\d{4} \d{1,2}:\d\d"), "%d.%m.%Y %H:%M"),
)
"""Forms of times, and what reads them; "" for what is understood as it stands."""
_ISO: Final = tuple(
    (re.compile(rf"\d{{4}}-\d\d-\d\d{mark}\d\d:\d\d{seconds}"), f"%Y-%m-%d{mark}%H:%M{form}")
    for mark in " T"
    for seconds, form in (("", ""), (r":\d\d", ":%S"))
)
"""The same of those that are understood as they stand, without an offset."""
_DAYS: Final = ((r"20\d{6}", "%Y%m%d"), (r"20\d\d-\d\d-\d\d", "%Y-%m-%d"))
_HOURS: Final = ((r"\d\d-\d\d-\d\d", "%H-%M-%S"), (r"\d{6}", "%H%M%S"), (r"\d\d-\d\d", "%H-%M"), (r"\d{4}", "%H%M"))
_IN_NAMES: Final = tuple(
    (rf"({day}{mark}{hour})(?:\D|$)", f"{days}{mark}{hours}")
    for day, days in _DAYS
    for hour, hours in _HOURS
    for mark in ("_", "-", "T", "")
)
"""Forms of times in the names of files."""


def time_in_names(names: Sequence[str]) -> str | None:
    """SQL that reads the time in each of these names of files; None where one has none, or another form of it."""
    for words, form in _IN_NAMES:
        if names and all(re.search(words, name) for name in names):
            return f"strptime(regexp_extract(_file, {literal(words)}, 1), {literal(form)})"
    return None


def read_time(sql: str, given: Sequence[str]) -> str:
    """SQL that reads these cells as times: as they stand if each is understood so; else by the forms that they have."""
    cells = [cell.strip() for cell in given]
    forms = [next((form for words, form in _TIMES if words.fullmatch(cell)), "") for cell in cells]
    if "" in forms and any(forms):  # beside others it must say its form too
        iso = [next((form for words, form in _ISO if words.fullmatch(cell)), "") for cell in cells]
        forms = [form or as_iso for form, as_iso in zip(forms, iso, strict=True)]
    forms = list(dict.fromkeys(forms))
    month_first = any(int(parts[1]) > 12 for cell in cells if (parts := re.split(r"[/.]", cell)) and len(parts) > 2)
    written = [literal(form.replace("%d/%m", "%m/%d") if month_first else form) for form in forms if form]
    if "" in forms or not written:
        return sql
    return f"strptime({sql}, {written[0] if len(written) == 1 else '[' + ', '.join(written) + ']'})"
