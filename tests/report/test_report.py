"""The post-mortem in a real browser: it stands alone, reads well on any screen, and nothing from outside gets loose."""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from builders import T0, bulletin, election, report
from playwright.sync_api import Browser, Page
from test_cli import cotejo

from streams.config import election_writer
from streams.core.election.model import Area, Election, Group, Option
from streams.core.election.settings import AlertPolicy, HealthRule, MismatchRule, Rules
from streams.core.events.codec import encode, plain
from streams.core.events.model import Event
from streams.nights.eventlog import generated_night

HOSTILE = "<script>hacked=1</script><img src=x onerror=hacked=1>\"'></style></svg><svg/onload=hacked=1>{{7*7}}"
MATHS = r"$\frac{1}{0}$ </text><a href='javascript:hacked=1'>"
CONTROL = "\x1b[31m\u202eturned\u202c"
"""What no name may have (streams/config/toml_file.py); rubbish may."""
RULES = Rules(
    mismatch=MismatchRule(min_tables=2),
    health=HealthRule(flood_min=20, flood_ratio=0.1, disputed_min=2, disputed_ratio=0.01),
)
PLAIN = election(
    states=6, tables=30, registered=300, groups={"rest": "BC"}, rules=RULES,
    alerts=AlertPolicy(tick=10, hold=0, cooldown=600), majority=0.6,
)  # fmt: skip


def hostile() -> Election:
    """The same election, with names that want out."""
    areas = {id: replace(area, name=f"{area.id} {HOSTILE}") for id, area in PLAIN.areas.items()}
    areas["N"] = Area("N", MATHS + HOSTILE, "nation", None, 180, 54_000)
    options = (Option("A", MATHS), Option("B", HOSTILE), Option("C", HOSTILE + MATHS))
    groups = (Group("rest", HOSTILE * 3, ("B", "C")),)
    return replace(PLAIN, name=HOSTILE, notice=MATHS, areas=areas, options=options, groups=groups)


def events(id: str = "N-{}", reporter: str = "ana", note: str = "") -> list[Event]:
    """Readings over three hours, some disputed, with a part of these ballots photographed; bulletins of the nation, a
    state and polling tables that do not fit; input that is turned away."""
    found: list[Event] = []
    for i, table in enumerate(PLAIN.tables):
        at = T0 + 60_000 * i
        found.append(report(table, (150, 60, 10), at=at, reporter=reporter, id=f"{table}{note}"))
        if i % 30 == 0:
            found.append(report(table, (10, 200, 10), at=at + 30_000, reporter=f"eva{note}", id=f"{table}{note}-2"))
            found.append(report(table, {"A": 130}, at=at, reporter=reporter, id=f"{table}{note}-3", bound="at-least"))
        if i % 6 == 0:
            found.append(bulletin((100, 90, 10), area=table, at=at + 30_000, id=f"{table}{note}-o"))
    found.append(bulletin((100, 9000, 600), at=T0 + 3_600_000, id=id.format(1), tables_counted=100))
    found.append(bulletin((9000, 13_600, 600), at=T0 + 9_000_000, sequence=2, id=id.format(2), tables_counted=170))
    found.append(bulletin((1000, 3600, 300), area="S2", at=T0 + 9_600_000, id=id.format(3), tables_counted=30))
    found.append(report(f"nowhere{note}", at=T0 + 9_700_000))
    found.append(report("S1-1", {"A": 1, f"X{note}": 2}, at=T0 + 9_700_000, id="x"))
    return sorted(found, key=lambda event: event.at)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A plain night's page in both languages, beside another configuration; and a hostile night's."""
    home = tmp_path_factory.mktemp("report")
    generated_night.write(home / "plain", PLAIN, events(), "a test")
    toml = (home / "plain" / election_writer.ELECTION).read_text()
    (home / "other.toml").write_text(toml.replace("min_sheets = 10\n", "min_sheets = 120\n"))
    election_writer.write(hostile(), home / "hostile")
    note = HOSTILE.replace("\n", "")
    lines = [encode(plain(event)) for event in events(f"{note}-{{}}", note, note)]
    lines += [(CONTROL + HOSTILE).encode() + b"\x00\xff"] * 7
    (home / "hostile" / "events.jsonl").write_bytes(b"\n".join(lines))
    found = {}
    for name, night, options in (
        ("en", ["plain"], ["--compare", "other.toml"]),
        ("es", ["plain"], ["--compare", "other.toml", "--lang", "es"]),
        ("hostile", ["hostile/election.toml", "hostile/events.jsonl"], ["--lang", "es"]),
    ):
        done = cotejo("report", *night, *options, "-o", f"{name}.html", directory=home)
        assert done.returncode == 0, done.stderr.decode()
        found[name] = home / f"{name}.html"
    return found


def test_areas_have_no_empty_column(pages: dict[str, Path], page: Page) -> None:
    """A column of the table of areas stands there only if some area has a figure in it."""
    page.goto(pages["en"].as_uri())
    rows = [row.locator("th, td").all_inner_texts() for row in page.locator("#areas tbody tr").all()]
    heads = page.locator("#areas thead th").all_inner_texts()
    assert {len(row) for row in rows} == {len(heads)}
    assert all(any(cell.strip() for cell in column) for column in zip(*rows, strict=True)), heads


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", r"First called (.{16}): (critical|warning|remark)\.\nWorst \1"),
        ("es", r"Primera llamada (.{16}): (crítica|aviso|observación)\.\nPeor momento \1"),
    ],
)
def test_three_moments(pages: dict[str, Path], page: Page, lang: str, said: str) -> None:
    """Each alert says when it was first called, when it was worst and how it stands, in words and no marks."""
    page.goto(pages[lang].as_uri())
    for article in page.locator("#alerts article").all():
        text = article.locator(".life").inner_text()
        assert re.search(said.partition(r"\n")[0], text), text
        assert len(text.splitlines()) == 3
        assert "<" not in text


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """A tab that must stay silent, and may ask for nothing but the file it shows."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    tab, trouble = context.new_page(), list[str]()
    tab.on("console", lambda message: trouble.append(message.text))
    tab.on("pageerror", lambda error: trouble.append(str(error)))
    tab.on("dialog", lambda dialog: trouble.append(dialog.message))
    tab.on("request", lambda request: trouble.append(request.url) if not request.is_navigation_request() else None)
    yield tab
    asked = [what for what in trouble if what != "data:,"]
    context.close()
    assert not asked


