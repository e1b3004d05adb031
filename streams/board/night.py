"""The night as the board knows it, and what a page is told of it: JSON with the records of `area-state` as they are.

A page looks at one area. It is given that area's state, those of the areas right below and of those on its map, the
area's figures over time, and the alerts in it and below.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

import msgspec
import orjson

from streams.board.rejected_messages import TurnedAway
from streams.board.series import series
from streams.board.thinned_history import History, Point
from streams.core.alerting.alert import Notice
from streams.core.comparison.findings import CLASSES, SEVERITIES
from streams.core.comparison.lead_sentences import lead_sentences
from streams.core.comparison.sentences import LANGUAGES
from streams.core.election.area_map import layers
from streams.core.election.model import Area, Election
from streams.core.election.names import Name
from streams.core.events.area_states import DatedState

POINTS: Final = 400
"""Moments kept of an area, at most."""
BUDGET: Final = 16_000
"""Moments kept of all areas together: some 40 MB."""
FEWEST: Final = 50
"""An area with fewer moments than this is not worth a history: levels that would come to less have none."""
NOTICES: Final = 5_000
"""Notices remembered, the newest; which alerts are open now is known beyond that."""
NOW: Final = 60_000
"""Milliseconds by which a worker's states may be behind its clock, where the night runs by the wall clock."""
SHOWN: Final = 60
"""Open alerts, and notices, that a page is given: the strongest and the newest."""


class Night:
    """Everything that was read. `version` grows with each record that changed anything."""

    def __init__(self, election: Election) -> None:
        self.election = election
        self._limits = _limits(election)
        self._maps = {} if election.map is None else layers(election.map.areas, election.lineage)
        self.version = 0
        self.clear()

    def clear(self) -> None:
        """Forget all: the topics begin anew."""
        self.version += 1
        self.began_with = self.version
        """The version from which on the records belong together."""
        self.clock = 0
        """The latest event time seen, in Unix ms."""
        self._behind = 0
        """Milliseconds from event time to when the newest state was written."""
        self.unreadable = 0
        """Records that nobody can read."""
        self.turned_away = TurnedAway()
        self._states: dict[str, tuple[int, bytes]] = {}
        self._histories: dict[str, History] = {}
        self._newest: dict[str, Notice] = {}
        self._notices: dict[str, Notice] = {}
        self._told = 0

    def count_unreadable(self) -> None:
        """Count a record that nobody can read."""
        self.unreadable += 1

    def add_state(self, content: bytes | None, written: int) -> None:
        """Take in a record of `area-state`, `written` by the wall clock (Unix ms). One that is none, or of an area that
        the election lacks, is counted only."""
        if content is None:
            return  # deleted
        try:
            state = DatedState.decode(content)
        except msgspec.DecodeError:
            self.count_unreadable()
            return
        if state.area not in self.election.areas:
            self.count_unreadable()
            return
        self.version += 1
        self.clock = state.at  # it goes back where a worker's clock was wrong
        self._behind = written - state.at
        self._states[state.area] = self.version, content
        if limit := self._limits.get(len(self.election.lineage[state.area])):
            self._histories.setdefault(state.area, History(limit)).add(Point(state.at, content))

    def add_rejected(self, key: bytes | None, headers: Sequence[tuple[str, bytes]]) -> None:
        """Take in a record of `rejected`: its headers say why a message was turned away."""
        if not self.turned_away.add(key or b"", dict(headers)):
            self.count_unreadable()

    def add_notice(self, content: bytes | None) -> None:
        """Take in a record of `alerts`; one that came before changes nothing."""
        if content is None:
            return  # deleted
        try:
            notice = Notice.decode(content)
            is_known, order = notice.finding.area in self.election.areas, notice.order
        except ValueError:
            is_known = False
        if not is_known:
            self.count_unreadable()
        elif (last := self._newest.get(notice.fingerprint)) is None or order > last.order:
            self.version += 1
            self._told = self.version
            self.clock = max(self.clock, notice.at)
            self._newest[notice.fingerprint] = self._notices[notice.id] = notice
            if len(self._notices) > NOTICES:
                del self._notices[next(iter(self._notices))]

    def now(self, at: int) -> int | None:
        """Event time when the wall clock shows `at` (both Unix ms): the same where the night runs by it, as its newest
        state says; None of a night that is fed, whose time stands still between two states."""
        return at if self.clock and abs(self._behind) < NOW else None

    def history(self, area: str) -> History:
        """An area's past; that of an area deeper than histories are kept stays empty."""
        return self._histories.get(area) or History(0)

    def whole(self, area: str) -> bytes:
        """All that a page needs to begin with."""
        election, this_area, history = self.election, self.election.areas[area], self.history(area)
        return orjson.dumps(
            {
                "election": {
                    "id": election.id,
                    "name": _texts(election.name),
                    "notice": _texts(election.notice),
                    "columns": [
                        {"id": c.id, "name": _texts(c.name), "members": election.members.get(c.id)}
                        for c in election.columns
                    ],
                },
                "strata": {id: election.labels[id] for id in (election.sample.strata if election.sample else ())},
                "area": _named(election, this_area),
                "path": [_named(election, election.areas[above]) for above in election.lineage[area]],
                "map": area in self._maps,
                "children": [_named(election, election.areas[below]) for below in election.children[area]],
                "states": self._changed(area, 0),
                "lead": self._lead(self._states.get(area, (0, None))[1]),
                "series": series(history.after(0)),
                "step": history.step,
                "kept": len(election.lineage[area]) in self._limits,
                "alerts": self._alerts(area),
                "clock": self.clock,
            }
        )

    def change(self, area: str, since: int, after: int) -> bytes:
        """What is new since version `since`, with the area's points later than `after` (event time)."""
        message: dict[str, Any] = {
            "states": self._changed(area, since),
            "series": series(self.history(area).after(after)),
            "clock": self.clock,
        }
        version, content = self._states.get(area, (0, None))
        if version > since:
            message["lead"] = self._lead(content)
        if self._told > since:
            message["alerts"] = self._alerts(area)
        return orjson.dumps(message)

    def moment(self, area: str, at: int) -> bytes:
        """How it was at event time `at`: states and alerts."""
        points = [point for name in self._family(area) if (point := self.history(name).upto(at))]
        told = [notice for notice in self._notices.values() if notice.at <= at]
        alerts = _shown(self.election, area, {n.fingerprint: n for n in told}.values(), told)
        own = self.history(area).upto(at)
        return orjson.dumps(
            {
                "states": [orjson.Fragment(point.content) for point in points],
                "lead": self._lead(None if own is None else own.content),
                "alerts": alerts,
                "clock": at,
            }
        )

    def on_map(self, area: str) -> list[dict[str, Any]]:
        """The areas that the map of an area shows, each with the area right below in which it lies, and whether it has
        a history; empty where there is no map."""
        election = self.election
        return [
            {
                **_named(election, election.areas[id]),
                "within": within,
                "kept": len(election.lineage[id]) in self._limits,
            }
            for id, within in self._maps.get(area, {}).items()
        ]

    def _lead(self, content: bytes | None) -> dict[str, str]:
        """By language, whether sheets that do not count yet can change who leads in an area with this state."""
        state = None if content is None else DatedState.decode(content)
        return {
            language: "" if state is None else " ".join(lead_sentences(self.election, state, language))
            for language in LANGUAGES
        }

    def _alerts(self, area: str) -> dict[str, Any]:
        return _shown(self.election, area, self._newest.values(), self._notices.values())

    def _changed(self, area: str, since: int) -> list[orjson.Fragment]:
        states = (self._states.get(name, (0, b"")) for name in self._family(area))
        return [orjson.Fragment(content) for version, content in states if version > since]

    def _family(self, area: str) -> Iterator[str]:
        yield area
        yield from self.election.children[area]
        yield from (id for id, within in self._maps.get(area, {}).items() if id != within)


