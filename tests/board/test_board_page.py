"""The board in a real browser: what people see, on any screen, in both languages, by mouse, keyboard and ear."""

import csv
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import orjson
import pytest
from axe_playwright_python.sync_playwright import Axe
from boards import Served, records, served, tell, turn_away
from builders import T0, alike, bulletin, clustered_sample, drawn_sample, election, lines, report
from msgspec import structs
from nights import LiveNight
from playwright.sync_api import Browser, BrowserContext, expect

import streams
from streams.board import PATH, server
from streams.core.comparison.lead_sentences import lead_sentences
from streams.core.election.model import Area, Election, Option
from streams.core.election.settings import ContradictionRule, Rules
from streams.core.events.area_states import DatedState
from streams.core.events.model import Event, Rejection
from streams.kafka.embedded_broker import EmbeddedBroker, free_port
from streams.kafka.topic_admin import ensure
from streams.kafka.topology import Topology

KNOWN = replace(election(states=3, tables=4), name="Election of the test", notice="a made-up night")
HOUR = 3_600_000
MODULES = ("main", "view", "sample", "areas", "charts", "picture", "map", "map_kinds", "map_picture", "dom", "reasons")
OUTAGE = ("net::ERR_CONNECTION_REFUSED", "net::ERR_INCOMPLETE_CHUNKED_ENCODING", "net::ERR_CONNECTION_RESET")
"""What the browser itself says of a server that went away."""


def night(known: Election) -> list[Event]:
    """Every sheet says A 5, B 3, C 1, an hour after the other; then the nation's bulletin says C 30, and that of the
    first state agrees with its sheets."""
    reports: list[Event] = [report(table, at=T0 + i * HOUR) for i, table in enumerate(alike(known, ()))]
    end = T0 + len(reports) * HOUR
    agreeing = bulletin((20, 12, 4), area="S1", tables_counted=4, registered=400, at=end)
    return [*reports, agreeing, bulletin((12, 36, 60), tables_counted=12, registered=1200, at=end + HOUR)]


