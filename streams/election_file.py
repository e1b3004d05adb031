"""The election file: TOML with two CSVs beside it, read strictly (docs/election-file.md).

Whatever does not fit is one `ElectionFileError` that names the file, the line and the cure.
"""

import re
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final, TypeVar, get_args

import msgspec

from streams import addresses, election_csv
from streams.election import (
    AlertPolicy,
    Area,
    Authority,
    ContradictionRule,
    DivergenceRule,
    Election,
    FingerprintRule,
    Format,
    Group,
    HealthRule,
    MetricsPolicy,
    MismatchRule,
    Option,
    Policy,
    Receiver,
    RemainderRule,
    Rules,
    Unsigned,
)
from streams.election_csv import ElectionFileError, text_of
from streams.election_writer import ELECTION
from streams.shown import shown, unprintable

_T = TypeVar("_T")


SECTIONS: Final[Mapping[str, Any]] = {
    "reconcile": Policy,
    "rules.contradiction": ContradictionRule,
    "rules.remainder": RemainderRule,
    "rules.divergence": DivergenceRule,
    "rules.mismatch": MismatchRule,
    "rules.health": HealthRule,
    "rules.fingerprint": FingerprintRule,
    "alerts": AlertPolicy,
    "metrics": MetricsPolicy,
}
"""The tables of thresholds, each with the dataclass that holds its defaults."""

NAMES: Final = {"hold": "for"}
"""Fields that are called otherwise in the file."""

LIMITS: Final[Mapping[str, tuple[float, float]]] = {
    "reconcile.quorum": (1, 1000),
    "reconcile.majority": (0.5, 0.99),
    "reconcile.max_turnout": (0.5, 10),
    "reconcile.max_ballots": (1, 10**6),
    "reconcile.group_rate": (0, 10**9),
    "reconcile.max_lead": (0, 86_400),
    "rules.contradiction.min_sheets": (1, 10**7),
    "rules.contradiction.min_ratio": (0, 1),
    "rules.contradiction.clear": (0, 1),
    "rules.remainder.warning": (0, 100),
    "rules.remainder.critical": (0, 100),
    "rules.remainder.clear": (0, 1),
    "rules.remainder.coverage": (0, 1),
    "rules.mismatch.min_tables": (1, 10**7),
    "rules.mismatch.ratio": (0, 1),
    "rules.mismatch.shift": (0, 100),
    "rules.mismatch.clear": (0, 1),
    "rules.health.bulletin_every": (0, 10**7),
    "rules.health.reports_every": (0, 10**7),
    "rules.health.flood_ratio": (0, 1),
    "rules.health.flood_min": (1, 10**9),
    "rules.health.disputed_ratio": (0, 1),
    "rules.health.disputed_min": (1, 10**7),
    "rules.divergence.warning": (0, 100),
    "rules.divergence.critical": (0, 100),
    "rules.divergence.clear": (0, 1),
    "rules.divergence.coverage": (0, 1),
    "rules.divergence.counted": (0, 1),
    "rules.fingerprint.max_chance": (0, 1),
    "rules.fingerprint.max_decimals": (0, 4),
    "alerts.tick": (0.1, 3600),
    "alerts.for": (0, 86_400),
    "alerts.cooldown": (0, 604_800),
    "metrics.levels": (1, 20),
}
"""Least and most of every number."""

CHOICES: Final[Mapping[str, tuple[str, ...]]] = {"reconcile.unsigned": get_args(Unsigned)}
"""The words that may stand where no number does."""


