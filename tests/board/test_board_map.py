"""The board's map in a real browser: what each colour says, by mouse, keyboard, finger and ear; and its pictures."""

import csv
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree

import pytest
from axe_playwright_python.sync_playwright import Axe
from boards import Served, served
from builders import T0, alike, bulletin, election, report
from maps import square, with_map
from playwright.sync_api import Browser, Locator, Page, expect
from test_board_page import given, opened

from streams.board import server
from streams.core.election.model import Election
from streams.core.events.model import Event
from streams.kafka.embedded_broker import EmbeddedBroker
from streams.kafka.topology import Topology

PLACES = {"S1": (0, 1), "S2": (1, 1), "S3": (0, 0), "S4": (1, 0), "S5": (2, 0)}
KNOWN = with_map(election(states=6, tables=4), {area: square(*place) for area, place in PLACES.items()})


def night() -> list[Event]:
    """Two states without a sheet, four with two sheets of four: A 5, B 3, C 1. S1 announces what its sheets say; S2, of
    all its tables, the reverse for A and C; S5, where nobody has seen a sheet, announces too; S3 does not."""
    tables = alike(KNOWN, ())
    seen = [table for table in tables if table[:2] in ("S1", "S2", "S3", "S6") and table[-1] in "12"]
    came: list[Event] = [report(table, at=T0 + i * 60_000) for i, table in enumerate(seen)]
    common = {"tables_counted": 4, "registered": 400, "at": T0 + 3_600_000, "status": "final"}
    told = {"S1": (20, 12, 4), "S2": (4, 12, 20), "S5": (20, 12, 4)}
    return [*came, *(bulletin(votes, area=area, **common) for area, votes in told.items())]


@pytest.fixture(scope="module")
def board(embedded: EmbeddedBroker) -> Iterator[Served]:
    """The board of that night."""
    with given(embedded.start(), KNOWN, "board-map.", night()) as running:
        yield running


def shape(page: Page, area: str) -> Locator:
    return page.locator(f"#map-shapes a[data-key='{area}']")


def fill(page: Page, area: str) -> str:
    return shape(page, area).locator("path").get_attribute("fill") or ""


def swatches(page: Page) -> dict[str, str]:
    """The legend: its words, with how many areas they are of, to its colours."""
    rows = page.locator("#map-legend li")
    return {
        re.sub(r"\s+", " ", row.inner_text()): row.locator("rect").get_attribute("fill") or "" for row in rows.all()
    }


COVERAGE = {"S1": "40 – 60 % 3 areas", "S3": "40 – 60 % 3 areas", "S4": "nothing witnessed 2 areas"}
GAP = {
    "S1": "less than 1 either way 1 area",
    "S2": "more than 15 for Option B 1 area",
    "S3": "no bulletin 2 areas",
    "S5": "nothing witnessed 1 area",
}
BREAKDOWN = {
    "S1": "0: it can be right 1 area",
    "S2": "1 – 9 1 area",
    "S3": "no bulletin 2 areas",
    "S5": "nothing witnessed 1 area",
}


@pytest.mark.parametrize(
    ("kind", "title", "expected"),
    [
        ("coverage", "Polling tables witnessed", COVERAGE),
        ("gap", "Lead of Option A over Option B: announced less witnessed, points", GAP),
        ("breakdown", "Sheets that would have to be wrong for the figure of Option A to be right", BREAKDOWN),
    ],
)
def test_what_the_colours_say(
    kind: str, title: str, expected: dict[str, str], chromium: Browser, board: Served
) -> None:
    """Each area has the colour or the pattern of its line in the legend, in the dark too; what is not known looks like
    no figure. The address names the kind."""
    for scheme in ("light", "dark"):
        with opened(chromium, board.url, color_scheme=scheme) as seen:
            page = seen.page
            page.locator("#column").select_option("A")
            page.locator(f"#map-kinds input[value={kind}]").check()
            expect(page.locator("#map-title")).to_have_text(title)
            legend = swatches(page)
            assert {area: legend[text] for area, text in expected.items()} == {a: fill(page, a) for a in expected}
            assert len(set(legend.values())) == len(legend)
            assert all(("url(" in colour) == text.startswith(("no", "nothing")) for text, colour in legend.items())
            page.goto(f"{board.url}?show={kind}")
            expect(page.locator(f"#map-kinds input[value={kind}]")).to_be_checked()
            page.locator("#map-kinds input[value=coverage]").check()
            expect(page).to_have_url(re.compile(r"\?show=coverage$"))
            seen.check()


