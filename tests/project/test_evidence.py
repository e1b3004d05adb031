"""A small sample of every table in docs/evidence.md, so that its commands keep working and keep saying so."""

import csv
import gzip
import os
import subprocess
import sys
from pathlib import Path
from random import Random

import numpy as np
import pytest
from brokers import ROOT
from evidence_tables import detection, honest, liars, sample, unseen
from evidence_tables.electorates import VILLAGES, WAYS, Electorate, Row, electorates, first, indonesia, order, venezuela

from streams.nights.scenarios import venezuela2024_facts
from streams.nights.scenarios.settings import Night

OPTIONS = unseen.INDONESIA


@pytest.fixture(scope="module")
def made_up() -> list[Electorate]:
    """A nation of two states, one with 1,000 tables: mild differences between parishes."""
    chance, rows = Random(1), list[Row]()
    for parish in range(120):
        lean = 0.5 + 0.2 * (chance.random() - 0.5)
        for table in range(12):
            registered = 300 + chance.randrange(300)
            valid = round(registered * (0.5 + 0.3 * lean))
            one = round(valid * (lean + 0.06 * (chance.random() - 0.5)))
            area = "North" if parish < 100 else "South", f"M{parish // 10}", f"P{parish}"
            known = registered if table % 9 else -1
            rows.append(Row(area, f"C{parish}-{table // 4}", known, (one, valid - one), chance.random()))
    return list(electorates("Made up", OPTIONS, rows))


def test_honest() -> None:
    """A few honest nights: nothing is called critical, nothing of arithmetic at all."""
    nights = honest.nights(12)
    assert {night.official for night in nights} == {"nation", "state", "municipality", "table"}
    for night in nights:
        found, judged, _ = honest.calls(night)
        assert judged["nation"] == (night.official != "nation" or 1)
        assert not {call for call in found if "critical" in call or "arithmetic" in call}


def test_detection() -> None:
    """10 points moved at 95 % coverage are critical for the nation; none moved, nothing is."""
    (nation, *states) = detection.calls(detection.night(1, 10, 0.95))
    assert (nation.level, nation.severity, len(states)) == ("nation", "critical", 8)
    assert not any(call.severity for call in detection.calls(detection.night(1, 0, 0.95)))


def test_sample() -> None:
    """Sheets in the order of the vote, a third of them missing: what leaves them out excludes the truth, what counts
    them at their worst does not; and what half a sample shows is seen less well than what all of it shows."""
    nights = [sample.Night(seed, 200) for seed in range(1, 9)]
    found = [sample.excluded(night, 0.33) for night in nights]
    assert all(each["left out"] for each in found)
    assert not any(each["anything"] or each["within-unseen"] for each in found)
    assert sample.shift(nights[0], 0.0) < sample.shift(nights[0], 0.5)


def test_sample_widths() -> None:
    """The more is sampled, the narrower the guaranteed interval, which is never wider than without the correction."""
    found = [sample.widths(sample.Night(3, size)) for size in (300, 3_000, 5_400)]
    for usual, plain, corrected in found:
        assert plain[0] < corrected[0] < usual[0]
        assert plain[1] > corrected[1] > usual[1]
    assert found[0][2][0] < found[1][2][0] < found[2][2][0]


def test_sample_clusters(capsys: pytest.CaptureFixture[str]) -> None:
    """A centre has all of its tables in the sample, and whole centres say less than as many tables one by one."""
    night = sample.Night(2, 100, sample.CENTRE)
    assert night.cluster is not None
    counts = set(np.bincount(night.cluster).tolist())
    assert max(counts) == sample.CENTRE
    assert len(night.full.weight) == len(set(night.cluster.tolist()))
    (low, high), _, (least, most) = sample.widths(night)
    (low_alone, high_alone), _, (least_alone, most_alone) = sample.widths(sample.Night(2, 500))
    assert high - low > high_alone - low_alone
    assert most - least > most_alone - least_alone
    assert least < night.truth < most
    sample.show_clusters(1)
    assert len(capsys.readouterr().out.splitlines()) == 5


def test_sample_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """Honest counts of the worst choice of tables call nobody, and the rule leaves more room than they need."""
    sample.show_rule(2)
    rows = [row.split("|")[1:-1] for row in capsys.readouterr().out.splitlines()[2:]]
    assert len(rows) == len(sample.PARTS)
    for _, called, highest, *fits in rows:
        assert called.strip().startswith("0.0 %")
        assert all(float(high) > float(highest) for high in fits)


def test_liars() -> None:
    """One reading a sheet: what liars forge is accepted, and moves the nation."""
    night = Night(tables=400, states=2, municipalities=5, liars=0.05, forged=0.1, mis_keyed=0, bulletins=1)
    nation, state, forged, accepted = liars.moved(night)
    assert 0.5 < nation <= state
    assert 0.05 < forged < 0.15
    assert 0.8 < accepted < 0.9


def test_electorates(made_up: list[Electorate]) -> None:
    """The nation, and each state of 1,000 tables; every area says what exists, and its voters where all are known."""
    nation, north = made_up
    assert (nation.name, north.name) == ("Made up", "Made up, North")
    assert (len(nation.votes), len(north.votes)) == (1440, 1200)
    for electorate in made_up:
        election = electorate.election
        assert election.root.tables == len(electorate.votes) == len(election.tables)
        assert election.root.registered is None  # some tables have none
        for t, (id, table) in enumerate(election.tables.items()):
            assert id == f"T{t}"
            assert (table.registered or -1) == electorate.registered[t]
            assert election.layout.area[table.area] == electorate.lines[-1, t]


