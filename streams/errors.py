"""What a user can mend."""


class CotejoError(Exception):
    """One line that names the place and the cure. The command prints it, without a traceback, and ends with 1."""


class ElectionChangedError(CotejoError):
    """What is saved is of other options or groups than the election file has now."""

    def __init__(self, before: list[str], now: list[str]) -> None:
        super().__init__(
            f"the options and groups were {', '.join(before)} and are {', '.join(now)} now: "
            "put the election file back, or begin anew with another --prefix"
        )
