"""The receivers of an election file: what does not fit names its key and its cure."""

import re
from collections import Counter
from collections.abc import Container, Sequence
from dataclasses import fields
from difflib import get_close_matches
from pathlib import Path

from streams.config.toml_file import Toml
from streams.core.alerting import receiver_addresses
from streams.core.alerting.delivery_hours import LONGEST_DIGEST, quiet_hours
from streams.core.election.model import Receiver
from streams.core.election.settings import Switches
from streams.time_zones import time_zone

RULES = tuple(field.name.replace("_", "-") for field in fields(Switches))


def check_receivers(toml: Toml, receivers: Sequence[Receiver], areas: Container[str]) -> None:
    """Check every receiver. `areas` are the ids of the election's areas. Raises `ElectionFileError`."""
    names = Counter(receiver.name for receiver in receivers)
    for i, receiver in enumerate(receivers):
        place = f"receiver[{i}]"
        fine = re.fullmatch(r"[A-Za-z0-9._-]{1,100}", receiver.name)
        toml.check(fine, f"{place}.name", "use letters, digits, dot and hyphen")
        toml.check(names[receiver.name] == 1, f"{place}.name", f"{receiver.name} is named twice: choose another name")
        _check_url(toml, receiver, place)
        _check_secret_place(toml, receiver, place)
        _check_subscription(toml, receiver, place, areas)
        _check_times(toml, receiver, place)


def _check_url(toml: Toml, receiver: Receiver, place: str) -> None:
    if receiver.format in receiver_addresses.ADDRESS_IS_SECRET:
        cure = "leave it out: this address holds a token or a password; it lies where secret_env or secret_file says"
        toml.check(not receiver.url, f"{place}.url", cure)
        return
    toml.check(receiver.url, f"{place}.url", "is missing: write it")
    why = receiver_addresses.why_not_url(receiver)
    toml.check(why is None, f"{place}.url", why or "")


def _check_secret_place(toml: Toml, receiver: Receiver, place: str) -> None:
    env, file = receiver.secret_env, receiver.secret_file
    if not (env or file):
        needs_none = receiver.format.startswith("alertmanager")
        toml.check(needs_none, f"{place}.secret_env", "name an environment variable here, or a file as secret_file")
    toml.check(not (env and file), f"{place}.secret_file", "leave it out, or secret_env: the secret is in one place")
    named = not env or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", env)
    toml.check(named, f"{place}.secret_env", "name an environment variable; the secret itself stays out of the file")
    absolute = not file or Path(file).is_absolute()
    toml.check(absolute, f"{place}.secret_file", "give an absolute path, such as /run/secrets/desk")


def _check_subscription(toml: Toml, receiver: Receiver, place: str, areas: Container[str]) -> None:
    for area in receiver.areas:
        toml.check(area in areas, f"{place}.areas", f"{area} is no area: add it to the areas, or mend it")
    for rule in receiver.rules:
        near = get_close_matches(rule, RULES, 1) or RULES
        toml.check(rule in RULES, f"{place}.rules", f"{rule} is no rule: use {', '.join(near)}")


def _check_times(toml: Toml, receiver: Receiver, place: str) -> None:
    try:
        zone = time_zone(receiver.time_zone)
    except ValueError as error:
        raise toml.error(f"{place}.time_zone", str(error)) from None
    if receiver.quiet_hours:
        try:
            quiet_hours(receiver.quiet_hours, zone)
        except ValueError as error:
            raise toml.error(f"{place}.quiet_hours", str(error)) from None
    fine = 0 <= receiver.digest <= LONGEST_DIGEST
    toml.check(fine, f"{place}.digest", f"give minutes from 1 to {LONGEST_DIGEST}, or 0 for none")
    useful = receiver.quiet_hours or not receiver.critical_passes
    toml.check(useful, f"{place}.critical_passes", "leave it out, or give quiet_hours that they pass")
