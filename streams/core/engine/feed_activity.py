"""How active the feeds are: when bulletins and readings last came, and which reporter groups send most."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from streams.core.comparison.findings import Pulse
from streams.core.reconciliation.sheet_rows import Sheets
from streams.times import at_most, latest


class FeedActivity:
    """Records when bulletins and readings came, whatever they say. Times are event time in Unix ms."""

    def __init__(self) -> None:
        self._busiest: dict[int, tuple[int, Mapping[str, int]]] = {}
        """By partition: how much it rests on, and the groups."""
        self.pulse = Pulse()
        """When bulletins and readings last came."""
        self.has_new_readings = False
        """Whether readings have come since the pulse was last taken."""

    def begin(self, at: int) -> None:
        """Start the clocks of both feeds at the beginning of the night."""
        self.pulse = Pulse(latest(at, self.pulse.bulletin), at)

    def go_on(self, pulse: Pulse) -> None:
        """Restore the saved pulse of a night that goes on."""
        self.pulse, self.has_new_readings = pulse, False

    def set_back(self, at: int) -> None:
        """Correct a clock that had run ahead: nothing came later than `at`."""
        self.pulse = Pulse(at_most(self.pulse.bulletin, at), at_most(self.pulse.report, at))

    def add_readings(self) -> None:
        """Note that readings have come; `take_pulse` says when."""
        self.has_new_readings = True

    def add_bulletin(self, at: int) -> None:
        """Note a bulletin that was issued at `at`."""
        self.pulse = replace(self.pulse, bulletin=latest(self.pulse.bulletin, at))

    def add_sheets(self, sheets: Sheets) -> None:
        """Note who sends most to a partition, as of its newest sheets."""
        version, _ = self._busiest.get(sheets.partition, (0, {}))
        if sheets.version >= version:
            self._busiest[sheets.partition] = sheets.version, sheets.busiest

    def take_pulse(self, at: int) -> None:
        """Readings that have come until a tick count as of that tick."""
        if self.has_new_readings:
            self.pulse, self.has_new_readings = replace(self.pulse, report=at), False

    @property
    def busiest(self) -> Mapping[str, int]:
        """Readings of the reporter groups that sent most."""
        return sum((Counter(groups) for _, groups in self._busiest.values()), Counter())
