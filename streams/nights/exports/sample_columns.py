"""The columns that say what the election's random sample shows, and what stands in them."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec import UNSET, UnsetType

from streams.core.events.sample_states import SampleRecord
from streams.nights.exports.table import Column

_POINTS: Final = "percentage points"
_SHARE: Final = "per cent of the valid votes"
OF_AREA: Final[Sequence[Column]] = (
    Column("sample_drawn", "integer", "polling tables drawn at random; empty where no sample speaks of it", "tables"),
    Column("sample_clusters", "integer", "clusters in which they were drawn; 0 if one by one", "areas"),
    Column("sample_came", "integer", "those of them with an accepted sheet", "polling tables"),
    Column("sample_missing", "json", "those without one, by stratum, as a JSON object"),
    Column("sample_leader_id", "text", "id of the option that leads in the sample"),
    Column("sample_second_id", "text", "id of the option behind it"),
    Column("sample_lead", "number", "lead between them", _POINTS),
    Column("sample_lead_low", "number", "lower end of its guaranteed 95 % interval", _POINTS),
    Column("sample_lead_high", "number", "upper end", _POINTS),
)
OF_FIGURE: Final[Sequence[Column]] = (
    Column("sample_share", "number", "share by the sampled sheets that are in", _SHARE),
    Column("sample_usual_low", "number", "lower end of its usual 95 % interval", _SHARE),
    Column("sample_usual_high", "number", "upper end", _SHARE),
    Column("sample_guaranteed_low", "number", "lower end of the guaranteed one", _SHARE),
    Column("sample_guaranteed_high", "number", "upper end", _SHARE),
    Column("sample_outer_low", "number", "lower end of that whatever missing sheets hold", _SHARE),
    Column("sample_outer_high", "number", "upper end", _SHARE),
)


def of_area(sample: SampleRecord | UnsetType) -> dict[str, Any]:
    """What stands in `OF_AREA` for an area's state."""
    if sample is UNSET:
        return {}
    row = {f"sample_{name}": getattr(sample, name) for name in ("drawn", "clusters", "came", "missing")}
    if lead := sample.lead:
        low, high = lead.guaranteed
        row |= {"sample_leader_id": lead.option, "sample_second_id": lead.over, "sample_lead": lead.estimate}
        row |= {"sample_lead_low": low, "sample_lead_high": high}
    return row


def of_figure(sample: SampleRecord | UnsetType, column: str) -> dict[str, Any]:
    """What stands in `OF_FIGURE` for an option or group of an area's state."""
    share = None if sample is UNSET else sample.shares.get(column)
    if share is None:
        return {}
    ends = {
        f"sample_{kind}_{end}": value
        for kind in ("usual", "guaranteed", "outer")
        for end, value in zip(("low", "high"), getattr(share, kind), strict=True)
    }
    return {"sample_share": share.estimate, **ends}