def _limits(election: Election) -> dict[int, int]:
    """Moments kept of each area, by its depth: the upper levels, as many as get enough of them."""
    sizes: dict[int, int] = {}
    for line in election.lineage.values():
        sizes[len(line)] = sizes.get(len(line), 0) + 1
    areas, last = 0, 0
    for depth in sorted(sizes):
        if (areas + sizes[depth]) * FEWEST > BUDGET:
            break
        areas, last = areas + sizes[depth], depth
    return {depth: min(POINTS, BUDGET // areas) for depth in range(1, last + 1)}


def _shown(election: Election, area: str, newest: Iterable[Notice], told: Iterable[Notice]) -> dict[str, Any]:
    """The alerts of an area and below: those that are open, the strongest first, and the last notices, the newest
    first."""

    def within(notice: Notice) -> bool:
        return area in election.lineage[notice.finding.area]

    opened = sorted((n for n in newest if n.status == "firing" and within(n)), key=lambda n: _rank(election, n))
    recent = sorted((n for n in told if within(n)), key=lambda n: (-n.at, n.status != "firing", _rank(election, n)))
    below = Counter(name for notice in opened for name in election.lineage[notice.finding.area])
    return {
        "open": [_told(election, notice) for notice in opened[:SHOWN]],
        "count": len(opened),
        "below": {name: below[name] for name in election.children[area] if name in below},
        "recent": [_told(election, notice) for notice in recent[:SHOWN]],
    }


def _rank(election: Election, notice: Notice) -> tuple[Any, ...]:
    """The strongest first: what is said aloud, is severe, rests on the least assumptions, and concerns the most."""
    finding = notice.finding
    severity, kind = SEVERITIES.index(notice.severity), CLASSES.index(finding.rule_class)
    depth = len(election.lineage[finding.area])
    return notice.muted_by is not None, severity, kind, depth, -finding.value, notice.fingerprint


def _told(election: Election, notice: Notice) -> dict[str, Any]:
    """A notice without the figures behind it."""
    finding = notice.finding
    return {
        "id": notice.id,
        "fingerprint": notice.fingerprint,
        "status": notice.status,
        "severity": notice.severity,
        "at": notice.at,
        "since": notice.since,
        "muted": notice.muted_by is not None,
        "rule": finding.rule,
        "class": finding.rule_class,
        "area": _named(election, election.areas[finding.area]),
        "column": finding.column,
        "value": finding.value,
        "unit": finding.unit,
        "bulletin": finding.bulletin,
        "sentence": dict(finding.sentence),
    }


def _texts(name: str) -> str | dict[str, str]:
    """A name as a page gets it: one text, or the texts by language, where "" is the one for all others."""
    return {"": str(name), **name.others} if isinstance(name, Name) else name


def _named(election: Election, area: Area) -> dict[str, Any]:
    return {
        "id": area.id,
        "name": _texts(election.labels[area.id]),
        "level": area.level,
        "tables": area.tables,
        "registered": area.registered,
    }
