"""Every rule can be switched off, or made a remark, and every way to run a night goes by it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import cast

import msgspec
import orjson
import pytest
from brokers import Broker
from builders import T0, alike, bulletin, drawn_sample, election, lines, report
from nights import LiveNight, direct
from pipeline import Pipeline, feed
from replays import explained, of_events, of_logs
from test_cli import cotejo

from streams.config import election_file, election_writer
from streams.config.csv_file import ElectionFileError
from streams.core.alerting.alert import Notice
from streams.core.alerting.alert_life import Reason, deadline, step
from streams.core.comparison.findings import RANK, Finding
from streams.core.comparison.rules import KINDS, NAMES
from streams.core.election.model import Election, Receiver
from streams.core.election.settings import AlertPolicy, FingerprintRule, HealthRule, Rules, Switch, Switches
from streams.core.election.thresholds import NAMES as WRITTEN
from streams.core.events.codec import to_json
from streams.core.events.model import Event
from streams.delivery.loopback_receiver import AlertReceiver
from streams.kafka.topology import Topology
from streams.nights.feeder import Pace

LOUD = Rules(health=HealthRule(bulletin_every=60), fingerprint=FingerprintRule(max_chance=1))


def known(**switches: str) -> Election:
    """An election of 40 polling tables with these rules switched."""
    switch = replace(Switches(), **cast(Mapping[str, Switch], switches))
    sampled = drawn_sample({"N": [f"S{s}-{t}" for s in (1, 2) for t in range(1, 16)]})
    return replace(
        election(states=2, tables=20, alerts=AlertPolicy(), rules=replace(LOUD, switch=switch)), sample=sampled
    )


def night() -> list[Event]:
    """A night on which every rule has something to say of the nation."""
    sheets = alike(known(), (50, 20, 5), 36)
    tables = list(sheets)
    away = list(known().tables)[36:39]
    seen = [report(table, {"A": 30}, id=f"{table} seen", at=T0, bound="at-least") for table in tables[:3]]
    heads = [report(table, {}, id=f"{table} heads", at=T0, bound="at-most", ballots=70) for table in away]
    single = [bulletin((20, 50, 5), area=table, at=T0) for table in [*tables[:20], *away]]
    return [
        *(report(table, votes, at=T0) for table, votes in sheets.items()),
        *seen,
        *heads,
        *single,
        bulletin((2000, 0, 0), area="S1", at=T0 + 1000),
        bulletin((1000, 1700, 300), at=T0 + 1000, tables_counted=40),
        bulletin((900, 1800, 330), at=T0 + 20_000, sequence=2, tables_counted=40, valid=3000),
        bulletin((890, 1800, 330), at=T0 + 40_000, sequence=3, id="N-2", tables_counted=40, valid=3000),
        report("S1-1", (50, 20, 5), reporter="eva", at=T0 + 200_000),
    ]


Fired = Mapping[str, set[str]]
"""By rule, the severities of what it said of the nation."""


def of_notices(notices: Iterable[Mapping[str, object]]) -> Fired:
    found: dict[str, set[str]] = {}
    for notice in notices:
        rule, area, _ = str(notice["fingerprint"]).split(":")
        if area == "N":
            found.setdefault(rule, set()).add(str(notice["severity"]))
    return found


def by_stages(given: Election, events: list[Event]) -> Fired:
    logs = feed(given, lines(events), Topology("x.", 3), Pace(every_tick=True))
    return of_notices(Pipeline(given, logs).run(lambda count: 0).notices)


def by_log(given: Election, events: list[Event]) -> Fired:
    topology = Topology("x.", 3)
    logs = feed(given, lines(events), topology, Pace(every_tick=True))
    found = of_logs(given, logs, topology, lambda count: 0, lambda channel: 10**6)
    return of_notices(to_json(notice) for notice in found.notices)


def by_explain(given: Election, events: list[Event]) -> Fired:
    """What stands in the end; the bulletin before is held against none."""
    return of_notices(explained(given, events).area("N")["alerts"])


DRIVERS: Mapping[str, Callable[[Election, list[Event]], Fired]] = {
    "core": lambda given, events: of_notices(direct(given, lines(events)).notices),
    "event replay": lambda given, events: of_notices(to_json(n) for n in of_events(given, lines(events)).notices),
    "log replay": by_log,
    "stages": by_stages,
    "explain": by_explain,
}


def test_each_rule_has_a_switch() -> None:
    """The switches are those of the rules in the list, no more and no less, under the names that alerts have."""
    assert sorted(WRITTEN[field.name] for field in fields(Switches)) == sorted(NAMES)
    assert set(DRIVERS["core"](known(), night())) == set(NAMES), "the night here must make every rule speak"


def test_kinds() -> None:
    """What is said of each rule, its class and how grave it may be, is so of all that it finds in this night."""
    notices = [msgspec.convert(notice, Notice) for notice in direct(known(), lines(night())).notices]
    assert KINDS.keys() == set(NAMES) == {notice.finding.rule for notice in notices}
    for notice in notices:
        rule_class, gravest = KINDS[notice.finding.rule]
        assert notice.finding.rule_class == rule_class
        assert RANK[notice.severity] <= RANK[gravest]


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("rule", NAMES)
def test_off_and_remark(rule: str, driver: str) -> None:
    """A rule that is off says nothing, one that remarks has severity info, and the others say what they always say:
    for each rule, by each way to run a night."""
    name, run = rule.replace("-", "_"), DRIVERS[driver]
    usual = run(known(), night())
    assert run(known(**{name: "off"}), night()) == {r: said for r, said in usual.items() if r != rule}
    assert run(known(**{name: "remark"}), night()) == {**usual, rule: {"info"}}


@pytest.mark.parametrize(
    ("text", "place", "cure"),
    [
        pytest.param('parts = "of"', "rules.switch.parts", "write on or remark or off", id="no such word"),
        pytest.param("parts = false", "rules.switch.parts", "write on or remark or off", id="no word at all"),
        pytest.param('own-sum = "off"', "rules.switch.own-sum", "means nothing here: write own-sums", id="no rule"),
    ],
)
def test_wrong_switches(text: str, place: str, cure: str, tmp_path: Path) -> None:
    """A wrong switch is one error with its line, its place and its cure."""
    path = election_writer.write(known(), tmp_path)
    rows = path.read_text().splitlines()
    line = rows.index('parts = "on"')
    path.write_text("\n".join([*rows[:line], text, *rows[line + 1 :]]))
    with pytest.raises(ElectionFileError) as caught:
        election_file.load(path)
    said = str(caught.value)
    assert place in said
    assert cure in said
    assert f":{line + 1}:" in said


def test_written_and_read(tmp_path: Path) -> None:
    """An election file keeps its switches."""
    given = known(parts="off", feed_health="remark")
    assert election_file.load(election_writer.write(given, tmp_path)).rules.switch == given.rules.switch


def test_a_remark_ends_what_was_called() -> None:
    """A rule that is made a remark in the middle of a night ends the alert that people were called for, so that they
    hear of it, and goes on as a remark."""
    finding = Finding("parts", "consistency", "N", "A", "warning", 5, "votes", "b1", {}, {})
    policy = AlertPolicy(hold=0)
    fired = step(None, finding, T0, "b1", policy)
    over = step(fired.alert, finding.as_remark(), T0 + 1, "b1", policy)
    assert (over.reason, over.notice and over.notice.status) == (Reason.REMARKED, "resolved")
    assert over.notice is not None
    assert over.notice.severity == "warning"
    assert over.alert is not None
    assert deadline(over.alert, policy) == T0 + 1
    gone = step(over.alert, None, T0 + 2, "b1", policy).alert
    assert gone is not None
    assert deadline(gone, policy) is None
    again = step(over.alert, finding.as_remark(), T0 + 2, "b1", policy)
    assert (again.reason, again.notice and again.notice.severity) == (Reason.FIRED, "info")


def test_commands(tmp_path: Path) -> None:
    """`replay` and `report` go by the switches in the election file."""
    path = election_writer.write(known(table_mismatch="off", contradiction="remark"), tmp_path)
    events = tmp_path / "night.jsonl"
    events.write_bytes(b"".join(line + b"\n" for line in lines(night())))
    fired = of_notices(orjson.loads(cotejo("replay", path, events, "--json").stdout)["notices"])
    assert ("table-mismatch" in fired, fired["contradiction"]) == (False, {"info"})
    page = tmp_path / "page.html"
    assert cotejo("report", path, events, "--out", page).returncode == 0
    text = page.read_text()
    assert "polling tables differ from their tally sheets" not in text
    assert '<td class="n changed">off</td>' in text


def test_live(broker: Broker, names: str, tmp_path: Path) -> None:
    """Workers go by the switches too, and a remark is POSTed only to a receiver that asks for remarks."""
    secret = "whsec_" + "Y29uc3RhbnQga2V5IGZvciB0aGlzIHRlc3Q="
    got: dict[str, list[Mapping[str, object]]] = {"desk": [], "archive": []}
    with (
        AlertReceiver(secret, lambda webhook: got["desk"].append(webhook["data"])) as desk,
        AlertReceiver(secret, lambda webhook: got["archive"].append(webhook["data"])) as archive,
    ):
        receivers = (
            Receiver("desk", desk.url, "SWITCH_SECRET", allow_loopback=True),
            Receiver("archive", archive.url, "SWITCH_SECRET", allow_loopback=True, severity="info"),
        )
        given = replace(known(table_mismatch="off", contradiction="remark"), receivers=receivers)
        with LiveNight(given, broker, tmp_path, names) as live:
            live.environment["SWITCH_SECRET"] = secret
            live.start()
            live.ready()
            live.feed(lines(night()))
            live.wait(delivered=True)
            live.stop()
            fired = of_notices(live.outcome().notices)
    assert fired == DRIVERS["core"](given, night())
    heard = {name: of_notices(notices) for name, notices in got.items()}
    assert heard["archive"] == fired
    assert heard["desk"] == {rule: loud for rule, said in fired.items() if (loud := said - {"info"})}
