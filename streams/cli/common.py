"""What the commands share: their options, how errors are told, how JSON is printed.

`--help` imports this module, so what takes long to import is imported where it is used.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from logging import ERROR, WARNING
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer
from typer.core import TyperGroup

from streams.errors import CotejoError
from streams.support import terminal

if TYPE_CHECKING:
    from streams.core.election.model import Election
    from streams.kafka.topology import Topology

ElectionFile = Annotated[
    Path, typer.Argument(metavar="ELECTION", help="The election file, or a log's directory.", show_default=False)
]
NightPaths = Annotated[
    list[Path],
    typer.Argument(
        metavar="NIGHT...",
        help="A log's directory, or an election file and event files (- is stdin).",
        show_default=False,
    ),
]
KeepGoing = Annotated[bool, typer.Option("--keep-going", help="Tell a log's damages, and read what is readable.")]
JsonLines = Annotated[bool, typer.Option("--jsonl", help="Write events.jsonl instead of a log.")]
Broker = Annotated[
    str, typer.Option(help="A Kafka broker, HOST:PORT; several with commas. COTEJO_KAFKA_CONFIG: TLS, SASL.")
]
Prefix = Annotated[str, typer.Option(help="Before each topic's name; the election's id and a dot unless told.")]
Partitions = Annotated[int, typer.Option(help="Partitions of tally-reports: as many workers can share them.", min=1)]
Host = Annotated[
    str, typer.Option(help="Address to listen at; 0.0.0.0 or :: lets others read, by any of this machine's addresses.")
]
Names = Annotated[
    list[str] | None,
    typer.Option("--name", help="A host name it may be asked by, beside IP addresses and localhost; repeat it."),
]
EmbedBy = Annotated[
    list[str] | None,
    typer.Option(help="An origin whose pages may show an area in a frame, https://HOST; repeat it."),
]
Json = Annotated[bool, typer.Option("--json", help="One JSON object a line on stdout.")]
Language = Annotated[Literal["en", "es"], typer.Option(help="Language of the sentences.")]

BROKER: Final = "127.0.0.1:9092"


def group(help: str, cls: type[TyperGroup] = TyperGroup, epilog: str | None = None) -> typer.Typer:
    """A Typer application for one command or a group of commands."""
    return typer.Typer(
        help=help,
        cls=cls,
        epilog=epilog,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


@contextmanager
def plainly() -> Iterator[None]:
    """Turn what a user can mend into one line on stderr and exit code 1, without a traceback. Ctrl-C is exit code
    130."""
    try:
        yield
    except CotejoError as error:
        first, *others = str(error).split("\n")  # the end of a log may stand behind it
        terminal.note(first, ERROR)
        for line in others:
            terminal.aside(line, ERROR)
        raise typer.Exit(1) from None
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else Python complains when it ends
        raise typer.Exit(0) from None
    except OSError as error:
        terminal.note(f"{error.filename or 'stdout'}: {error.strerror or error}", ERROR)
        raise typer.Exit(1) from None
    except KeyboardInterrupt:
        terminal.note("stopped")
        raise typer.Exit(130) from None


def warn_of_edits(files: Iterable[Path]) -> None:
    """Say which of the election's files are not as they were when their log was begun."""
    for file in files:
        terminal.note(f"{file}: was changed since the log was begun, and counts as it is now", WARNING)


def topology_of(election: Election, prefix: str, partitions: int) -> Topology:
    """The election's topics, under another prefix if one is given."""
    from streams.kafka.topology import Topology

    return Topology(prefix, partitions) if prefix else Topology.of(election, partitions)


def written(directory: Path, jsonl: bool) -> str:
    """The sentence with which a command says where it has written a night."""
    from streams.config.election_writer import ELECTION
    from streams.nights.eventlog.generated_night import EVENTS

    return f"written: {directory}/{ELECTION}, {EVENTS}" if jsonl else f"written: {directory}, an event log"
