"""What the exports of form tools (ODK, Kobo) say of each submission: its id, which one it corrects, whether a reviewer
turned it away."""

import json
from collections.abc import Iterator

from streams.nights.importers.inspecting.column_words import is_corrected, is_review, is_submission
from streams.nights.importers.inspecting.inspection import ColumnSample, Inspected
from streams.nights.sql import literal

_PREFIX = "uuid:"
"""Of an id in the part of a form that the tool fills in; columns of the tool's own are without."""


def form_ids(file: Inspected) -> Iterator[str]:
    """Lines of a map: the id of a submission, and of the one that it corrects."""
    sent = next((each for each in file.columns if is_submission(each.name) and each.is_key), None)
    if sent is None:
        return
    yield f"id = {json.dumps(sent.sql)}"
    for each in file.columns:
        if is_corrected(each.name) and each.kind != "empty":
            bare = _is_prefixed(each) and not _is_prefixed(sent)
            sql = f"replace({each.sql}, {literal(_PREFIX)}, '')" if bare else each.sql
            yield f"supersedes = {json.dumps(sql)} # the submission that this one corrects"
            return


def not_rejected(file: Inspected) -> list[str]:
    """Conditions under which a submission counts."""
    reviews = (each for each in file.columns if is_review(each.name))
    return [f"coalesce({each.sql}, '') <> 'rejected'" for each in reviews]


def _is_prefixed(column: ColumnSample) -> bool:
    return any(cell.startswith(_PREFIX) for cell in column.cells)
