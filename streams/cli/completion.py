"""`cotejo completion`: what lets a shell complete commands and options with Tab."""

from typing import Annotated, Final, Literal

import typer

from streams.cli.common import group, plainly
from streams.support.terminal import show

commands = group("")
VARIABLE: Final = "_COTEJO_COMPLETE"
"""The environment variable by which the shell's script asks for completions. Typer reads it before any command."""


@commands.command()
def completion(
    shell: Annotated[Literal["bash", "zsh", "fish"], typer.Argument(help="The shell to write it for.")],
) -> None:
    """Print the script that completes commands with Tab: source it in the shell's start-up file."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    with plainly():
        show(*get_completion_script(prog_name="cotejo", complete_var=VARIABLE, shell=shell).splitlines())
