"""The two counts side by side: sums and bulletins in, area states and notices out."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from streams import alerts
from streams.admission import check_bulletin
from streams.alerts import Alert, Notice
from streams.codec import encode, plain
from streams.election import Election
from streams.events import Bulletin, Rejection
from streams.findings import Comparison, Finding
from streams.rollup import Partial, Tally, merge
from streams.rules import findings
from streams.rules.contradiction import bounds
from streams.rules.divergence import witnessed_share


class Comparer:
    """Every area's sums and bulletins, what the rules find in them, and the alerts' lives.

    One comparer holds the whole election: areas must meet (parts against the whole, a parent
    muting its children), and what reaches it is already summed, so one is enough.
    """

    def __init__(self, election: Election) -> None:
        self._election = election
        self._tick = max(1, round(election.alerts.tick * 1000))
        self._partials: dict[str, dict[int, Partial]] = {}
        self._merged: dict[str, Tally] = {}
        self._bulletins: dict[str, dict[str, Bulletin]] = {}
        self._findings: dict[str, dict[str, Finding]] = {}
        self._alerts: dict[str, Alert] = {}
        self._clock = 0
        self._dirty: set[str] = set()
        self._changed: set[str] = set()

    @property
    def clock(self) -> int:
        """Event time of the last evaluation, in Unix ms; 0 before the first event."""
        return self._clock

    @property
    def alerts(self) -> Mapping[str, Alert]:
        """Every alert that ever fired or waits to, by fingerprint."""
        return self._alerts

    def add_partial(self, partial: Partial) -> bool:
        """Take in a partition's sums for one area; False when a newer one is known."""
        parts = self._partials.setdefault(partial.area, {})
        known = parts.get(partial.partition)
        if known is not None and known.version > partial.version:
            return False
        parts[partial.partition] = partial
        self._touch(partial.area)
        return True

    def add_bulletin(self, bulletin: Bulletin) -> Rejection | None:
        """Take in a bulletin, or say why it is turned away. Order and repetition do not matter."""
        rejection = check_bulletin(self._election, bulletin)
        if rejection is not None:
            return rejection
        known = self._bulletins.setdefault(bulletin.area, {})
        other = known.get(bulletin.id)
        if other is None or _rank(bulletin) > _rank(other):
            known[bulletin.id] = bulletin
            self._touch(bulletin.area)
        return None

    def bulletin(self, area: str) -> Bulletin | None:
        """The area's current bulletin: the highest sequence that no other supersedes."""
        return next(iter(self._standing(area)), None)

    def advance(self, to: int) -> list[Notice]:
        """Bring event time to `to` (Unix ms) and evaluate at every tick on the way.

        Ticks at which nothing can change are passed over: they would decide nothing.
        """
        last = to - to % self._tick
        if not self._clock:
            self._clock = last
        notices: list[Notice] = []
        while (at := self._next_tick()) is not None and at <= last:
            notices += self._evaluate(at)
        self._clock = max(self._clock, last)
        return notices

    def state(self, area: str) -> dict[str, Any]:
        """Everything known of one area, as a JSON object."""
        tally, bulletin = self._tally(area), self.bulletin(area)
        known = self._election.areas[area]
        columns = self._election.columns
        state: dict[str, Any] = {
            "area": area,
            "name": known.name,
            "level": known.level,
            "tables": known.tables,
            "registered": known.registered,
            "witnessed": {
                "tables": tally.tables,
                "coverage": min(1.0, tally.tables / known.tables) if known.tables else None,
                "registered": tally.registered,
                "valid": tally.valid,
                "null": tally.null,
                "votes": {column.id: tally.votes[i] for i, column in enumerate(columns)},
                "levels": dict(tally.levels),
            },
            "official": None,
            "alerts": sorted(f for f in self._findings.get(area, {}) if self._is_firing(f)),
        }
        if bulletin is not None:
            given = Comparison(self._election, known, bulletin, tally)
            state["official"] = {
                "bulletin": bulletin.id,
                "at": bulletin.at,
                "votes": dict(bulletin.votes),
                "valid": given.valid,
                "figures": {name: self._figure(given, i, votes) for i, name, votes in given.official},
            }
        return state

    def take_changed(self) -> list[str]:
        """The areas whose state may have changed since the last call, parents first."""
        changed, self._changed = self._changed, set()
        return sorted(changed, key=self._depth)

    def load(self, partials: Iterable[Partial], bulletins: Iterable[Bulletin], known: Iterable[Alert], at: int) -> None:
        """Take in saved state; `at` is the saved clock. Everything is evaluated again."""
        for partial in partials:
            self.add_partial(partial)
        for bulletin in bulletins:
            self.add_bulletin(bulletin)
        self._alerts.update({alert.fingerprint: alert for alert in known})
        self._dirty.update(alert.finding.area for alert in self._alerts.values())
        self._clock = max(self._clock, at)

    def _standing(self, area: str) -> list[Bulletin]:
        """The area's bulletins that no other supersedes, the newest first."""
        known = self._bulletins.get(area, {})
        gone = {b.supersedes for b in known.values() if b.supersedes != b.id}
        return sorted((b for b in known.values() if b.id not in gone), key=_rank, reverse=True)

    def _touch(self, area: str) -> None:
        self._merged.pop(area, None)
        self._dirty.add(area)
        self._changed.add(area)

    def _tally(self, area: str) -> Tally:
        if area not in self._merged:
            parts = self._partials.get(area, {})
            self._merged[area] = merge(len(self._election.columns), (p.tally for p in parts.values()))
        return self._merged[area]

    def _depth(self, area: str) -> tuple[int, str]:
        return len(self._election.lineage[area]), area

    def _is_firing(self, fingerprint: str) -> bool:
        alert = self._alerts.get(fingerprint)
        return alert is not None and alert.status == "firing"

    def _next_tick(self) -> int | None:
        """The next tick at which anything can change; None when only news can change anything."""
        after = self._clock + self._tick
        if self._dirty:
            return after
        due = [d for a in self._alerts.values() if (d := alerts.deadline(a, self._election.alerts)) is not None]
        return max(after, -(-min(due) // self._tick) * self._tick) if due else None

    def _evaluate(self, at: int) -> list[Notice]:
        dirty, self._dirty, self._clock = self._dirty, set(), at
        for area in dirty:
            found: list[Finding] = []
            if standing := self._standing(area):
                current, before = standing[0], standing[1] if len(standing) > 1 else None
                known = self._election.areas[area]
                found = findings(Comparison(self._election, known, current, self._tally(area), before))
            self._findings[area] = {finding.fingerprint: finding for finding in found}
        due = {
            fingerprint: alert.finding.area
            for fingerprint, alert in self._alerts.items()
            if alert.finding.area in dirty
            or ((d := alerts.deadline(alert, self._election.alerts)) is not None and d <= at)
        }
        due.update((fingerprint, area) for area in dirty for fingerprint in self._findings[area])
        # Parents first, so that they can mute their children in the same tick.
        order = sorted(due.items(), key=lambda item: (self._depth(item[1]), item[0]))
        return [notice for item in order if (notice := self._step(*item, at))]

    def _step(self, fingerprint: str, area: str, at: int) -> Notice | None:
        bulletin = self.bulletin(area)
        decision = alerts.step(
            self._alerts.get(fingerprint),
            self._findings.get(area, {}).get(fingerprint),
            at,
            None if bulletin is None else bulletin.id,
            self._election.alerts,
        )
        if decision.alert is None:
            self._alerts.pop(fingerprint, None)
        elif decision.alert != self._alerts.get(fingerprint):
            self._alerts[fingerprint] = decision.alert
            self._changed.add(area)
        if decision.notice is None:
            return None
        return replace(decision.notice, muted_by=self._muting(decision.notice))

    def _muting(self, notice: Notice) -> str | None:
        """The nearest parent's firing alert of the same rule and option."""
        rule, area, column = notice.finding.rule, notice.finding.area, notice.finding.column
        for parent in reversed(self._election.lineage[area][:-1]):
            if self._is_firing(f"{rule}:{parent}:{column}"):
                return f"{rule}:{parent}:{column}"
        return None

    def _figure(self, given: Comparison, column: int, votes: int) -> dict[str, Any]:
        witnessed = witnessed_share(given, column)
        low, high = bounds(given, column, votes)
        return {
            "votes": votes,
            "share": round(100 * votes / given.valid, 6) if given.valid else None,
            "witnessed_share": None if witnessed is None else round(witnessed, 6),
            "floor": low and low.limit,
            "ceiling": high and high.limit,
            "breakdown": max((b.breakdown for b in (low, high) if b is not None), default=None),
        }


def _rank(bulletin: Bulletin) -> tuple[int, int, bytes]:
    return bulletin.sequence, bulletin.at, encode(plain(bulletin))
