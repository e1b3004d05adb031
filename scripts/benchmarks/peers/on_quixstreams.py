"""The job on Quix Streams, twice.

As its documentation has it: state per polling table, `group_by` area, state per area; a state goes out for each
change. With `--combine`: state per polling table, then sums in the memory of the process, and a state of each changed
area once a second. That is quicker, but the sums do not survive a crash and cannot be shared out to other processes.
"""

import sys
import time
from pathlib import Path

import job
from quixstreams import Application

COMBINE = "--combine" in sys.argv
if COMBINE:
    sys.argv.remove("--combine")
given = job.arguments()
areas, watch = job.areas_of(given.areas), job.Stopwatch()
app = Application(
    broker_address=given.broker,
    consumer_group=given.group,
    auto_offset_reset="earliest",
    state_dir=Path(given.directory) / "state",
    producer_extra_config={"linger.ms": 50},
    loglevel="WARNING",
)
bulletins = {}
read, made, summed = 0, 0, 0


def remember(bulletin):
    known = bulletins.get(bulletin["area"])
    if known is None or bulletin["sequence"] > known["sequence"]:
        bulletins[bulletin["area"]] = bulletin


def ledger(report, state):
    """What this report adds, and to which areas."""
    global read, made
    watch.start()
    read += 1
    known = state.get("ledger") or job.new_ledger()
    before = len(known["seen"])
    delta = job.take(known, report)
    if len(known["seen"]) != before:
        state.set("ledger", known)
    above = areas[report["table"]] if delta else []
    made += len(above)
    over()
    return [{"area": area, "delta": delta} for area in above]


def over():
    if read == given.count and (COMBINE or summed == made):
        watch.stop()
        app.stop()


def roll_up(change, state):
    global summed
    sums = job.add(state.get("sums"), change["delta"])
    state.set("sums", sums)
    summed += 1
    over()
    return job.state(change["area"], sums, bulletins.get(change["area"]))


sums, changed, told = {}, set(), 0.0


def combined(report, state):
    """The states of the areas that changed, once a second and when all is read."""
    global told
    for change in ledger(report, state):
        area, delta = change["area"], change["delta"]
        sums[area] = job.add(sums.get(area), delta)
        changed.add(area)
    if read < given.count and time.monotonic() - told < 1:
        return []
    told = time.monotonic()
    found = [job.state(area, sums[area], bulletins.get(area)) for area in changed]
    changed.clear()
    return found


output = app.topic(given.output)
app.dataframe(app.topic(given.bulletins)).filter(lambda event: event["type"] == "bulletin").update(remember)
reports = app.dataframe(app.topic(given.reports)).filter(lambda event: event["type"] == "tally-report")
if COMBINE:
    states = reports.apply(combined, stateful=True, expand=True)
else:
    changes = reports.apply(ledger, stateful=True, expand=True)
    states = changes.group_by("area").apply(roll_up, stateful=True)
states.to_topic(output, key=lambda state: state["area"])
app.run()
watch.tell()
