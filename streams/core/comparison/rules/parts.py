"""A bulletin against those of the areas right below: parts must add up to the whole (design, section 5)."""

from collections.abc import Callable, Iterator, Sequence

from streams.core.comparison.findings import Comparison, Finding, figure
from streams.core.comparison.rules.rule import BulletinRule
from streams.core.election.model import Group, Option
from streams.core.events.model import Bulletin


class Parts(BulletinRule):
    """One finding for each figure that is less than its parts had come to, or more than they come to since.

    Figures are cumulative, so a bulletin is held against what its parts had announced by then, which it must
    reach, and, once each part has spoken since (or for the last time), against that, which it cannot exceed.
    What a correction follows is left out, since it is said to be wrong.
    """

    name = "parts"
    kind = ("consistency", "warning")

    def find(self, given: Comparison) -> Iterator[Finding]:
        """Figure by figure."""
        if not given.parts:
            return
        everything = len(given.parts) == len(given.election.children[given.area.id])
        held = [_since_correction(standing) for standing in given.parts.values()]
        moment = None if given.bulletin.status == "final" else given.bulletin.at
        by_then = [next((b for b in part if moment is None or b.at <= moment), None) for part in held]
        since = [next((b for b in part if b.at >= given.bulletin.at or b.status == "final"), None) for part in held]
        for column, name, whole in given.announced:
            option = given.election.columns[column]
            yield from self._compare(
                given, name, option, whole, by_then, since if everything else [], _votes_of(given, option)
            )
        for what, whole_ in (
            ("valid-votes", given.bulletin.valid),
            ("null-votes", given.bulletin.null),
            ("ballots-cast", given.bulletin.ballots),
            ("tables-counted", given.bulletin.tables_counted),
        ):
            if whole_ is not None:
                yield from self._compare(
                    given, what, None, whole_, by_then, since if everything else [], _FIGURES[what]
                )

    def _compare(
        self,
        given: Comparison,
        what: str,
        option: Option | Group | None,
        whole: int,
        by_then: Sequence[Bulletin | None],
        since: Sequence[Bulletin | None],
        of: Callable[[Bulletin], int | None],
    ) -> Iterator[Finding]:
        earlier = [of(bulletin) for bulletin in by_then if bulletin is not None]
        least = sum(count for count in earlier if count is not None)
        later = [None if bulletin is None else of(bulletin) for bulletin in since]
        most = sum(count for count in later if count is not None) if later and None not in later else None
        if whole < least:
            added, key = least, "parts-more"
        elif most is not None and whole > most:
            added, key = most, "parts-less"
        else:
            return
        figures = {"added": added, "stated": whole, "gap": abs(added - whole)}
        unit = "tables" if what == "tables-counted" else "votes"
        named = {"option": option.name} if option else {"what": what}
        inputs = {**figures, "parts": len(earlier) if key == "parts-more" else len(later)}
        sentence = f"{key}-votes" if option else key
        yield self.report(given, what, "warning", (abs(added - whole), unit), inputs, sentence, **named, **figures)


_FIGURES: dict[str, Callable[[Bulletin], int | None]] = {
    "valid-votes": lambda b: b.valid,
    "null-votes": lambda b: b.null,
    "ballots-cast": lambda b: b.ballots,
    "tables-counted": lambda b: b.tables_counted,
}


def _votes_of(given: Comparison, column: Option | Group) -> Callable[[Bulletin], int | None]:
    return lambda bulletin: figure(given.election, bulletin, column)


def _since_correction(standing: Sequence[Bulletin]) -> Sequence[Bulletin]:
    """The newest bulletins down to the last correction, the newest first."""
    last = next((i for i, bulletin in enumerate(standing) if bulletin.status == "correction"), len(standing))
    return standing[: last + 1]
