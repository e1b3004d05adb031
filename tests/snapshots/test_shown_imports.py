"""What `import` says of published files: what is in them, which map it proposes, what became of them."""

import re
import shutil
from pathlib import Path

import pytest
from brokers import ROOT
from snapshots import files, hold
from typer.testing import CliRunner

from streams import cli

EXAMPLES = ROOT / "docs/examples/import"
DIRTY = {
    "sheets.csv": (
        "RESULTS OF THE COUNT\n\nmesa;dep;municipio;inscritos;validos;nulos;Ana;Blanca;Carlos;hora\n"
        "m1;Norte;Uno;300;205;3;120;80;5;2024-07-29 00:10\nm2;Norte;Uno;1.300;905;7;600;300;5;2024-07-29 00:12\n"
        "m3;Norte;Dos;300;200;3;s/d;80;5;2024-07-29 00:11\nm4;Sur;Tres;300;205;3;120;80;5;2024-07-29 00:13\n"
        "m4;Sur;Tres;300;205;3;120;80;5;2024-07-29 00:13\nTotal;;;2.200;1.515;16;960;540;20;\n\nSource: the board\n"
    ),
    "long.tsv": "mesa\tparty\tvotes\nm1\tAna\t5\nm1\tBo\t6\nm1\tNULL\t1\nm2\tAna\t7\nm2\tBo\tx8\nm2\tNULL\t0\n",
    "map.toml": (
        '[election]\nid = "dirty"\nname = "Dirty"\n\n[[option]]\nid = "Ana"\n\n[[option]]\nid = "Blanca"\n\n'
        '[[source]]\nname = "sheets"\nfile = "sheets.csv"\ndelimiter = ";"\nheader = 3\n\n'
    ),
}
"""Files as they are published: with a title, a total, thousands, words for no figure, a row twice."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the documentation's examples and files that are less tidy, at a terminal of 120 columns."""
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    for name, content in DIRTY.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    return tmp_path


def said(*commands: str) -> str:
    """Each command with its exit code if that is not 0, stdout and stderr."""
    told = []
    for command in commands:
        done = CliRunner().invoke(cli.app(), command.split(), prog_name="cotejo")
        errors = "".join(f"stderr: {line}\n" for line in done.stderr.splitlines())
        code = f"exit code {done.exit_code}\n" if done.exit_code else ""
        told.append(f"$ cotejo {command}\n{done.stdout}{errors}{code}\n")
    return "".join(told)


def test_inspect(place: Path) -> None:
    """The columns of each file and what they could be."""
    names = ("wide.csv", "long.csv", "form.csv", "areas.csv", "register.csv", "voters.csv", "exports/20240602_2000.csv")
    found = " ".join(f"examples/{name}" for name in names)
    hold("import-inspect.txt", said(f"import inspect {found}", "import inspect sheets.csv long.tsv"))


def test_proposed_maps(place: Path) -> None:
    """The map that is proposed for files, and what becomes of them by it."""
    told = said(
        "import inspect examples/wide.csv --map wide.toml", "import run wide.toml --data examples --out wide",
        "import inspect examples/register.csv examples/long.csv --map long.toml",
        "import run long.toml --data examples --dry-run",
        "import inspect sheets.csv --map sheets.toml", "import run sheets.toml --out sheets",
        "import inspect sheets.csv --map sheets.toml",
    )  # fmt: skip
    maps = "\n".join(f"=== {name}.toml\n{(place / f'{name}.toml').read_text()}" for name in ("wide", "long", "sheets"))
    hold("import-proposed.txt", f"{told}{maps}")


def test_outcomes(place: Path) -> None:
    """What an import of each of the documentation's maps says, and what it shows beforehand; what it writes of one."""
    shown = ("wide", "long", "snapshots", "form", "json", "join")
    runs = ["import run examples/wide.toml --out wide", "import run examples/form.toml --out form --jsonl"]
    dry = [f"import run examples/{name}.toml --dry-run" for name in shown]
    hold("import-outcomes.txt", said(*runs, *dry, "import run examples/wide.toml", "import run map.toml --out m"))
    hold("import-night.txt", re.sub(r"[0-9a-f]{64}", "<sha256>", files(place / "form", ".csv", ".jsonl", ".toml")))
