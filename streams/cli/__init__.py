"""The command `cotejo`. Each command has the module of its name, which is imported when somebody asks for it."""

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple

import typer
from typer.completion import completion_init  # type: ignore[attr-defined]
from typer.core import CompletionItem, TyperCommand, TyperGroup  # type: ignore[attr-defined]

from streams import __version__
from streams.cli.common import group
from streams.support.logs import LOG_FORMAT, LogFormat, set_format
from streams.support.terminal import show


class Command(NamedTuple):
    """A command, or a group of them: its line in `--help`, and its module where that has another name."""

    help: str
    module: str = ""
    is_group: bool = False


COMMANDS: Final[Mapping[str, Command]] = {
    "init": Command("Write a small election to begin with."),
    "demo": Command("Show an election night: Venezuela 2024, reconstructed from state totals."),
    "broker": Command("Run the embedded Kafka broker."),
    "worker": Command("Keep the aggregates, judge them, raise alerts and deliver them."),
    "topics": Command("Show an election's topics, create them or delete them."),
    "feed": Command("Send a night into Kafka, and the ticks of their time."),
    "send": Command("Send one report or bulletin, checked before it goes.", is_group=True),
    "rejected": Command("List the messages that were turned away."),
    "board": Command("Show the night as a web page."),
    "record": Command("Record the input topics into an event log."),
    "check": Command("Check an election file, and events against it."),
    "simulate": Command("Make a night whose truth is known."),
    "reconstruct": Command("Write the bundled night: Venezuela 2024.", "simulate"),
    "replay": Command("Live a night again, offline."),
    "report": Command("Write a night's post-mortem: one page."),
    "export": Command("Write a night's tables as files.", "exporting"),
    "query": Command("Ask a night's tables in SQL.", "exporting"),
    "sample": Command("Draw a random sample of polling tables, and estimate from it.", "sampling", is_group=True),
    "import": Command("Turn published files into an election and its events.", "importing", is_group=True),
    "keys": Command("Make key pairs, and sign with them.", is_group=True),
    "explain": Command("Print why something stands as it does.", is_group=True),
    "log": Command("Look into event logs, verify them, cut them.", is_group=True),
    "webhook": Command("Try the receivers of alerts, see how they stand, send alerts once more.", is_group=True),
    "dashboards": Command("Put the boards, and what alerts say, into Grafana.", is_group=True),
    "completion": Command("Print the script that completes commands with Tab."),
}

NOT_FROM_ENVIRONMENT: Final = frozenset({"out", "data"})
"""Options with a value that the environment does not set: whoever forgets about it would write over another night."""


class Commands(TyperGroup):
    """The commands. `--help` imports none of them, and one command not the others: all take a second."""

    def list_commands(self, ctx: Any) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        module = import_module(f"streams.cli.{entry.module or cmd_name}")
        made = typer.main.get_group(module.commands)
        made.name = cmd_name
        command = made if entry.is_group else made.commands[cmd_name]
        for each in _each(command):
            _take_from_environment(each)
        return command

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """The commands that begin so, with their lines; none is imported for it."""
        return [CompletionItem(name, help=c.help) for name, c in COMMANDS.items() if name.startswith(incomplete)]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


def app() -> typer.Typer:
    """The command line."""
    completion_init()  # the shells' formats, which Typer knows of else only where it adds options of its own
    top = group(
        "Official bulletins beside witnessed tally sheets, live.",
        cls=Commands,
        epilog="An option that takes a value may stand in the environment instead: --broker as COTEJO_BROKER.",
    )
    top.callback()(_cotejo)
    return top


def _each(command: Any) -> Iterator[Any]:
    """A command itself, or every command of a group."""
    if isinstance(command, TyperCommand):
        yield command
    else:
        for inner in command.commands.values():
            yield from _each(inner)


def _take_from_environment(command: TyperCommand) -> None:
    """Let COTEJO_NAME be the default of --name, for each option with a value. A flag is not taken from there: what
    deletes or overwrites is said in the command itself."""
    for option in command.params:
        takes_value = option.param_type_name == "option" and not getattr(option, "is_flag", False)
        if takes_value and option.envvar is None and option.name and option.name not in NOT_FROM_ENVIRONMENT:
            long = max(option.opts, key=len).lstrip("-")
            option.envvar = f"COTEJO_{long.replace('-', '_').upper()}"


def _tell_version(asked: bool) -> None:
    if asked:
        show(f"cotejo {__version__}")
        raise typer.Exit


def _cotejo(
    version: Annotated[
        bool, typer.Option("--version", help="Say which version this is.", callback=_tell_version, is_eager=True)
    ] = False,
    log_format: Annotated[
        LogFormat, typer.Option(help="What goes to stderr: lines for people, or JSON lines.", envvar=LOG_FORMAT)
    ] = "text",
) -> None:
    set_format(log_format)