class Seen:
    """A page, and all that must not happen on it."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.page, self.url = context.new_page(), url
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.add_init_script(
            "window.violations = [];"
            "document.addEventListener('securitypolicyviolation', (e) => violations.push(e.violatedDirective));"
        )
        self.page.goto(url)

    def check(self, allowed: tuple[str, ...] = ()) -> None:
        """Nothing on the console, nothing that the policy forbids, nothing asked of anybody else."""
        assert [text for text in self.said if not any(word in text for word in allowed)] == []
        assert self.page.evaluate("violations") == []
        assert [url for url in self.asked if not url.startswith(self.url)] == []

    def overflow(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@contextmanager
def opened(chromium: Browser, url: str, width: int = 1280, lang: str = "en", **options: Any) -> Iterator[Seen]:
    context = chromium.new_context(
        viewport={"width": width, "height": 900}, locale=lang, timezone_id="America/Caracas", **options
    )
    context.set_default_timeout(15_000)
    try:
        yield Seen(context, url)
    finally:
        context.close()


@pytest.fixture(scope="module")
def board(embedded: EmbeddedBroker) -> Iterator[Served]:
    """The board of a whole night."""
    with given(embedded.start(), KNOWN, "board-page.") as running:
        yield running


@contextmanager
def given(broker: EmbeddedBroker, known: Election, prefix: str, events: list[Event] | None = None) -> Iterator[Served]:
    topology = Topology(prefix)
    ensure(broker.address, topology.specs())
    tell(broker, topology, records(known, night(known) if events is None else events))
    with served(broker, known, topology) as running:
        yield running


def test_a_live_night(chromium: Browser, embedded: EmbeddedBroker, names: str, tmp_path: Path) -> None:
    """Fed through a real worker: the page follows by itself. The worker is killed: the page says so. It starts
    again, and more has come meanwhile: the page is there again, with the newest."""
    port, events = free_port(), night(KNOWN)
    few = replace(KNOWN, rules=Rules(ContradictionRule(min_sheets=1)))
    later = [structs.replace(event, at=event.at + 24 * HOUR) for event in events[6:10]]
    with LiveNight(few, embedded.start(), tmp_path, names) as live:
        live.start(port=port)
        live.ready()
        with opened(chromium, f"http://127.0.0.1:{port}{PATH}") as seen:
            page = seen.page
            expect(page.locator("#connection")).to_have_text("Live")
            expect(page.locator("#sentence")).to_contain_text("Nothing has come yet")
            expect(page.locator("#notice")).to_have_text("a made-up night")
            live.feed(lines(events[:6]))
            expect(page.locator("#f-coverage-of")).to_have_text("6 of 12")
            expect(page.locator("#sentence")).to_contain_text("There is no bulletin for Area N")
            live.feed(lines([events[-1]]))
            expect(page.locator("#headline")).to_have_attribute("data-severity", "critical")
            expect(page.locator("#sentence")).to_contain_text("Area N, bulletin N-1")
            expect(page.locator("#announce")).to_contain_text("Alert, critical: Area N, bulletin N-1")
            seen.check()
            live.kill()
            expect(page.locator("#connection")).to_have_text("Reconnecting")
            live.feed(lines(later))
            live.start(port=port)
            expect(page.locator("#connection")).to_have_text("Live", timeout=30_000)
            expect(page.locator("#f-coverage-of")).to_have_text("10 of 12", timeout=30_000)
            live.stop()  # with the page still open
            seen.check(OUTAGE)


def test_one_moment(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """Sheets that come after an alert was told change the headline with the figures beside it, long before the
    cooldown lets the alert be told again; looking back gives the headline of that time."""
    tables = list(alike(KNOWN, ()))
    came: list[Event] = [report(table, at=T0) for table in tables[:6]]
    came.append(bulletin((12, 36, 60), tables_counted=12, registered=1200, at=T0 + 60_000))
    came += [report(table, at=T0 + 120_000 + 20_000 * i) for i, table in enumerate(tables[6:11])]
    known = replace(KNOWN, rules=Rules(ContradictionRule(min_sheets=1)))
    with given(embedded.start(), known, names, came) as running, opened(chromium, running.url) as seen:
        page = seen.page
        expect(page.locator("#f-breakdown-of")).to_have_text(re.compile(r"^of 11 witnessed"))
        expect(page.locator("#sentence")).to_contain_text("11 tally sheets witnessed")
        wrong = page.locator("#f-breakdown").inner_text()
        expect(page.locator("#sentence")).to_contain_text(f"at least {wrong} of the 11 sheets would have to be wrong")
        page.locator("#scrub").fill(str(T0 + 80_000))
        expect(page.locator("#f-breakdown-of")).to_have_text(re.compile(r"^of 6 witnessed"))
        expect(page.locator("#sentence")).to_contain_text("6 tally sheets witnessed")
        seen.check()


def test_the_age_of_a_bulletin(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """Of a night that runs by the wall clock the bulletin's age grows though nothing comes."""
    now = round(1000 * time.time())
    came: list[Event] = [report(table, at=now) for table in alike(KNOWN, ())]
    came.append(bulletin((12, 36, 60), tables_counted=12, registered=1200, at=now - 5_000))
    with given(embedded.start(), KNOWN, names, came) as running, opened(chromium, running.url) as seen:
        age = seen.page.locator("#f-bulletin-of")
        expect(age).to_have_text(re.compile(r" ago$"))
        first = age.inner_text()
        expect(age).not_to_have_text(first)
        seen.check()