@pytest.mark.parametrize("name", ["en", "es", "hostile"])
@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_any_screen(name: str, width: int, pages: dict[str, Path], page: Page) -> None:
    """No sideways scrolling on a phone or a desk; each plot is drawn once, inside the page, and has a name."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(pages[name].as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    plots = page.locator("figure svg:visible")
    assert plots.count() == 4
    for plot in plots.all():
        box = plot.bounding_box()
        assert box is not None
        assert 0 <= box["x"] < box["x"] + box["width"] <= width
        assert box["height"] > 100
        assert plot.get_attribute("role") == "img"
        assert plot.get_attribute("aria-label")


@pytest.mark.parametrize("name", ["en", "es", "hostile"])
def test_structure(name: str, pages: dict[str, Path], page: Page) -> None:
    """Landmarks, one h1, a heading for each section that the contents lead to, no id twice, tables with heads, the
    figures of each plot as a table."""
    page.goto(pages[name].as_uri())
    assert page.locator("html").get_attribute("lang") == ("en" if name == "en" else "es")
    for landmark in ("header", "nav[aria-label]", "main", "footer"):
        assert page.locator(landmark).count() == 1, landmark
    assert page.locator("h1").count() == 1
    sections = [section.get_attribute("id") for section in page.locator("main > section").all()]
    assert [f"#{section}" for section in sections] == [a.get_attribute("href") for a in page.locator("nav a").all()]
    assert all(page.locator(f"#{section} > h2").count() == 1 for section in sections)
    levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    assert all(b - a <= 1 for a, b in pairwise(levels))
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert not [id for id, count in Counter(ids).items() if count > 1]
    assert page.evaluate("[...document.querySelectorAll('table')].every(t => t.querySelector('thead th[scope=col]'))")
    assert page.locator("section:has(figure) details table").count() == 4


def test_content(pages: dict[str, Path], page: Page) -> None:
    """The strongest finding comes first; alerts with their figures, disputes, bulletins, what was turned away, the
    other configuration, hashes and thresholds are there."""
    page.goto(pages["en"].as_uri())
    first = page.locator(".headlines li").first.inner_text()
    assert "what was seen at 110 or more of these polling tables would have to be wrong" in first
    assert "174 of 180 polling tables" in page.locator(".lead").inner_text()
    assert re.search(r"\n110\n|^110$", page.locator(".tiles").inner_text(), re.MULTILINE)
    assert "The 6 disputed sheets cannot change who leads" in page.locator(".tiles + p").inner_text()
    assert page.locator("#alerts article").count() >= 4
    assert "Option A" in page.locator("#alerts article").first.inner_text()
    assert "9,000" in page.locator("#alerts .evidence").first.inner_text()
    assert "6 sheets" in page.locator("#disputes").inner_text()
    assert page.locator("#bulletins tbody tr").count() == 3
    assert page.locator("#rejected").inner_text().count("unknown-") == 2
    assert "rules.contradiction.min_sheets" in page.locator("#compare table").first.inner_text()
    told = page.locator("#basis").inner_text()
    assert len(re.findall(r"\b[0-9a-f]{64}\b", told)) == 6
    assert "alerts.cooldown" in told
    assert "6 of 6 polling tables are announced with fewer votes" in page.locator("#alerts").inner_text()
    assert "6" in page.locator("#areas tbody tr").first.locator("td").nth(7).inner_text()  # out of bounds
    assert "only bounds are known" in page.locator("#breakdown").inner_text()
    assert not [path for path in pages.values() if "&lt;time" in path.read_text()]  # HTML stays HTML
    page.goto(pages["es"].as_uri())
    assert "tendría que estar equivocado" in page.locator(".headlines li").first.inner_text()
    assert "Con otra configuración" in page.locator("#compare h2").inner_text()


def test_hostile_names_do_nothing(pages: dict[str, Path], page: Page) -> None:
    """Names, ids, reporters and rubbish that are markup, formulas or control characters stand there as text."""
    page.goto(pages["hostile"].as_uri())
    assert page.evaluate("typeof hacked") == "undefined"
    for element in (
        "script",
        "img",
        "iframe",
        "object",
        "a[href^='javascript' i]",
        "svg svg",
        "body style",
        "*[onload]",
    ):
        assert page.locator(element).count() == 0, element
    text = page.locator("body").inner_text()
    assert page.locator("h1").inner_text() == HOSTILE
    assert r"\x1b[31m\u202eturned\u202c<script>" in text
    assert "49" not in page.locator("h1").inner_text()
    assert r"$\frac{1}{0}$" in text
    raw = pages["hostile"].read_text()
    assert not [c for c in raw if not c.isprintable() and c not in "\n\xa0"]


def test_dark_and_paper(pages: dict[str, Path], page: Page) -> None:
    """In the dark the ink is light, in the plots too; on paper it is dark again, and nothing is cut off."""

    def ink(selector: str) -> int:
        found = page.locator(selector).first.evaluate(
            "e => getComputedStyle(e)[e instanceof SVGElement ? 'fill' : 'color']"
        )
        return sum(int(part) for part in re.findall(r"\d+", found)[:3])

    page.emulate_media(color_scheme="dark")
    page.goto(pages["en"].as_uri())
    assert min(ink("h1"), ink("#coverage .wide svg text")) > 500
    page.emulate_media(color_scheme="dark", media="print")
    assert max(ink("h1"), ink("#coverage .wide svg text")) < 200
    page.set_viewport_size({"width": 680, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= 680


def test_the_same_bytes_again(pages: dict[str, Path], tmp_path: Path) -> None:
    """From another directory, in another process with another hash seed, time zone and place, the page is the same."""
    home = pages["en"].parent
    environment = {"PYTHONHASHSEED": "77", "TZ": "Asia/Jakarta", "LC_ALL": "C", "PYTHONPATH": str(Path.cwd())}
    arguments = [home / "plain", "--compare", home / "other.toml", "-o", tmp_path / "again.html"]
    command = [sys.executable, "-m", "streams", "report", *map(str, arguments)]
    subprocess.run(command, env=environment, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "again.html").read_bytes() == pages["en"].read_bytes()


def test_a_night_of_nothing(page: Page, tmp_path: Path) -> None:
    """An election of which nothing was ever heard has a page that says so."""
    election_writer.write(PLAIN, tmp_path)
    (tmp_path / "events.jsonl").write_bytes(b"{}\n")
    done = cotejo("report", "election.toml", "events.jsonl", "-o", "page.html", directory=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    page.goto((tmp_path / "page.html").as_uri())
    said = page.locator("#short").inner_text()
    assert "No alert fired" in said
    assert "There is no bulletin for Area N." in said
    assert page.locator("figure").count() == 0
