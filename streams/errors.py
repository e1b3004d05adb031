"""What a user can mend."""


class CotejoError(Exception):
    """One line that names the place and the cure. The command prints it, without a traceback, and ends with 1."""
