"""Alerts and notices: one fingerprint's state, and what its receivers are told (design, section 6)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import msgspec
from msgspec import Struct

from streams.core.comparison.findings import RANK, Finding
from streams.core.comparison.sentences import LANGUAGES
from streams.core.election.model import Severity
from streams.core.events.area_states import StandingAlert
from streams.core.events.codec import to_json
from streams.times import at_most

Status = Literal["pending", "firing", "resolved"]


class Moment(Struct, frozen=True):
    """An alert at one tick: what is shown together is taken from one of these. `at` is event time in Unix ms."""

    at: int
    severity: Severity
    finding: Finding

    @property
    def weight(self) -> tuple[int, float]:
        """How bad it is: severity first, then the headline figure."""
        return RANK[self.severity], self.finding.value


@dataclass(frozen=True, slots=True)
class Told:
    """What the last notice of an episode said: its event time in Unix ms, its headline figure, its severity."""

    at: int
    value: float
    severity: Severity


@dataclass(frozen=True, slots=True)
class Alert:
    """One fingerprint's state. Times are event time in Unix ms.

    `finding` and `severity` are those of the last tick that looked at it; one that holds between the two limits keeps
    the severity it had. `gravest` is the gravest severity that was told in this episode: only what goes beyond it
    calls at once. A newer bulletin sets it anew. `called_at` is when it first fired in the night, `worst` its worst
    tick since then, in whatever episode; both are None before.

    `episode` counts the times it fired, `words` the notices of this episode, and `told` is the last of them. Episode
    and words name a notice the same way whoever computes it, and after whatever crash. `muted_by` is the alert above
    that the last notice was left to, `heard` whether any notice of this episode was not muted.
    """

    fingerprint: str
    status: Status
    since: int
    finding: Finding
    severity: Severity
    episode: int = 0
    words: int = 0
    told: Told | None = None
    muted_by: str | None = None
    heard: bool = False
    gravest: Severity | None = None
    called_at: int | None = None
    worst: Moment | None = None

    @property
    def news(self) -> bool:
        """Whether its figures are others than were last told."""
        return self.told is None or (self.finding.value, self.severity) != (self.told.value, self.told.severity)

    def plain(self) -> dict[str, Any]:
        """As a JSON object, in which 0 stands for a time that has not come."""
        told = self.told
        return {
            "fingerprint": self.fingerprint,
            "status": self.status,
            "since": self.since,
            "finding": to_json(self.finding),
            "severity": self.severity,
            "episode": self.episode,
            "words": self.words,
            "told_at": 0 if told is None else told.at,
            "told_value": 0.0 if told is None else told.value,
            "told_severity": None if told is None else told.severity,
            "muted_by": self.muted_by,
            "heard": self.heard,
            "gravest": self.gravest,
            "called_at": self.called_at or 0,
            "worst": None if self.worst is None else to_json(self.worst),
        }

    def in_state(self) -> StandingAlert:
        """What an area's state says of it while it is open: its severity, figure and sentence as of the state's own
        tick."""
        finding = self.finding
        return StandingAlert(
            fingerprint=self.fingerprint,
            severity=self.severity,
            value=finding.value,
            unit=finding.unit,
            bulletin=finding.bulletin,
            sentence=dict(finding.sentence),
        )

    @classmethod
    def from_plain(cls, data: Mapping[str, Any]) -> "Alert":
        """The alert that `plain` wrote. Raises ValueError for anything else."""
        try:
            return msgspec.convert(_with_told(data), cls)
        except (AttributeError, KeyError, TypeError, msgspec.ValidationError) as error:
            raise ValueError(f"no alert: {error}") from None

    def set_back(self, at: int) -> "Alert":
        """The same where time had run ahead and is `at` now: none of its times lies ahead."""
        worst = self.worst and msgspec.structs.replace(self.worst, at=min(self.worst.at, at))
        told = self.told and replace(self.told, at=min(self.told.at, at))
        return replace(self, since=min(self.since, at), told=told, called_at=at_most(self.called_at, at), worst=worst)


class Notice(Struct, frozen=True):
    """Something to tell the receivers about one alert. Of records with one id the first counts."""

    id: str
    """Fingerprint, episode and number of the notice in its episode, joined by colons."""
    fingerprint: str
    """Rule, area, and option or group, joined by colons."""
    status: Literal["firing", "resolved"]
    reason: str
    at: int
    since: int
    severity: Severity
    finding: Finding
    muted_by: str | None
    """Fingerprint of the alert further up that speaks for this one."""

    @property
    def order(self) -> tuple[int, int]:
        """Its place among the notices of its fingerprint: a later one has a larger. Raises ValueError for a strange
        id."""
        episode, words = self.id.rsplit(":", 2)[1:]
        return int(episode), int(words)

    @classmethod
    def decode(cls, content: bytes) -> "Notice":
        """The notice in the value of a record of `alerts`. Raises ValueError for anything else."""
        try:
            notice = _decode(content)
        except msgspec.DecodeError as error:
            raise ValueError(f"no notice: {error}") from None
        if not notice.finding.sentence.keys() >= set(LANGUAGES):
            raise ValueError("no notice: it lacks a sentence in one of the languages")
        return notice


_decode: Final = msgspec.json.Decoder(Notice).decode


def _with_told(data: Mapping[str, Any]) -> dict[str, Any]:
    fields = {name: value for name, value in data.items() if not name.startswith("told_")}
    told = {"at": data["told_at"], "value": data["told_value"], "severity": data["told_severity"]}
    return {**fields, "told": told if told["severity"] else None, "called_at": data["called_at"] or None}
