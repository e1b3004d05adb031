"""The random sample of polling tables that an election names: drawn before the night (docs/sample.md)."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DrawnSample:
    """A stratified random sample of polling tables, drawn table by table or in clusters. The strata are areas; together
    they contain every polling table of the register once."""

    strata: Mapping[str, tuple[str, ...]]
    """Sampled polling tables by id of their stratum, in the order of the file."""
    file: bytes = field(repr=False)
    """The sample's file as it was published: its hash must not change where the election is written again."""
    seed: str = ""
    """What decided the draw; empty where it is not known (yet)."""
    published: str = ""
    """SHA-256 of the file that was published before the night, in hexadecimal; empty where none is named."""
    unseen: float | None = None
    """Percentage points by which sampled sheets that have not come may differ from what their stratum shows; None:
    as many as `rules.divergence.unseen`."""
    clusters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Where whole areas of one level were drawn, with all their polling tables: these areas by id of their stratum, in
    the order of the file. Empty where tables were drawn one by one."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the sample's file, in hexadecimal."""
        return hashlib.sha256(self.file).hexdigest()

    @property
    def size(self) -> int:
        """Polling tables in the sample."""
        return sum(map(len, self.strata.values()))

    @property
    def units(self) -> Mapping[str, tuple[str, ...]]:
        """By stratum, what was drawn of it: clusters, or single polling tables."""
        return self.clusters or self.strata