class _Head(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    name: str
    areas: str
    register: str
    notice: str = ""
    levels: tuple[str, ...] = ()
    reporters: str = ""


class _Authority(msgspec.Struct, forbid_unknown_fields=True):
    id: str
    public_key: str = ""
    areas: tuple[str, ...] = ()


class _File(msgspec.Struct, forbid_unknown_fields=True):
    election: _Head
    option: list[Option]
    group: list[Group] = []
    reconcile: dict[str, Any] = {}
    rules: dict[str, dict[str, Any]] = {}
    alerts: dict[str, Any] = {}
    metrics: dict[str, Any] = {}
    receiver: list[Receiver] = []
    authority: list[_Authority] = []


def load(path: Path, like: Path | None = None) -> Election:
    """Read an election, from its file or the directory of its log. A CSV that is not beside it is taken from beside
    the election file `like`, if that is given. Raises `ElectionFileError`."""
    path = path / ELECTION if path.is_dir() else path
    toml = Toml(path)
    known = toml.read()
    head = known.election
    for name in ("id", "name", "areas", "register"):
        if not getattr(head, name).strip():
            raise toml.error(f"election.{name}", "write something here")
    toml.check(re.fullmatch(r"[A-Za-z0-9._-]{1,100}", head.id), "election.id", "use letters, digits, dot and hyphen")
    _check_options(toml, known)
    _check_receivers(toml, known.receiver)
    csvs = _beside(head.areas, path, like), _beside(head.register, path, like)
    areas, tables = election_csv.load(*csvs, frozenset(head.levels))
    policy = toml.thresholds("reconcile", known.reconcile, Policy)
    signing = _beside(head.reporters, path, like) if head.reporters else None
    return Election(
        id=head.id,
        name=head.name,
        options=tuple(known.option),
        areas=areas,
        tables=tables,
        groups=tuple(known.group),
        levels=head.levels,
        notice=head.notice,
        policy=policy,
        rules=toml.rules(known.rules),
        alerts=toml.thresholds("alerts", known.alerts, AlertPolicy),
        metrics=toml.thresholds("metrics", known.metrics, MetricsPolicy),
        receivers=tuple(known.receiver),
        reporters=election_csv.reporters(signing, policy.trusted_sources) if signing else {},
        authorities=_authorities(toml, known.authority, areas),
    )


def files(path: Path) -> tuple[str, ...]:
    """The names of an election's files: its own, and from it those of its areas, its register and, where there are
    any, its reporters that sign. Raises `ElectionFileError`."""
    head = Toml(path).read().election
    return path.name, head.areas, head.register, *((head.reporters,) if head.reporters else ())


def _beside(name: str, path: Path, like: Path | None) -> Path:
    mine = path.parent / name
    return mine if like is None or mine.exists() else like.parent / name


def thresholds(election: Election) -> dict[str, Any]:
    """Every threshold of an election by its place in the file ("rules.divergence.warning"); sets as sorted lists."""
    rules = {f"rules.{field.name}": getattr(election.rules, field.name) for field in fields(Rules)}
    return _flat({"reconcile": election.policy, **rules, "alerts": election.alerts})


def defaults() -> dict[str, Any]:
    """The same of a file that says nothing."""
    return _flat({section: shape() for section, shape in SECTIONS.items()})


def changed(a: Election, b: Election) -> dict[str, tuple[Any, Any]]:
    """The thresholds that differ between two elections, with both values."""
    here, there = thresholds(a), thresholds(b)
    return {place: (value, there[place]) for place, value in here.items() if value != there[place]}


def _flat(sections: Mapping[str, Any]) -> dict[str, Any]:
    return {
        f"{section}.{NAMES.get(name, name)}": sorted(value) if isinstance(value, frozenset) else value
        for section, known in sections.items()
        for name, value in asdict(known).items()
    }


class Toml:
    """A file's text, its thresholds, and where in it a key is. Raises `ElectionFileError`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._text = text_of(path)

    def read(self) -> _File:
        try:
            data = tomllib.loads(self._text)
            strange = next(_unprintable(data, ""), None)
        except tomllib.TOMLDecodeError as error:
            found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
            line = int(found[1]) if found else len(self._text.splitlines())
            raise ElectionFileError(str(self._path), line, "", f"write TOML: {error}") from None
        except RecursionError:
            raise ElectionFileError(str(self._path), None, "", "nests too deep: leave out what is no setting") from None
        if strange is not None:
            raise self.error(*strange)
        try:
            known = msgspec.convert(data, _File, strict=True)
        except msgspec.ValidationError as error:
            raise self._misfit(error) from None
        for table in ("option", "group", "receiver"):  # msgspec lets a dataclass pass with more than its fields
            names = _names(_SHAPES[table])
            for i, item in enumerate(data.get(table, [])):
                for strange in item.keys() - set(names):
                    raise self._unknown(f"{table}[{i}].{strange}", names)
        return known

    def error(self, place: str, cure: str) -> ElectionFileError:
        return ElectionFileError(str(self._path), self.line(place), place, cure)

    def check(self, fine: object, place: str, cure: str) -> None:
        if not fine:
            raise self.error(place, cure)

    def rules(self, found: Mapping[str, Mapping[str, Any]]) -> Rules:
        """The thresholds of every rule."""
        names = [field.name for field in fields(Rules)]
        for section in found:
            if section not in names:
                raise self._unknown(f"rules.{section}", names)
        shapes = {name: SECTIONS[f"rules.{name}"] for name in names}
        rules = Rules(**{n: self.thresholds(f"rules.{n}", found.get(n, {}), shape) for n, shape in shapes.items()})
        for name, rule in (("remainder", rules.remainder), ("divergence", rules.divergence)):
            self.check(rule.warning <= rule.critical, f"rules.{name}.critical", "give at least `warning`")
        return rules

    def thresholds(self, section: str, found: Mapping[str, Any], shape: type[_T]) -> _T:
        """One table of thresholds; what it leaves out keeps its default."""
        shapes: Any = shape
        defaults = shapes()
        names = {NAMES.get(f.name, f.name): f.name for f in fields(shapes)}
        given = {}
        for name, value in found.items():
            place = f"{section}.{name}"
            if name not in names:
                raise self._unknown(place, list(names))
            given[names[name]] = self._threshold(place, value, getattr(defaults, names[name]))
        return shape(**given)

    def _threshold(self, place: str, value: Any, default: Any) -> Any:
        if isinstance(default, frozenset):
            fine = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
            self.check(fine, place, "give an array of strings")
            return frozenset(value)
        if place in CHOICES:
            self.check(value in CHOICES[place], place, f"write {' or '.join(CHOICES[place])}")
            return value
        least, most = LIMITS[place]
        whole = isinstance(default, int)
        fine = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        self.check(fine, place, "give a whole number" if whole else "give a number")
        self.check(least <= value <= most, place, f"give a number from {least:g} to {most:g}, not {value}")
        return value if whole else float(value)

    def _misfit(self, error: msgspec.ValidationError) -> ElectionFileError:
        text, _, path = str(error).partition(" - at `$")
        place = path.rstrip("`").removeprefix(".")
        if found := re.search(r"unknown field `(.+)`", text):
            return self._unknown(f"{place}.{found[1]}".strip("."), _names(_SHAPES[place.partition("[")[0]]))
        if found := re.search(r"missing required field `(.+)`", text):
            return self.error(f"{place}.{found[1]}".strip("."), "is missing: write it")
        if "enum value" in text:
            return self.error(place, f"write {', '.join(get_args(Format))}")
        return self.error(place, text[0].lower() + text[1:])

    def _unknown(self, place: str, names: list[str]) -> ElectionFileError:
        near = get_close_matches(place.rpartition(".")[2], names, 1)
        return self.error(place, f"means nothing here: {f'write {near[0]}' if near else 'use ' + ', '.join(names)}")

    def line(self, place: str) -> int:
        """The line of a key such as `option[1].id`; of the table that it should be in, if it is not there."""
        keys = re.sub(r"\[(\d+)\]", r".\1", place).split(".")
        seen: Counter[str] = Counter()
        here: list[str] = []
        best, best_depth = 1, 0
        for number, text in enumerate(self._text.splitlines(), 1):
            if header := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", text):
                here = header[2].replace('"', "").replace(" ", "").split(".")
                if header[1] == "[[":
                    here = [*here, str(seen[header[2]])]
                    seen[header[2]] += 1
                path = here
            elif key := re.match(r'\s*"?([\w-]+)"?\s*(?:\.\s*([\w-]+)\s*)?=', text):
                path = [*here, *(part for part in key.groups() if part)]
            else:
                continue
            depth = len(path) if path == keys[: len(path)] else 0
            if depth > best_depth:
                best, best_depth = number, depth
        return best


_SHAPES: Final[Mapping[str, Any]] = {
    "": _File,
    "election": _Head,
    "option": Option,
    "group": Group,
    "receiver": Receiver,
    "authority": _Authority,
}


def _unprintable(value: Any, place: str) -> Iterator[tuple[str, str]]:
    """The places of texts that no terminal or page should be given, each with its cure."""
    match value:
        case dict():
            for name, item in value.items():
                inside = f"{place}.{shown(name)}".strip(".")
                yield from _unprintable(name, inside)
                yield from _unprintable(item, inside)
        case list():
            for i, item in enumerate(value):
                yield from _unprintable(item, f"{place}[{i}]")
        case str() if strange := unprintable(value):
            yield place, f"write printable characters only: there is {strange} in it"


def _names(shape: Any) -> list[str]:
    found = msgspec.structs.fields(shape) if issubclass(shape, msgspec.Struct) else fields(shape)
    return [field.name for field in found]


def _check_options(toml: Toml, known: _File) -> None:
    toml.check(known.option, "option", "name at least one [[option]]")
    seen: set[str] = set()
    kinds: tuple[tuple[str, Sequence[Option | Group]], ...] = (("option", known.option), ("group", known.group))
    for kind, items in kinds:
        for i, item in enumerate(items):
            place = f"{kind}[{i}].id"
            toml.check(item.id.strip(), place, "write something here")
            toml.check(
                item.id not in seen, place, f"{item.id} is named twice: options and groups need ids of their own"
            )
            seen.add(item.id)
    options, grouped = {option.id for option in known.option}, set[str]()
    for i, group in enumerate(known.group):
        toml.check(group.options, f"group[{i}].options", "name the options in it")
        for member in group.options:
            toml.check(member in options, f"group[{i}].options", f"{member} is no option: name it as an [[option]]")
            toml.check(member not in grouped, f"group[{i}].options", f"{member} is in a group already: leave it out")
            grouped.add(member)


def _authorities(toml: Toml, given: list[_Authority], areas: Mapping[str, Area]) -> dict[str, Authority]:
    found: dict[str, Authority] = {}
    for i, authority in enumerate(given):
        place = f"authority[{i}]"
        toml.check(authority.id.strip(), f"{place}.id", "write something here")
        toml.check(authority.id not in found, f"{place}.id", f"{authority.id} is named twice: leave one out")
        for area in authority.areas:
            toml.check(area in areas, f"{place}.areas", f"{area} is no area: add it to the areas, or mend it")
        key = election_csv.public_key(authority.public_key) if authority.public_key else None
        toml.check(key is not None or not authority.public_key, f"{place}.public_key", election_csv.KEY_CURE)
        found[authority.id] = Authority(key, authority.areas)
    return found


def _check_receivers(toml: Toml, receivers: list[Receiver]) -> None:
    names = Counter(receiver.name for receiver in receivers)
    for i, receiver in enumerate(receivers):
        place = f"receiver[{i}]"
        fine = re.fullmatch(r"[A-Za-z0-9._-]{1,100}", receiver.name)
        toml.check(fine, f"{place}.name", "use letters, digits, dot and hyphen")
        toml.check(names[receiver.name] == 1, f"{place}.name", f"{receiver.name} is named twice: choose another name")
        why = addresses.why_not_url(receiver)
        toml.check(why is None, f"{place}.url", why or "")
        _check_secret_place(toml, receiver, place)


def _check_secret_place(toml: Toml, receiver: Receiver, place: str) -> None:
    env, file = receiver.secret_env, receiver.secret_file
    if not (env or file):
        known = receiver.format != "standard"
        toml.check(known, f"{place}.secret_env", "name an environment variable here, or a file as secret_file")
    toml.check(not (env and file), f"{place}.secret_file", "leave it out, or secret_env: the secret is in one place")
    named = not env or re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", env)
    toml.check(named, f"{place}.secret_env", "name an environment variable; the secret itself stays out of the file")
    absolute = not file or Path(file).is_absolute()
    toml.check(absolute, f"{place}.secret_file", "give an absolute path, such as /run/secrets/desk")
