"""All that the commands print of a contested night and of a quiet one, in both languages and as JSON."""

import re
from collections.abc import Sequence
from pathlib import Path

import orjson
import pytest
from builders import lines
from shown_nights import contested, contested_events, messages, quiet, quiet_events
from snapshots import files, hold, pretty, short
from typer.testing import CliRunner

from streams import cli
from streams.config import election_writer
from streams.nights.eventlog import generated_night


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the contested night as a log and as files, and the quiet one as a log."""
    home = tmp_path_factory.mktemp("nights")
    generated_night.write(home / "night", contested(), contested_events(), "a test")
    generated_night.write(home / "quiet", quiet(), quiet_events(), "a test")
    election_writer.write(contested(), home / "files")
    events = lines(contested_events())
    (home / "files/events.jsonl").write_bytes(b"\n".join([*events[:40], *messages(), *events[40:], b""]))
    other = (home / "files/election.toml").read_text(encoding="utf-8").replace("min_sheets = 2\n", "min_sheets = 5\n")
    (home / "files/other.toml").write_text(other, encoding="utf-8")
    return home


@pytest.fixture(autouse=True)
def at_a_terminal(nights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the nights lie, at a terminal of 120 columns."""
    monkeypatch.chdir(nights)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setenv("TZ", "UTC")


REPLACED = {
    r"\b[0-9a-f]{64}\b": "<sha256>",
    r"\b[0-9a-f]{32}\b": "<id>",
    r"\b\d+\.\d+\.\d+(?!\d)": "<version>",
    r"(in 1 segment, )[\d,]+ bytes": r"\1<n> bytes",
    r'("segments": 1,\s+"bytes": )\d+': r"\1<n>",
}
"""What differs from run to run, or with the version."""


def said(commands: Sequence[str]) -> str:
    """Each command with its exit code if that is not 0, stdout and stderr; JSON to read."""
    told = []
    for command in commands:
        words = [word.strip('"') for word in re.findall(r'"[^"]*"|\S+', command)]
        done = CliRunner().invoke(cli.app(), words, prog_name="cotejo")
        out = done.stdout
        if "--json" in command:
            out = "".join(f"{pretty(orjson.loads(line))}\n" for line in out.splitlines())
        told.append(f"$ cotejo {command}\n{out}")
        told.append("".join(f"stderr: {line}\n" for line in done.stderr.splitlines()))
        told.append(f"exit code {done.exit_code}\n" if done.exit_code else "")
        told.append("\n")
    return "".join(told)


def hold_said(name: str, *commands: str, most: int = 500) -> None:
    hold(name, short(said(commands), most), REPLACED)


@pytest.mark.parametrize("lang", ["en", "es"])
def test_check(lang: str) -> None:
    """What is remarked of an election and its events."""
    night = "files/election.toml files/events.jsonl"
    hold_said(f"check-{lang}.txt", f"check {night} --lang {lang}", f"check quiet --lang {lang}")


def test_check_as_json() -> None:
    """The same as JSON."""
    hold_said("check-json.txt", "check files/election.toml files/events.jsonl --json")


@pytest.mark.parametrize("lang", ["en", "es"])
def test_replay(lang: str) -> None:
    """The summary of a night, beside another election file; of a quiet night."""
    night = "files/election.toml files/events.jsonl"
    hold_said(
        f"replay-{lang}.txt", f"replay {night} --lang {lang}",
        f"replay {night} --compare files/other.toml --lang {lang}",
        f"replay quiet --lang {lang}", most=120,
    )  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "es"])
def test_explain_area(lang: str) -> None:
    """Why an area stands as it does: the nation, a district, a quiet nation; and which polling tables differ."""
    hold_said(
        f"explain-area-{lang}.txt",
        f"explain area N night --lang {lang}",
        f"explain area S3.2 night --lang {lang}",
        f"explain area N quiet --lang {lang}",
        f"explain area S2 night --differing --lang {lang}",
        "explain area S2 night --differing --csv",
        most=200,
    )


@pytest.mark.parametrize("lang", ["en", "es"])
def test_explain_table(lang: str) -> None:
    """Why a polling table stands as it does: one that agrees, one that differs, disputed, withdrawn, turned away."""
    tables = ("S1-1", "S2-1", "S2-4", "S3-7", "S3-9", "S3-10", "S3-11", "S3-12")
    hold_said(f"explain-table-{lang}.txt", *(f"explain table {table} night --lang {lang}" for table in tables))


def test_explain_as_json() -> None:
    """The same as JSON."""
    hold_said(
        "explain-json.txt", "explain area S3 night --json", "explain table S2-1 night --json",
        "explain table S3-10 night --json", "explain area S2 night --differing --json", "explain table nowhere night",
        "explain area nowhere night",
    )  # fmt: skip


def test_logs() -> None:
    """What `log` says of a log, and of a part of it."""
    hold_said(
        "log.txt", "log info night", "log info night --json", "log verify night", "log verify night --json",
        "log cut night --from 1722215000000 --to 1722215100000 --out part", "log info part", "log cat part",
        "log cat part --events", "log cut night --from soon --out part2", "log cut night --out part",
    )  # fmt: skip


ROWS = 14
"""Rows of each table of the export that are held, its head among them."""


def shortened(tables: str) -> str:
    """The first rows of each table, without the steps of alerts that change nothing; long cells are cut, for sentences
    stand elsewhere."""
    kept, rows = list[str](), 0
    for line in tables.splitlines():
        rows = 0 if line.startswith("===") else rows + 1
        if rows <= ROWS and not re.search("nothing changed|word is too recent", line):
            kept.append(line)
    return re.sub(r'"(?:[^"\n]|"")*"', lambda cell: shorten(cell[0]), "\n".join(kept)) + "\n"


def shorten(cell: str) -> str:
    return cell if len(cell) < 40 else f"{cell[:24]}…{cell[-12:]}"


def test_export(nights: Path) -> None:
    """Every table of the export as CSV; its dictionary stands in docs/export.md."""
    night = "files/election.toml files/events.jsonl"
    hold_said("export.txt", f"export {night} --out out --format csv --every 7200 --lang es")
    hold("export-tables.txt", shortened(files(nights / "out", ".csv")), REPLACED)


def test_query() -> None:
    """What a question in SQL is answered, in each form."""
    sql = "\"select notice_id, severity, value, told_at from notices where area_id = 'S3' order by number\""
    hold_said(
        "query.txt", f"query night {sql}", f"query night {sql} --csv", f"query night {sql} --json",
        'query night "select 1 as one, null as none, 1.50::decimal(4,2) as price, true as yes"',
        'query night "select nothing"',
    )  # fmt: skip


def test_sample() -> None:
    """What `sample` says: of the draw, of the sample, of the estimate."""
    hold_said(
        "sample.txt", "sample draw night --size 6 --strata state --seed dice --out drawn.csv",
        "sample verify night --sample drawn.csv --seed dice", "sample verify night --sample drawn.csv --seed other",
        "sample draw night --size 2 --clusters district --seed dice --out clusters.csv",
        "sample estimate night", "sample estimate night --lang es", "sample estimate quiet",
    )  # fmt: skip
