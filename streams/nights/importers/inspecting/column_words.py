"""What the names of published columns say of what is in them, in the languages of published files."""

import re
from typing import Final

MOST_DIGITS: Final = 9
"""Of a figure with its marks: a longer number is no count of votes."""
_ID: Final = re.compile(
    r"(?i)(cod|clave|id|code|nr|nro|num|number|no|mesa|tps|station|table|precinct|secci[oó]n|centro|district)"
    r"(\b|_.*)|.+_id"
)
_VOTERS: Final = re.compile(
    r"(?i)reg|re|lista?|.*(regist|padr[oó]n|elector|voters|inscri|lista.?nominal|habilitad|eligible).*"
)
_SUBMISSION: Final = re.compile(r"(?i)_?uuid|_id|instance_?id|submission_?id")
_FIELDS: Final = {
    "null": re.compile(r"(?i)(votos?.?)?(nul|invalid|anulad|spoil|void).*"),
    "blank": re.compile(r"(?i)(votos?.?)?(blank|blanc)(?!a\b).*|bl"),
    "": re.compile(r"(?i).*(v[aá]lid|total|suma|sum\b).*"),
}
_SHARE: Final = re.compile(
    r"(?i).*(%|pct|per.?cent|porcent|prozent|turn.?out).*|(.*[_ ])?(share|perc?|participaci[oó]n|abstenci[oó]n)"
)
_READER: Final = re.compile(r"(?i)who|reporter|observer|user.*|_?submitted_by|submitter_?name|usuario|testigo")
_CORRECTED: Final = re.compile(r"(?i)deprecated_?id")
_REVIEW: Final = re.compile(r"(?i)review_?state")
_OF_TOOL: Final = re.compile(
    r"(?i)_.*|submitter_?id|attachments_?(present|expected)|edits|form_?version|device_?id( \(\d\))?|instance_?name"
)
"""What form tools add to a form's own columns."""
_IN_GROUPS: Final = re.compile(r"[a-z_]\w*(-[a-z_]\w*)+")
"""A name of ODK's exports, with its groups."""
_LINK: Final = re.compile(r"(?i).*(url|link).*")


def _last(name: str) -> str:
    """A column's own name, without the groups of a form that it is in."""
    return name.rpartition("-" if _IN_GROUPS.fullmatch(name) else "/")[2].strip()


def is_id(name: str) -> bool:
    """Whether it is, or is part of, the id of an area or a polling table."""
    return _ID.fullmatch(_last(name)) is not None and not is_submission(name)


def is_submission(name: str) -> bool:
    """Whether it is the id that a form tool gives what is sent in."""
    return _SUBMISSION.fullmatch(_last(name)) is not None


def is_corrected(name: str) -> bool:
    """Whether it is the id of a submission that another one corrects."""
    return _CORRECTED.fullmatch(_last(name)) is not None


def is_review(name: str) -> bool:
    """Whether it is what a reviewer says of a submission."""
    return _REVIEW.fullmatch(_last(name)) is not None


def is_of_tool(name: str) -> bool:
    """Whether a form tool added it to the form's own columns."""
    return _OF_TOOL.fullmatch(_last(name)) is not None


def is_voters(name: str) -> bool:
    return _VOTERS.fullmatch(_last(name)) is not None


def is_share(name: str) -> bool:
    """Whether it is a part of something, such as per cent of the votes, or the turnout."""
    return _SHARE.fullmatch(_last(name)) is not None


def is_reader(name: str) -> bool:
    return _READER.fullmatch(_last(name)) is not None


def is_link(name: str) -> bool:
    return _LINK.fullmatch(_last(name)) is not None


def field_of(name: str) -> str | None:
    """The field of a report that it is: "null" or "blank"; "" for what follows from the others; None for an option."""
    return next((field for field, words in _FIELDS.items() if words.fullmatch(_last(name))), None)
