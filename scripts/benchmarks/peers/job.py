"""The job that every peer does, but for what its library does for it: one ledger, one sum, the command line.

A report with an id that was seen changes nothing. Of each reporter the newest reading of a polling table stands; the
votes that more than half of the table's readers agree on are accepted. What changes is added to the municipality, the
state and the nation, and laid beside the newest bulletin there.
"""

import argparse
import json
import sys
import time
from collections import Counter

OPTIONS = ("A", "B", "C")


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--broker", required=True)
    parser.add_argument("--reports", required=True, help="the topic of the reports")
    parser.add_argument("--bulletins", required=True, help="the topic of the bulletins")
    parser.add_argument("--partitions", type=int, required=True)
    parser.add_argument("--output", required=True, help="the topic of the states")
    parser.add_argument("--group", required=True)
    parser.add_argument("--count", type=int, required=True, help="reports there are")
    parser.add_argument("--areas", required=True, help="a JSON file: the areas above each polling table")
    parser.add_argument("--directory", required=True)
    return parser.parse_args()


def areas_of(path):
    with open(path, "rb") as file:
        return json.load(file)


class Stopwatch:
    """From the first report to the end of the last, wall time and processor time of all threads."""

    def __init__(self):
        self.began = self.ended = None

    def start(self):
        if self.began is None:
            self.began = time.monotonic(), time.process_time()

    def stop(self):
        self.ended = time.monotonic(), time.process_time()

    def tell(self):
        (wall, cpu), (wall_end, cpu_end) = self.began, self.ended
        print(json.dumps({"seconds": wall_end - wall, "cpu": cpu_end - cpu}), flush=True)
        sys.stdout.flush()


def new_ledger():
    return {"seen": [], "newest": {}, "accepted": None}


def take(ledger, report):
    """Take a report into the ledger; return what that adds to the areas above, or None: tables, then votes."""
    if report["id"] in ledger["seen"]:
        return None
    ledger["seen"].append(report["id"])
    newest = ledger["newest"]
    votes = [report["votes"].get(option, 0) for option in OPTIONS]
    reading = [report["observed_at"], report["id"], votes]
    known = newest.get(report["reporter"])
    if known is not None and known[:2] > reading[:2]:
        return None
    newest[report["reporter"]] = reading
    if len(newest) > 1:
        leading, support = Counter(tuple(reading[2]) for reading in newest.values()).most_common(1)[0]
        votes = list(leading) if 2 * support > len(newest) else None
    before, ledger["accepted"] = ledger["accepted"], votes
    if votes == before:
        return None
    after, past = ([0, 0, 0, 0] if v is None else [1, *v] for v in (votes, before))
    return [a - b for a, b in zip(after, past, strict=True)]


def add(sums, delta):
    return [a + b for a, b in zip(sums, delta, strict=True)] if sums else delta


def state(area, sums, bulletin):
    """What is put out of an area: its sums beside the newest bulletin."""
    votes = dict(zip(OPTIONS, sums[1:], strict=True))
    found = {"area": area, "tables": sums[0], "votes": votes, "official": None, "divergence": None}
    if bulletin is not None:
        valid, announced = sum(sums[1:]) or 1, sum(bulletin["votes"].values()) or 1
        found["official"] = bulletin["votes"]
        found["divergence"] = {o: bulletin["votes"].get(o, 0) / announced - votes[o] / valid for o in OPTIONS}
    return found