def test_figures(chromium: Browser, board: Served) -> None:
    """Pointing at an area tells its figures, outlines it and marks its row; pointing at a row outlines its area; a
    click goes there. An area without a map shows none."""
    with opened(chromium, board.url) as seen:
        page = seen.page
        page.locator("#column").select_option("A")
        expect(page.locator("#map-says")).to_have_text("Point at an area for its figures, choose it to go there.")
        shape(page, "S2").hover()
        expect(page.locator("#map-says")).to_have_text(
            "Area S2: 50.0\u00a0% witnessed (2 of 4 tables); Option A over Option B: announced −22.2, witnessed +22.2, "
            "difference −44.4 points; sheets that would have to be wrong: 2."
        )
        path = shape(page, "S2").locator("path").get_attribute("d")
        expect(page.locator("#map-outline")).to_have_attribute("d", path or "-")
        expect(page.locator("#area-rows tr.marked th")).to_have_text("Area S2")
        page.locator("#area-rows tr", has_text="Area S3").hover()
        path = shape(page, "S3").locator("path").get_attribute("d")
        expect(page.locator("#map-outline")).to_have_attribute("d", path or "-")
        shape(page, "S1").click()
        expect(page.locator("#path [aria-current]")).to_have_text("Area S1")
        expect(page.locator("#map")).to_be_hidden()
        page.go_back()
        expect(shape(page, "S5")).to_be_visible()
        seen.check()


def test_by_keyboard(chromium: Browser, board: Served) -> None:
    """The map is one stop of the tabulator; arrows lead to the nearest area that way, Enter opens it. A screen reader
    is told the figures of each, and what the arrows do."""
    with opened(chromium, board.url) as seen:
        page = seen.page
        expect(shape(page, "S1")).to_be_visible()
        assert page.locator("#map-shapes a[tabindex='0']").count() == 1
        shape(page, "S1").focus()
        for key, area in (
            ("Right", "S2"),
            ("Down", "S4"),
            ("Right", "S5"),
            ("Right", "S5"),
            ("Left", "S4"),
            ("Up", "S2"),
        ):
            page.keyboard.press(f"Arrow{key}")
            expect(shape(page, area)).to_be_focused()
        page.keyboard.press("End")
        expect(shape(page, "S5")).to_be_focused()
        expect(page.locator("#map-says")).to_contain_text("Area S5: 0.0\u00a0% witnessed (0 of 4 tables)")
        expect(shape(page, "S5")).to_have_attribute("aria-label", page.locator("#map-says").inner_text())
        page.keyboard.press("Tab")
        expect(page.locator("#map-saves button").first).to_be_focused()
        page.keyboard.press("Shift+Tab")
        expect(shape(page, "S5")).to_be_focused()
        assert page.locator("#map-shapes a[tabindex='0']").count() == 1
        page.keyboard.press("Enter")
        expect(page.locator("#path [aria-current]")).to_have_text("Area S5")
        seen.check()


def test_by_finger(chromium: Browser, board: Served) -> None:
    """The first touch of an area tells its figures, the second goes there."""
    with opened(chromium, board.url, 390, has_touch=True) as seen:
        page = seen.page
        shape(page, "S2").tap()
        expect(page.locator("#map-says")).to_contain_text("Area S2: 50.0")
        shape(page, "S1").tap()
        expect(page.locator("#map-says")).to_contain_text("Area S1: 50.0")
        shape(page, "S1").tap()
        expect(page.locator("#path [aria-current]")).to_have_text("Area S1")
        seen.check()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("light", 768), ("dark", 390)])
@pytest.mark.parametrize("kind", ["coverage", "gap", "breakdown"])
def test_accessibility(kind: str, scheme: str, width: int, chromium: Browser, board: Served) -> None:
    """axe-core finds nothing, and no screen is too narrow, with any map."""
    with opened(chromium, f"{board.url}?show={kind}", width, color_scheme=scheme) as seen:
        expect(shape(seen.page, "S1")).to_be_visible()
        found = Axe().run(seen.page)
        assert found.violations_count == 0, found.generate_report()
        assert seen.overflow() <= 0


def test_a_moment(chromium: Browser, board: Served) -> None:
    """Looking back, the map is that of the moment; before any bulletin it shows coverage."""
    with opened(chromium, board.url) as seen:
        seen.page.goto(f"{board.url}?at={T0 + 90_000}&show=coverage")
        expect(shape(seen.page, "S1")).to_have_attribute("aria-label", re.compile("50.0.%"))
        expect(shape(seen.page, "S2")).to_have_attribute("aria-label", re.compile("0.0.% witnessed .0 of 4.*; no bul"))
        seen.page.locator("#back").click()
        expect(shape(seen.page, "S2")).to_have_attribute("aria-label", re.compile("50.0.%"))
        seen.check()