def test_tables_alone(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """Where polling tables alone are announced, the official side is their sum, with how many they are."""
    tables = list(alike(KNOWN, ()))
    came: list[Event] = [report(table, at=T0) for table in tables]
    came += [bulletin((5, 3, 1), area=table, at=T0) for table in tables[:8]]
    with given(embedded.start(), KNOWN, names, came) as running, opened(chromium, running.url) as seen:
        page = seen.page
        expect(page.locator("#options tr", has_text="Option A").locator(".official .votes")).to_have_text("40 votes")
        expect(page.locator("#f-bulletin")).to_have_text("8")
        expect(page.locator("#remarks")).to_contain_text("the sum of the 8 polling tables announced one by one")
        page.locator("[data-lang=es]").click()
        expect(page.locator("#remarks")).to_contain_text("la suma de las 8 mesas anunciadas una por una")
        seen.check()


def test_both_counts(chromium: Browser, board: Served) -> None:
    """Official beside witnessed for each option, with what the sheets allow; the large figures; the charts, each with
    a description and as a table."""
    with opened(chromium, board.url) as seen:
        page = seen.page
        row = page.locator("#options tr", has_text="Option C")
        expect(row.locator(".official .share")).to_have_text("55.6\u00a0%")
        expect(row.locator(".witnessed .share")).to_have_text("11.1\u00a0%")
        expect(row.locator(".witnessed .votes")).to_have_text("12 votes")
        expect(row.locator(".gap")).to_have_text("+44.4")
        expect(page.locator("#f-breakdown")).not_to_have_text("0")
        expect(page.locator("#f-bulletin")).to_have_text("N-1")
        expect(page.locator("#levels dt")).to_have_text(["one reading"])
        chart = page.locator("#chart-breakdown .canvas")
        expect(chart).to_have_attribute("role", "img")
        assert "Sheets that would have to be wrong. From 28 Jul" in (chart.get_attribute("aria-label") or "")
        assert chart.locator("canvas").evaluate("c => c.width") > 100
        page.locator("#chart-coverage summary").click()
        expect(page.locator("#chart-coverage tbody tr").last.locator("td")).to_have_text("100.0\u00a0%")
        seen.check()


def photographed() -> list[Event]:
    """At eight of twelve tables 40 of A's ballots were photographed, heads were counted at one; each is announced by
    itself, three of the former with 30 for A and the latter with more votes than heads; and the nation with 100."""
    tables = list(KNOWN.tables)
    seen = [report(table, {"A": 40}, id="seen", bound="at-least") for table in tables[:8]]
    heads = report(tables[8], {}, id="heads", bound="at-most", ballots=70)
    single = [bulletin((30 if i < 3 else 45, 40, 10), area=table) for i, table in enumerate(tables)]
    return [*seen, heads, *single, bulletin((100, 400, 100), tables_counted=12, at=T0 + 60_000)]


@pytest.mark.parametrize("tables", [12, None])
def test_who_leads(tables: int | None, chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """The board says whether open sheets can change who leads, in the very sentences of the report."""
    known = replace(KNOWN, policy=replace(KNOWN.policy, quorum=2))
    known = replace(known, areas={**known.areas, "N": replace(known.areas["N"], tables=tables)})
    sheets = list(alike(known, (60, 20, 1)).items())
    came: list[Event] = [report(table, votes, at=T0, reporter=who) for table, votes in sheets[:7] for who in "xy"]
    came += [report(sheets[7][0], (60, 20, i), at=T0, reporter=who) for i, who in enumerate("xy")]
    came += [report(table, votes, at=T0, reporter="x") for table, votes in sheets[8:10]]
    came += [bulletin((60, 20, 1), area=table, at=T0) for table, _ in sheets[:9]]
    state = DatedState.decode(records(known, came)[0][-len(known.areas)])
    with given(embedded.start(), known, names, came) as running, opened(chromium, running.url) as seen:
        for language in ("en", "es"):
            seen.page.locator(f"[data-lang={language}]").click()
            said = list(lead_sentences(known, state, language))
            assert len(said) == (5 if tables else 4)
            expect(seen.page.locator("#lead")).to_have_text(" ".join(said))
        assert seen.overflow() <= 0
        seen.check()


def test_the_sample(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """The board shows the third count beside the other two, with its intervals now and over time, and where sheets of
    the sample are missing; an area of which it says nothing shows none of it."""
    tables = {f"S{s}": [f"S{s}-{t}" for t in (1, 2, 3)] for s in (1, 2, 3)}
    known = replace(KNOWN, sample=drawn_sample(tables))
    came = [
        report(table, votes, at=T0 + i * HOUR) for i, (table, votes) in enumerate(alike(known, (60, 20, 20)).items())
    ]
    events: list[Event] = [*came[:10], bulletin((400, 400, 400), tables_counted=12, at=T0 + 10 * HOUR)]
    (state,) = [s for s in map(orjson.loads, records(known, events)[0][-len(known.areas) :]) if "sample" in s]
    ends = " – ".join(f"{end:.1f}\u00a0%" for end in state["sample"]["shares"]["A"]["guaranteed"])
    with given(embedded.start(), known, names, events) as running, opened(chromium, running.url, 390) as seen:
        page = seen.page
        expect(page.locator("#sample-in")).to_have_text(
            "8 of 9 polling tables drawn at random before the night are in. Missing: Area S3 1."
        )
        row = page.locator("#sample-rows tr").first.locator("th, td")
        expect(row).to_have_text(["Option A", "33.3\u00a0%", "60.0\u00a0%", "60.0\u00a0%", ends, re.compile(" – ")])
        expect(page.locator("#sample-rows tr").last.locator("th")).to_have_text("Option A ahead of Option B, points")
        page.locator("#chart-sample summary").click()
        expect(page.locator("#chart-sample thead th").nth(3)).to_have_text("Option A, interval to")
        assert seen.overflow() <= 0
        page.locator("[data-lang=es]").click()
        expect(page.locator("#sample-in")).to_contain_text("Han llegado 8 de 9 mesas sorteadas")
        page.goto(f"{running.url}?area=S1")
        expect(page.locator("#f-coverage-of")).to_contain_text("de 4")
        expect(page.locator("#sample")).to_be_hidden()
        seen.check()


def test_a_sample_of_clusters(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """Where whole areas were drawn, the board says how many."""
    known = replace(KNOWN, sample=clustered_sample(KNOWN, {"N": ["S1", "S3"]}))
    events: list[Event] = [report("S1-1", (60, 20, 20))]
    with given(embedded.start(), known, names, events) as running, opened(chromium, running.url) as seen:
        said = seen.page.locator("#sample-in")
        expect(said).to_contain_text("1 of 8 polling tables drawn at random before the night are in.")
        expect(said).to_contain_text("They were drawn in 2 clusters")
        seen.page.locator("[data-lang=es]").click()
        expect(said).to_contain_text("Se sortearon en 2 conglomerados")
        seen.check()


def test_bounds(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """Where only bounds are known, the board counts the tables announced outside them, and calls nothing of them a
    sheet."""
    with given(embedded.start(), KNOWN, names, photographed()) as running, opened(chromium, running.url) as seen:
        page = seen.page
        expect(page.locator("#table-bounds")).to_have_text(
            "At 9 polling tables ballots were seen or counted, short of a whole reading; 9 of them have no witnessed "
            "sheet. 3 of 8 are announced with fewer votes than were seen there. 1 of 1 are announced with more votes "
            "than ballots can have been cast there."
        )
        expect(page.locator("#alert-list")).to_contain_text("3 of 8 polling tables are announced with fewer votes")
        expect(page.locator("#f-breakdown")).to_have_text("6")
        expect(page.locator("#f-breakdown-of")).to_contain_text("of 9 seen in whole or in part, for Option A")
        seen.check()


def test_area_by_area(chromium: Browser, board: Served) -> None:
    """The table is filtered, sorted by any column, and leads down to an area and back again."""
    with opened(chromium, board.url) as seen:
        page = seen.page
        names = page.locator("#area-rows th")
        expect(names).to_have_text(["Area S1", "Area S2", "Area S3"])
        page.locator("#area-head button[data-by=area]").click()
        expect(names).to_have_text(["Area S3", "Area S2", "Area S1"])
        expect(page.locator("#area-head th.area")).to_have_attribute("aria-sort", "descending")
        page.locator("#filter").fill("s2")
        expect(names).to_have_text(["Area S2"])
        page.locator("#filter").fill("")
        page.locator("#column").select_option("B")
        first = page.locator("#area-rows tr", has_text="Area S1")
        expect(first.locator(".official")).to_have_text("33.3\u00a0%")
        first.locator("a").click()
        expect(page.locator("#path li")).to_have_text(["Area N", "Area S1"])
        expect(page.locator("#sentence")).to_contain_text("fit together")
        expect(page.locator("#f-coverage-of")).to_have_text("4 of 4")
        assert "area=S1" in page.url
        page.reload()
        expect(page.locator("#f-coverage-of")).to_have_text("4 of 4")
        page.go_back()
        expect(page.locator("#f-coverage-of")).to_have_text("12 of 12")
        seen.check()


def test_looking_back(chromium: Browser, board: Served) -> None:
    """The slider shows the nation as it was, by keyboard too; what is newer waits until one is back."""
    with opened(chromium, board.url) as seen:
        page = seen.page
        expect(page.locator("#f-coverage-of")).to_have_text("12 of 12")
        page.locator("#scrub").focus()
        page.keyboard.press("Home")
        expect(page.locator("#f-coverage-of")).to_have_text("1 of 12")
        expect(page.locator("#no-alerts")).to_be_visible()
        expect(page.locator("#area-rows tr", has_text="Area S2").locator(".coverage")).to_have_text("0.0\u00a0%")
        assert "28 Jul, 20:00" in (page.locator("#scrub").get_attribute("aria-valuetext") or "")
        expect(page.locator("#as-of strong")).to_have_text("As of 28 Jul, 20:00 GMT-4, not live")
        expect(page.locator("#connection")).to_have_text("Not live")
        page.locator("#back").click()
        expect(page.locator("#as-of")).to_be_hidden()
        expect(page.locator("#connection")).to_have_text("Live")
        expect(page.locator("#f-coverage-of")).to_have_text("12 of 12")
        expect(page.locator("#scrub-at")).to_have_text("now")
        seen.check()


@pytest.mark.parametrize("at", [str(T0), "2024-07-29T00:00:00Z"], ids=["milliseconds", "a time"])
def test_a_link_to_a_moment(at: str, chromium: Browser, board: Served) -> None:
    """The address of a moment shows it, in whichever area one goes on; one of the future shows the present."""
    with opened(chromium, f"{board.url}?at={at}") as seen:
        page = seen.page
        expect(page.locator("#f-coverage-of")).to_have_text("1 of 12")
        expect(page.locator("#as-of")).to_contain_text("not live")
        page.locator("#area-rows a").first.click()
        expect(page.locator("#f-coverage-of")).to_have_text("1 of 4")
        assert "at=2024-07-29T00%3A00%3A00Z" in page.url
        assert "area=S1" in page.url
        page.locator("#as-of button").click()
        expect(page.locator("#f-coverage-of")).to_have_text("4 of 4")
        assert "at=" not in page.url
        page.goto(board.url + "?at=2099-01-01T00:00:00Z")
        expect(page.locator("#f-coverage-of")).to_have_text("12 of 12")
        expect(page.locator("#as-of")).to_be_hidden()


def test_pictures_of_charts(chromium: Browser, board: Served) -> None:
    """A chart is saved as SVG with its title and a line for each of its lines, dashed where official; as PNG of the
    same size; as CSV with every figure of the night."""
    with opened(chromium, board.url) as seen:
        page = seen.page
        expect(page.locator("#area-rows th")).to_have_count(3)

        def saved(kind: str) -> tuple[str, bytes]:
            with page.expect_download() as got:
                page.get_by_role("button", name=f"Save “Shares, % of valid votes” as {kind}").click()
            return got.value.suggested_filename, Path(got.value.path()).read_bytes()

        name, picture = saved("SVG")
        assert re.fullmatch(r"test-N-shares-2024-07-\d\dT\d{4}\.svg", name)
        root = ElementTree.fromstring(picture)
        tag = "{http://www.w3.org/2000/svg}"
        assert root.findtext(f"{tag}title") == "Area N: Shares, % of valid votes"
        lines = root.findall(f"{tag}path")
        assert [line.get("stroke-dasharray") is not None for line in lines] == [True, False] * (len(lines) // 2)
        assert "a made-up night" in picture.decode()
        assert saved("PNG")[1].startswith(b"\x89PNG")
        rows = list(csv.reader(saved("CSV")[1].decode().splitlines()))
        official = rows[0].index("Option C, official")
        assert rows[0][:2] == ["time", "bulletin"]
        assert (rows[1][:2], rows[1][official]) == (["2024-07-29T00:00:00.000Z", ""], "")
        assert float(rows[-1][official]) == pytest.approx(100 * 60 / 108)
        assert len(rows) > 10
        assert seen.said == []
        assert page.evaluate("violations") == []


@contextmanager
def elsewhere(directory: Path) -> Iterator[str]:
    """Pages of another origin; gives that origin."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_in_a_frame(chromium: Browser, embedded: EmbeddedBroker, names: str, tmp_path: Path) -> None:
    """A page of an origin that was named shows an area in a frame: its figures and charts, and no way to others. A page
    of any other origin does not."""
    topology, page = Topology(names), tmp_path / "page.html"
    ensure(embedded.start().address, topology.specs())
    tell(embedded, topology, records(KNOWN, night(KNOWN)))
    with (
        elsewhere(tmp_path) as named,
        elsewhere(tmp_path) as other,
        served(embedded, KNOWN, topology, embedders=[named]) as running,
    ):
        frame_of = f'<iframe src="{running.url}embed/area/S1" width=700 height=900></iframe>'
        page.write_text(f'<link rel="icon" href="data:,">{frame_of}')
        with opened(chromium, f"{named}/page.html") as seen:
            frame = seen.page.frame_locator("iframe")
            expect(frame.locator("#f-coverage-of")).to_have_text("4 of 4")
            expect(frame.locator("#options tr")).to_have_count(3)
            expect(frame.locator("#chart-coverage canvas")).to_be_visible()
            expect(frame.locator("#whole")).to_have_attribute("href", f"{running.url}?area=S1")
            for name in ("#areas", "#alerts", "#languages", "#scrubber"):
                expect(frame.locator(name)).to_be_hidden()
            assert seen.said == []
            seen.page.goto(f"{other}/page.html")
            expect(seen.page.locator("iframe")).to_be_visible()
            assert seen.page.frames[1].url.startswith("chrome-error:")


def test_on_paper(chromium: Browser, board: Served) -> None:
    """A page of A4 has every column and every alert, no control, and black on white, whatever the screen has."""
    with opened(chromium, board.url, 690, color_scheme="dark") as seen:
        page = seen.page
        expect(page.locator("#area-rows th")).to_have_count(3)
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        for name in ("gap", "atLeast", "atMost", "mustBeWrong"):
            expect(page.locator(f"#options tr td.{name}").first).to_be_visible()
        for name in ("#scrubber", "#languages", ".tools", ".skip >> nth=0"):
            expect(page.locator(name)).to_be_hidden()
        assert (
            page.evaluate("(list => list.scrollHeight - list.clientHeight)(document.querySelector('#alert-list'))") <= 0
        )
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 31, 36)"
        page.evaluate("dispatchEvent(new Event('afterprint'))")
        page.emulate_media(media="screen")
        assert page.evaluate("getComputedStyle(document.body).color") == "rgb(240, 242, 244)"
        seen.check()


def test_languages(chromium: Browser, board: Served) -> None:
    """In Spanish by the browser's language, by the address, by a button; the choice is remembered; no text is left
    in the other language."""
    with opened(chromium, board.url, lang="es") as seen:
        page = seen.page
        expect(page.locator("html")).to_have_attribute("lang", "es")
        expect(page.locator("#connection")).to_have_text("En vivo")
        expect(page.locator("#sentence")).to_contain_text("boletín N-1")
        expect(page.locator("#options tr").first.locator(".share").first).to_contain_text(",")
        page.locator("button[data-lang=en]").click()
        expect(page.locator("#connection")).to_have_text("Live")
        page.reload()
        expect(page.locator("html")).to_have_attribute("lang", "en")
        page.goto(board.url + "?lang=es")
        expect(page.locator("#areas-title")).to_have_text("Zona por zona")
        seen.check()


def test_words(chromium: Browser, board: Served) -> None:
    """Both languages have the same texts with the same figures in them; every text asked for exists, and is used."""
    with opened(chromium, board.url) as seen:
        words = seen.page.evaluate("import('./words.js').then((module) => module.WORDS)")
    en, es = words["en"], words["es"]
    assert {k: set(re.findall(r"{\w+}", v)) for k, v in en.items()} == {
        k: set(re.findall(r"{\w+}", v)) for k, v in es.items()
    }
    static = Path(server.__file__).parent / "static"
    texts = [static.joinpath(name).read_text() for name in ("index.html", *(f"{m}.js" for m in MODULES))]
    whole = "\n".join(texts)
    asked = set(re.findall(r"\bt\(\"(\w+)\"|data-t(?:-label)?=\"(\w+)\"", whole))
    assert {one or other for one, other in asked} <= en.keys()
    data = {"none", "reported", "corroborated", "disputed", "critical", "warning", "info", "connecting", "waiting"}
    data |= {"reading", "live", "away", "day", "hour", "minute", "second"}
    assert [key for key in en if key not in data and f'"{key}"' not in whole] == []


def test_every_reason_has_words(chromium: Browser, board: Served) -> None:
    """Whatever a message can be turned away for is said in both languages."""
    with opened(chromium, board.url) as seen:
        reasons = seen.page.evaluate("import('./reasons.js').then((module) => module.REASONS)")
    found = set()
    for file in Path(streams.__file__).parent.rglob("*.py"):
        found |= set(re.findall(r'(?:Rejection|BadFieldError)\(\s*"([a-z-]+)"', file.read_text()))
    assert len(found) > 20
    assert found <= reasons.keys()
    assert all(len(set(words)) == 2 for words in reasons.values())


@pytest.mark.parametrize(("lang", "said"), [("en", "4 messages turned away"), ("es", "4 mensajes no admitidos")])
@pytest.mark.parametrize("width", [1280, 390])
def test_turned_away(chromium: Browser, embedded: EmbeddedBroker, names: str, lang: str, said: str, width: int) -> None:
    """How many messages were turned away stands at the top; the reasons, with the last message's place and the cure,
    are one click away, and fit any screen. A night without says nothing of it."""
    with given(embedded.start(), KNOWN, names) as board, opened(chromium, board.url, width, lang) as seen:
        page = seen.page
        box = page.locator("#turned-away")
        expect(page.locator("#f-coverage-of")).to_contain_text("12")
        expect(box).to_be_hidden()
        turn_away(
            embedded,
            Topology(names),
            [
                (
                    SimpleNamespace(topic="tally-reports", partition=0, offset=n, value=b"x"),
                    [Rejection("not-json" if n == 3 else "unknown-table", "table", "mend " + "W" * 99)],
                )
                for n in range(4)
            ],
        )
        expect(box.locator("summary")).to_have_text(said)
        expect(box.locator("li").first).to_be_hidden()
        box.locator("summary").click()
        expect(box.locator("li")).to_have_count(2)
        expect(box.locator("li").first).to_contain_text("3 × " + ("its polling table" if lang == "en" else "su mesa"))
        expect(box.locator("li").first).to_contain_text("tally-reports/0/2 · table. mend WWW")
        card = box.locator(".card").bounding_box()
        assert card is not None
        assert card["x"] >= 0
        assert card["x"] + card["width"] <= width
        assert seen.overflow() == 0
        assert Axe().run(page).violations_count == 0
        seen.check()


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(2)</script>",
    "\u202eTHGIR OT TFEL\u2066",
    "W" * 300,
    "javascript:alert(3)//'\"`{{7*7}}${8*8}",
)


def hostile() -> Election:
    """Every name that an election file can have, at its worst."""
    options = tuple(Option(option.id, HOSTILE[i]) for i, option in enumerate(KNOWN.options))
    areas: dict[str, Area] = {
        id: replace(area, name=HOSTILE[i % len(HOSTILE)]) for i, (id, area) in enumerate(KNOWN.areas.items())
    }
    return replace(KNOWN, name=HOSTILE[0], notice=HOSTILE[1], options=options, areas=areas)


@pytest.mark.parametrize("width", [1280, 390])
def test_hostile_names(chromium: Browser, embedded: EmbeddedBroker, names: str, width: int) -> None:
    """Markup, scripts, marks that turn the writing round, names without end: shown as text, and nothing else."""
    with given(embedded.start(), hostile(), names) as board, opened(chromium, board.url, width) as seen:
        page = seen.page
        expect(page.locator("#name")).to_have_text(HOSTILE[0])
        expect(page.locator("#notice")).to_have_text(HOSTILE[1])
        expect(page.locator("#sentence")).to_contain_text(HOSTILE[0])
        expect(page.locator("#area-rows th").first).to_be_visible()
        assert page.locator("main img, main script").count() == 0
        assert "\u202e" not in page.locator("body").inner_text()
        assert seen.overflow() == 0
        page.locator("#area-rows th a").first.click()
        expect(page.locator("#path li")).to_have_count(2)
        assert seen.overflow() == 0
        seen.check()


@pytest.mark.parametrize("lang", ["en", "es"])
def test_phone(chromium: Browser, board: Served, lang: str) -> None:
    """At a phone's width nothing sticks out sideways, every figure of an option is there, and a column's long head
    has a place to be broken."""
    with opened(chromium, board.url, 390, lang) as seen:
        expect(seen.page.locator("#options tr").first.locator(".mustBeWrong")).to_be_visible()
        assert seen.overflow() == 0
        wide = seen.page.evaluate(
            "[...document.querySelectorAll('main *')].filter((e) => !e.closest('.u-wrap, .compare thead')"
            " && e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.id || e.className || e.tagName)"
        )
        expect(seen.page.locator("#area-rows th")).to_have_count(3)
        assert "\u00ad" in seen.page.locator("#area-head .coverage").inner_text()
        assert wide == []
        seen.check()


def test_keyboard(chromium: Browser, board: Served) -> None:
    """Tab comes to everything that can be used, in the order of the page, and it shows where it is."""
    with opened(chromium, board.url) as seen:
        page = seen.page
        expect(page.locator("#area-rows th")).to_have_count(3)
        usable = page.evaluate(
            "[...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')]"
            ".filter((e) => e.checkVisibility() && !e.disabled).map((e, i) => { e.dataset.stop = i; return i; })"
        )
        reached = []
        for _ in usable:
            page.keyboard.press("Tab")
            stop, outline = page.evaluate(
                "[document.activeElement.dataset.stop, getComputedStyle(document.activeElement).outlineStyle]"
            )
            reached.append(int(stop))
            assert outline == "solid", f"stop {stop} shows no focus"
        assert reached == usable
        linked = page.locator("#alert-list a[href]").evaluate_all("links => links.map((link) => link.dataset.area)")
        assert len(linked) == len(set(linked))
        assert "N" not in linked
        seen.check()


def test_focus_stays(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """News while somebody is in the table moves neither the focus nor what was typed."""
    events = night(KNOWN)
    with given(embedded.start(), KNOWN, names, events[:4]) as board, opened(chromium, board.url) as seen:
        page = seen.page
        expect(page.locator("#f-coverage-of")).to_have_text("4 of 12")
        page.locator("#filter").fill("S")
        page.locator("#area-rows a").nth(1).focus()
        tell(embedded, Topology(names), records(KNOWN, events))
        expect(page.locator("#f-coverage-of")).to_have_text("12 of 12")
        assert page.evaluate("document.activeElement.textContent") == "Area S2"
        expect(page.locator("#filter")).to_have_value("S")
        seen.check()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1280), ("dark", 390)])
def test_accessible(chromium: Browser, board: Served, scheme: str, width: int) -> None:
    """axe-core finds nothing to mend, in either colour scheme, on either screen."""
    options: Any = {"color_scheme": scheme, "bypass_csp": True}  # for axe itself, which is no part of the page
    with opened(chromium, board.url, width, **options) as seen:
        expect(seen.page.locator("#area-rows th")).to_have_count(3)
        seen.page.locator("#chart-shares summary").click()
        found = Axe().run(seen.page)
        assert found.violations_count == 0, found.generate_report()


def test_empty(chromium: Browser, embedded: EmbeddedBroker, names: str) -> None:
    """Before anything came the page says that it waits, and is accessible too."""
    with given(embedded.start(), KNOWN, names, []) as board, opened(chromium, board.url, bypass_csp=True) as seen:
        expect(seen.page.locator("#sentence")).to_contain_text("Nothing has come yet")
        expect(seen.page.locator("#no-alerts")).to_have_text("No alert so far.")
        found = Axe().run(seen.page)
        assert found.violations_count == 0, found.generate_report()


def test_too_many_pages(chromium: Browser, board: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that found no room tries again by itself."""
    monkeypatch.setattr(server, "STREAMS", 0)
    with opened(chromium, board.url) as seen:
        with seen.page.expect_console_message(lambda message: "503" in message.text):
            seen.page.reload()
        expect(seen.page.locator("#connection")).to_have_text("Connecting")
        monkeypatch.setattr(server, "STREAMS", 1)
        expect(seen.page.locator("#connection")).to_have_text("Live")
        seen.check(("503",))
