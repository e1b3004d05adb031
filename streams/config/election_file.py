"""The election file: TOML with its other files beside it, read strictly (docs/election-file.md).

Whatever does not fit is one `ElectionFileError` that names the file, the line and the cure.
"""

import errno
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from streams.config import election_csv, election_toml, sample_csv
from streams.config.csv_file import ElectionFileError
from streams.config.election_toml import SHAPES, File, NamedMap, NamedSample, Signatory
from streams.config.election_writer import ELECTION
from streams.config.receivers import check_receivers
from streams.config.toml_file import Toml
from streams.core.election.area_map import MAP_BYTES, AreaMap, MapError, read_shapes
from streams.core.election.drawn_sample import DrawnSample
from streams.core.election.model import Area, Authority, Election, Group, Option
from streams.core.election.settings import AlertPolicy, MetricsPolicy, Policy
from streams.core.sampling.draw import DrawError, check_draw
from streams.regular_file import read_regular


def load(path: Path, like: Path | None = None) -> Election:
    """Read an election, from its file or the directory of its log. A CSV that is not beside it is taken from beside
    the election file `like`, if that is given. Raises `ElectionFileError`."""
    path = path / ELECTION if path.is_dir() else path
    toml = Toml(path, SHAPES)
    content = election_toml.read(toml)
    head = content.election
    for name in ("id", "name", "areas", "register"):
        if not getattr(head, name).strip():
            raise toml.error(f"election.{name}", "write something here")
    toml.check(re.fullmatch(r"[A-Za-z0-9._-]{1,100}", head.id), "election.id", "use letters, digits, dot and hyphen")
    _check_options(toml, content)
    csvs = _beside(head.areas, path, like), _beside(head.register, path, like)
    policy = toml.thresholds("reconcile", content.reconcile, Policy)
    unknown = policy.registered_zero == "unknown"
    areas, tables, voterless = election_csv.load(*csvs, frozenset(head.levels), zero_is_unknown=unknown)
    check_receivers(toml, content.receiver, areas)
    signing = _beside(head.reporters, path, like) if head.reporters else None
    sample = None
    if (named := content.sample) is not None:
        toml.check(named.file.strip(), "sample.file", "write something here")
        sample = _sample(toml, named, sample_csv.load(_beside(named.file, path, like), areas, tables))
    return Election(
        id=head.id,
        name=head.name,
        options=tuple(content.option),
        areas=areas,
        tables=tables,
        groups=tuple(content.group),
        levels=head.levels,
        notice=head.notice,
        policy=policy,
        rules=toml.rules(content.rules),
        alerts=toml.thresholds("alerts", content.alerts, AlertPolicy),
        metrics=toml.thresholds("metrics", content.metrics, MetricsPolicy),
        receivers=tuple(content.receiver),
        reporters=election_csv.reporters(signing, policy.trusted_sources) if signing else {},
        authorities=_authorities(toml, content.authority, areas),
        voterless=voterless,
        sample=sample,
        map=None if content.map is None else _map(toml, content.map, _beside(content.map.file, path, like), areas),
    )


def files(path: Path) -> tuple[str, ...]:
    """The names of an election's files: its own, and from it those of its areas, its register and, where there are
    any, its reporters that sign, its sample and its map. Raises `ElectionFileError`."""
    content = election_toml.read(Toml(path, SHAPES))
    head, sample, map = content.election, content.sample, content.map
    optional = (head.reporters, sample.file if sample else "", map.file if map else "")
    return path.name, head.areas, head.register, *filter(None, optional)


def check_seed(path: Path, election: Election) -> None:
    """Repeat the draw of the election's sample from its seed, if the election file at `path` names both. Raises
    `ElectionFileError` where it gives other polling tables. Apart from `load`: it hashes each id of the register."""
    sample = election.sample
    if sample is None or not sample.seed:
        return
    try:
        check_draw(election, sample, sample.seed)
    except DrawError as error:
        toml = Toml(path / ELECTION if path.is_dir() else path, SHAPES)
        raise toml.error("sample.seed", str(error)) from None


def _beside(name: str, path: Path, like: Path | None) -> Path:
    mine = path.parent / name
    return mine if like is None or mine.exists() else like.parent / name


def _sample(toml: Toml, named: NamedSample, drawn: DrawnSample) -> DrawnSample:
    """The sample that was read, with what the election file says of it."""
    cure = f"{named.file} has sha256 {drawn.sha256}: bring back the file that was published, or mend the hash"
    toml.check(named.sha256.lower() in ("", drawn.sha256), "sample.sha256", cure)
    unseen = named.unseen
    fine = unseen is None or 0 <= unseen <= 100
    toml.check(fine, "sample.unseen", f"give percentage points from 0 to 100, not {unseen}")
    return replace(drawn, seed=named.seed, published=named.sha256.lower(), unseen=unseen)


def _map(toml: Toml, named: NamedMap, path: Path, areas: Mapping[str, Area]) -> AreaMap:
    for key in ("file", "property"):
        toml.check(getattr(named, key).strip(), f"map.{key}", "write something here")
    try:
        file = read_regular(path, MAP_BYTES)
        return AreaMap(file, named.property, tuple(read_shapes(file, named.property, areas)))
    except OSError as error:
        cure = ": simplify it, a screen shows far less" if error.errno == errno.EFBIG else ""
        raise ElectionFileError(str(path), None, "", f"cannot be read: {error.strerror}{cure}") from None
    except MapError as error:
        raise ElectionFileError(str(path), None, error.place, error.cure) from None


def _check_options(toml: Toml, content: File) -> None:
    toml.check(content.option, "option", "name at least one [[option]]")
    some = any(option.read for option in content.option)
    toml.check(some, "option[0].read", "sheets are read for no option: leave it out for at least one")
    seen: set[str] = set()
    kinds: tuple[tuple[str, Sequence[Option | Group]], ...] = (("option", content.option), ("group", content.group))
    for kind, items in kinds:
        for i, item in enumerate(items):
            place = f"{kind}[{i}].id"
            toml.check(item.id.strip(), place, "write something here")
            toml.check(
                item.id not in seen, place, f"{item.id} is named twice: options and groups need ids of their own"
            )
            seen.add(item.id)
    options, grouped = {option.id for option in content.option}, set[str]()
    for i, group in enumerate(content.group):
        toml.check(group.options, f"group[{i}].options", "name the options in it")
        for member in group.options:
            toml.check(member in options, f"group[{i}].options", f"{member} is no option: name it as an [[option]]")
            toml.check(member not in grouped, f"group[{i}].options", f"{member} is in a group already: leave it out")
            grouped.add(member)


def _authorities(toml: Toml, given: list[Signatory], areas: Mapping[str, Area]) -> dict[str, Authority]:
    authorities: dict[str, Authority] = {}
    for i, authority in enumerate(given):
        place = f"authority[{i}]"
        toml.check(authority.id.strip(), f"{place}.id", "write something here")
        toml.check(authority.id not in authorities, f"{place}.id", f"{authority.id} is named twice: leave one out")
        for area in authority.areas:
            toml.check(area in areas, f"{place}.areas", f"{area} is no area: add it to the areas, or mend it")
        key = election_csv.public_key(authority.public_key) if authority.public_key else None
        toml.check(key is not None or not authority.public_key, f"{place}.public_key", election_csv.KEY_CURE)
        authorities[authority.id] = Authority(key, authority.areas)
    return authorities
