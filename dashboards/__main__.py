"""Write the boards' JSON anew: `python -m dashboards`. tests/project/test_dashboards.py holds both in step."""

import json
from pathlib import Path
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from dashboards import area, election_night, pipeline
from dashboards.grafana_json import board
from dashboards.parts import LANGUAGES, Board

BOARDS: Final[tuple[Board, ...]] = (election_night.BOARD, area.BOARD, pipeline.BOARD)
HERE: Final = Path(__file__).resolve().parent


def files() -> dict[Path, str]:
    """What each file must hold."""
    return {
        HERE / language / f"{given.name.removeprefix('cotejo-')}.json": json.dumps(
            board(given, language), cls=JSONEncoder, indent=1, sort_keys=True, ensure_ascii=False
        )
        + "\n"
        for language in LANGUAGES
        for given in BOARDS
    }


if __name__ == "__main__":
    for path, content in files().items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