def test_pictures(chromium: Browser, board: Served, tmp_path: Path) -> None:
    """The map is saved as SVG and PNG, on white also in the dark, with its legend, and as CSV with every figure."""
    with opened(chromium, board.url, color_scheme="dark") as seen:
        page = seen.page
        page.goto(f"{board.url}?show=breakdown")
        expect(shape(page, "S1")).to_be_visible()
        files = {}
        for kind in ("SVG", "PNG", "CSV"):
            with page.expect_download() as download:
                page.locator("#map-saves").get_by_role("button", name=re.compile(f"Sheets .* as {kind}")).click()
            files[kind] = tmp_path / download.value.suggested_filename
            download.value.save_as(files[kind])
        assert page.evaluate("violations") == []
        assert files["SVG"].name == "test-N-map-breakdown-2024-07-29T0100.svg"
        picture = ElementTree.parse(files["SVG"])
        texts = [node.text for node in picture.iter("{http://www.w3.org/2000/svg}text")]
        assert "no bulletin · 2 areas" in texts
        paths = list(picture.iter("{http://www.w3.org/2000/svg}path"))
        assert len(paths) == 5
        assert {path.get("fill") for path in paths} >= {"url(#hatched)", "url(#dotted)", "#e6eaed"}
        page.goto(f"data:image/svg+xml,{quote(files['SVG'].read_text())}")
        ends = page.evaluate("[...document.querySelectorAll('text')].map((t) => t.getBBox().x + t.getBBox().width)")
        assert max(ends) < 1200, "a text is cut at the edge"
        assert files["PNG"].read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
        with files["CSV"].open(encoding="utf-8", newline="") as file:
            rows = {row["area"]: row for row in csv.DictReader(file)}
        assert list(rows) == list(PLACES)
        assert (rows["S2"]["tables_witnessed"], rows["S2"]["tables"], rows["S2"]["coverage"]) == ("2", "4", "0.5")
        assert rows["S3"]["lead_difference"] == ""


def test_areas_far_below(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """Where only districts have shapes, the map of the whole shows them, each tied to the row of its state."""
    known = election(states=2, tables=4, districts=2)
    placed = {area: square(i, 0) for i, area in enumerate(a.id for a in known.areas.values() if a.level == "district")}
    known = with_map(known, placed)
    came: list[Event] = [report(table, at=T0 + i * 1000) for i, table in enumerate(alike(known, ()))]
    with given(embedded.start(), known, names, came) as running, opened(chromium, running.url, lang="es") as seen:
        page = seen.page
        expect(page.locator("#map-shapes a")).to_have_count(4)
        shape(page, "S2.1").hover()
        expect(page.locator("#map-says")).to_have_text(
            re.compile("^Area S2.1: 100,0.% atestiguado .2 de 2 mesas.; sin boletín.$")
        )
        expect(page.locator("#area-rows tr.marked th")).to_have_text("Area S2")
        page.locator("#area-rows tr", has_text="Area S1").hover()
        paths = [shape(page, area).locator("path").get_attribute("d") or "" for area in ("S1.1", "S1.2")]
        expect(page.locator("#map-outline")).to_have_attribute("d", "".join(paths))
        seen.check()


def test_in_a_frame(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """The map alone in a frame: no other part of the board, and an area opens on the whole board."""
    with given(embedded.start(), KNOWN, names, night()) as running, opened(chromium, running.url) as seen:
        page = seen.page
        page.goto(f"{running.url}embed/map?show=gap")
        expect(page.locator("#map-title")).to_contain_text("announced less witnessed")
        for hidden in ("#headline", "#figures", "#compare", "#charts", ".areas", "#languages"):
            expect(page.locator(hidden).first).to_be_hidden()
        expect(shape(page, "S2")).to_have_attribute("href", f"{running.url}?area=S2")
        expect(shape(page, "S2")).to_have_attribute("target", "_blank")
        assert page.evaluate("violations") == []
        assert seen.said == []


def test_without_a_map(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """An election without a map has none on its page."""
    known: Election = replace(KNOWN, map=None)
    with given(embedded.start(), known, names, night()) as running, opened(chromium, running.url) as seen:
        expect(seen.page.locator("#area-rows tr").first).to_be_visible()
        expect(seen.page.locator("#map")).to_be_hidden()
        seen.check()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("map", 200),
        ("map?area=N", 200),
        ("map?area=S1", 404),
        ("map?area=nowhere", 404),
        ("embed/map", 200),
        ("embed/map?area=S1", 404),
        ("embed/map/N", 404),
    ],
)
def test_what_is_served(path: str, status: int, chromium: Browser, board: Served) -> None:
    """A map is served of areas that have one. Its page may be framed by those who are named, and by nobody else."""
    request = chromium.new_context().request
    answer = request.get(board.url + path)
    assert answer.status == status
    if path == "map":
        drawing = answer.json()
        assert (drawing["width"], drawing["height"]) == (1000, pytest.approx(666.7, abs=0.2))
        assert [(s["id"], s["within"], s["kept"]) for s in drawing["shapes"]] == [(a, a, True) for a in PLACES]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert request.post(board.url + path).status == 405 or status == 404


def test_who_may_frame_it(chromium: Browser) -> None:
    """The map's page may be shown by the origins that are named; its data and the board by nobody."""
    with served("127.0.0.1:9", KNOWN, Topology("x."), embedders=["https://news.example.org"]) as running:
        request = chromium.new_context().request
        for path, ancestors in ((server.EMBED_MAP, "https://news.example.org"), ("map", "'none'"), ("", "'none'")):
            policy = request.get(running.url + path).headers["content-security-policy"]
            assert f"frame-ancestors {ancestors};" in policy + ";"
