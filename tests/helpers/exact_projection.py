"""The projection once more, polling table by polling table and in exact fractions: slow, plain, and by the letter of
docs/evidence.md. What `projection` and `projector` are held against."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

ENOUGH = 5


class Table(NamedTuple):
    """A polling table: the areas from the root down to its own, registered voters, and its sheet where it was seen."""

    line: tuple[str, ...]
    registered: int | None
    votes: tuple[int, ...] | None


class Block(NamedTuple):
    """Valid votes, votes for one option, and by how much the share may be off for each point of `unseen`."""

    valid: Fraction
    votes: Fraction
    factor: Fraction

    def lowest(self, unseen: Fraction) -> Fraction:
        """The fewest votes that it may hold."""
        return max(Fraction(0), self.votes - unseen * self.factor / 100 * self.valid)


def blocks(tables: Sequence[Table], option: int) -> list[Block]:
    """Every polling table with what it holds, or what is expected of it."""
    seen: dict[str, list[Table]] = {}
    for table in tables:
        if table.votes is not None:
            for area in table.line:
                seen.setdefault(area, []).append(table)
    return [_block(table, seen, option) for table in tables]


def _block(table: Table, seen: Mapping[str, list[Table]], option: int) -> Block:
    if table.votes is not None:
        return Block(Fraction(sum(table.votes)), Fraction(table.votes[option]), Fraction(0))
    model = next((area for area in reversed(table.line) if len(seen.get(area, ())) >= ENOUGH), table.line[0])
    sheets = [(t.registered or 0, t.votes) for t in seen[model] if t.votes is not None]
    registered = sum(voters for voters, _ in sheets)
    valid = sum(sum(votes) for _, votes in sheets)
    if table.registered and registered:
        expected = Fraction(table.registered * sum(sum(v) for voters, v in sheets if voters), registered)
    else:
        expected = Fraction(valid, len(sheets))
    share = Fraction(sum(votes[option] for _, votes in sheets), valid) if valid else Fraction(0)
    levels = len(table.line) - 1 - table.line.index(model)
    return Block(expected, expected * share, 1 + Fraction(levels, 2))


def scaled(known: Sequence[Block], valid: int, fraction: Fraction, complete: bool) -> list[Block]:
    """The same, the unseen scaled to what the bulletin lets one expect."""
    witnessed = sum((b.valid for b in known if not b.factor), Fraction(0))
    expected = sum((b.valid for b in known if b.factor), Fraction(0))
    if not expected:
        return list(known)
    scale = (valid / fraction - witnessed) / expected
    scale = min(Fraction(4), max(Fraction(1, 4) if complete else Fraction(1), scale))
    return [Block(b.valid * scale, b.votes * scale, b.factor) if b.factor else b for b in known]


def lowest(known: Sequence[Block], mass: Fraction | None, unseen: Fraction) -> Fraction:
    """The lowest share (0-1) of `mass` valid votes; None is all there are."""
    whole = sum((b.valid for b in known), Fraction(0))
    mass = whole if mass is None else min(mass, whole)
    left, votes = mass, Fraction(0)
    for valid, least in sorted(((b.valid, b.lowest(unseen)) for b in known if b.valid), key=lambda b: b[1] / b[0]):
        part = min(left, valid)
        votes += least * part / valid
        left -= part
    return votes / mass


def interval(known: Sequence[Block], mass: Fraction | None, unseen: Fraction) -> tuple[Fraction, Fraction]:
    """Lowest and highest share (0-1)."""
    others = [Block(b.valid, b.valid - b.votes, b.factor) for b in known]
    return lowest(known, mass, unseen), 1 - lowest(others, mass, unseen)
