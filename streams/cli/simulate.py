"""`cotejo simulate`: nights whose truth is known; `cotejo reconstruct`: the bundled one."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import orjson
import typer

from streams.cli.common import JsonLines, group, plainly, written
from streams.core.events.model import Event
from streams.nights.eventlog import generated_night
from streams.nights.scenarios import simulated, venezuela2024_night
from streams.nights.scenarios.settings import Night, Official
from streams.support.progress import Progress
from streams.support.terminal import show

commands = group("")


@commands.command()
def simulate(
    out: Annotated[Path, typer.Option(help="Directory of the night, and of its truth.")],
    seed: Annotated[int, typer.Option(help="The same seed makes the same night.")] = 1,
    tables: Annotated[int, typer.Option(help="Polling tables.", min=1)] = 3000,
    states: Annotated[int, typer.Option(help="States.", min=1)] = 24,
    municipalities: Annotated[int, typer.Option(help="Municipalities of each state; below are parishes.", min=1)] = 10,
    hours: Annotated[float, typer.Option(help="How long the night is.")] = 8.0,
    witnessed: Annotated[float, typer.Option(help="Share of the tables of which anybody reads the sheet.")] = 0.85,
    readers: Annotated[float, typer.Option(help="Readings of such a sheet, on average, at least 1.")] = 1.0,
    groups: Annotated[int, typer.Option(help="Reporter groups.", min=1)] = 2000,
    cities_first: Annotated[
        float, typer.Option(help="How far both orders depend on the vote: 0 chance, 1 fully.")
    ] = 0.8,
    turnout_by_vote: Annotated[float, typer.Option(help="Points of turnout for each point of A's share.")] = 0.4,
    unread_registers: Annotated[float, typer.Option(help="Share of the tables whose voters are unknown.")] = 0.05,
    unseen_otherwise: Annotated[float, typer.Option(help="Points by which unread tables vote otherwise.")] = 12.0,
    mis_keyed: Annotated[float, typer.Option(help="Share of readings with a slip.")] = 0.02,
    liars: Annotated[float, typer.Option(help="Share of the groups that forge, all alike.")] = 0.0,
    forged: Annotated[float, typer.Option(help="Share of the readings that are theirs.")] = 0.0,
    bulletins: Annotated[int, typer.Option(help="Announcements for each area.", min=1)] = 6,
    official: Annotated[Official, typer.Option(help="The lowest level that is announced.")] = "nation",
    late: Annotated[int, typer.Option(help="Bulletins that come after the next one.", min=0)] = 0,
    corrected: Annotated[int, typer.Option(help="Bulletins with a slip and a correction.", min=0)] = 0,
    shift: Annotated[float, typer.Option(help="Points that the official count moves from A to B.")] = 0.0,
    quorum: Annotated[int, typer.Option(help="Matching readings that are believed.", min=1)] = 1,
    majority: Annotated[float, typer.Option(help="Share of the readers above which a reading is believed.")] = 0.5,
    jsonl: JsonLines = False,
) -> None:
    """Make a night whose truth is known: an event log, and the truth beside it."""
    given = {name: value for name, value in locals().items() if name in Night.__slots__}
    with plainly():
        night = simulated.Simulation(Night(**given))
        with Progress("simulating", 0) as progress:
            count = generated_night.write(
                out, night.election, _counted(night.events(), progress), "cotejo simulate", jsonl=jsonl
            )
        (out / "truth.json").write_bytes(orjson.dumps(night.truth(), option=orjson.OPT_INDENT_2) + b"\n")
        show(f"{count:,} events of {tables:,} polling tables; {written(out, jsonl)}; the truth in truth.json")


def _counted(events: Iterator[Event], progress: Progress) -> Iterator[Event]:
    for count, event in enumerate(events, 1):
        progress.show(count)
        yield event


@commands.command()
def reconstruct(out: Annotated[Path, typer.Option(help="Directory for the night.")], jsonl: JsonLines = False) -> None:
    """Write the bundled night: Venezuela 2024, reconstructed from state totals."""
    with plainly():
        election, events = venezuela2024_night.night()
        count = generated_night.write(out, election, events, "cotejo reconstruct", jsonl=jsonl)
        show(f"{election.name} ({election.notice}), {count:,} events; {written(out, jsonl)}")