def test_ways(made_up: list[Electorate]) -> None:
    """Every way orders all tables; whole areas come one after the other; strongholds come last."""
    for electorate in made_up:
        for way in (*WAYS, *VILLAGES):
            if way == "whole provinces" and not electorate.is_nation:
                continue
            coming = order(electorate, way, 1)
            assert len(set(coming.tolist())) == len(electorate.votes)
            seen = first(coming, 0.5)
            assert seen.sum() == len(coming) // 2
            shares = [electorate.votes[some, 0].sum() / electorate.valid[some].sum() for some in (seen, ~seen)]
            if way.endswith("of the first"):
                assert shares[0] < shares[1] - 0.02
            if way.endswith("of the second"):
                assert shares[0] > shares[1] + 0.02
            groups = {"whole centres": electorate.centre, "whole municipalities": electorate.lines[-2]}.get(way)
            if groups is not None:
                split = {int(g) for g in groups[seen]} & {int(g) for g in groups[~seen]}
                assert len(split) <= 1


def test_unseen(made_up: list[Electorate], capsys: pytest.CaptureFixture[str]) -> None:
    """A sample of the nights of a made-up electorate: nothing is called, in whatever way tables are left unseen, and
    what is printed has a line for each."""
    found = [
        moment
        for turn, electorate in enumerate(made_up)
        for night in list(unseen.nights(electorate, WAYS, turn))[turn::3]
        for moment in unseen.moments(night)
    ]
    assert {moment.night.way for moment in found} == set(WAYS)
    assert {moment.counted for moment in found} == {0.3, 0.6, 0.85, 1.0}
    assert not any(moment.severity for moment in found)
    assert 0 < max(moment.required for moment in found) < 20
    unseen.print_ways(found, WAYS)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(WAYS) + 1
    assert f"| all | {len(found) // 4} | 0 | 0 |" in lines[-1]


@pytest.mark.parametrize("shift", [-15, 15])
def test_moved(made_up: list[Electorate], shift: float) -> None:
    """15 points moved either way at 95 % coverage are critical, and need a deviation that nobody believes."""
    night = unseen.Night(made_up[1], "at random", 0.95, "at random")
    (moment,) = unseen.moments(night, shift, (1.0,))
    assert moment.severity == "critical"
    assert moment.required > 90


def test_real(election_data: Path) -> None:
    """One real province, every way to leave its tables unseen: nothing is called."""
    electorate = list(unseen.venezuelan(election_data))[1]
    for night in list(unseen.nights(electorate, WAYS, 0))[::3]:
        assert not [moment for moment in unseen.moments(night) if moment.severity]


def test_readers(tmp_path: Path) -> None:
    """What the readers take of the published files, and what they leave out."""
    stations = tmp_path / "indonesia2019/tps_crowd_vs_kpu.csv.gz"
    stations.parent.mkdir()
    with gzip.open(stations, "wt", encoding="utf-8", newline="") as file:
        names = "prov,kab,kec,kel_id,tps,kpu_pas1,kpu_pas2,crowd_pas1,crowd_pas2,registered_m,registered_f,first_ts_ms"
        print(names, file=file)
        print("P,K,D,7,1,10,20,11,20,50,60,5", file=file)
        print("P,K,D,7,2,,,11,20,-1,-1,", file=file)
        print("P,K,D,7,3,0,0,,,50,60,", file=file)
        print("P,K,D,7,0,10,20,11,20,50,60,5", file=file)
    areas = "P", "K", "D", "7"
    assert list(indonesia(tmp_path)) == [
        Row(areas, "7", 110, (10, 20), 5),
        Row(areas, "7", -1, (11, 20), float("inf")),
    ]
    sheets = tmp_path / "venezuela2024/venezuela2024_tables.csv"
    sheets.parent.mkdir()
    options = [option.id.lower() for option in venezuela2024_facts.OPTIONS]
    with sheets.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["edo", "mun", "par", "centre", "registered", "first_seen", *options])
        writer.writerow(["E", "M", "Q", "9", "", "site_2", *range(10)])
        writer.writerow(["E", "M", "Q", "9", "700", "site_1", *range(10)])
        writer.writerow(["E", "M", "Q", "9", "700", "site_1", *[""] * 10])
    votes, place = tuple(range(10)), ("E", "M", "Q")
    assert list(venezuela(tmp_path)) == [Row(place, "9", 700, votes, 0), Row(place, "9", -1, votes, 1)]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param([], "scripts/evidence honest", id="nothing asked"),
        pytest.param(["unseen"], "COTEJO_DATA is not set", id="no data"),
        pytest.param(["honest", "1", "2"], "scripts/evidence honest", id="too many words"),
    ],
)
def test_usage(words: list[str], told: str) -> None:
    """What cannot be printed is said, with what can."""
    environment = {name: value for name, value in os.environ.items() if name != "COTEJO_DATA"}
    environment["PYTHONPATH"] = f"{ROOT}:{ROOT}/scripts"
    command = [sys.executable, "-m", "evidence_tables", *words]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=ROOT, timeout=60)
    assert done.returncode == 1
    assert told in done.stderr
