"""The job on bytewax: whole batches per key, in one worker. Without recovery, which is its quickest way."""

import job
import orjson
from bytewax import operators as op
from bytewax.connectors.kafka import KafkaSinkMessage
from bytewax.connectors.kafka import operators as kop
from bytewax.dataflow import Dataflow
from bytewax.operators import StatefulBatchLogic
from bytewax.testing import run_main

given = job.arguments()
areas, watch = job.areas_of(given.areas), job.Stopwatch()


def events(messages):
    watch.start()
    return [orjson.loads(message.value) for message in messages]


def reports(messages):
    return [(event["table"], event) for event in events(messages) if event["type"] == "tally-report"]


def bulletins(messages):
    return [(event["area"], event) for event in events(messages) if event["type"] == "bulletin"]


class Ledger(StatefulBatchLogic):
    """One polling table; gives what its reports add."""

    def __init__(self, state):
        self.state = state or job.new_ledger()

    def on_batch(self, values):
        deltas = (job.take(self.state, report) for report in values)
        return [delta for delta in deltas if delta is not None], False

    def snapshot(self):
        return self.state


class Area(StatefulBatchLogic):
    """One area: its sums and its newest bulletin; gives what changed, once a batch."""

    def __init__(self, state):
        self.sums, self.bulletin = state or ([0, 0, 0, 0], None)

    def on_batch(self, values):
        for value in values:
            if isinstance(value, list):
                self.sums = job.add(self.sums, value)
            elif self.bulletin is None or value["sequence"] > self.bulletin["sequence"]:
                self.bulletin = value
        return [(self.sums, self.bulletin)], False

    def snapshot(self):
        return self.sums, self.bulletin


def above(changes):
    return [(area, delta) for table, delta in changes for area in areas[table]]


def message(change):
    area, (sums, bulletin) = change
    watch.stop()
    return KafkaSinkMessage(area.encode(), orjson.dumps(job.state(area, sums, bulletin)))


flow = Dataflow("night")
source = {"brokers": [given.broker], "tail": False, "batch_size": 10_000}
sheets = kop.input("reports", flow, topics=[given.reports], **source)
official = kop.input("bulletins", flow, topics=[given.bulletins], **source)
changes = op.stateful_batch("ledger", op.flat_map_batch("read", sheets.oks, reports), Ledger)
parts = op.flat_map_batch("above", changes, above)
announced = op.flat_map_batch("announced", official.oks, bulletins)
states = op.stateful_batch("area", op.merge("both", parts, announced), Area)
kop.output("out", op.map("message", states, message), brokers=[given.broker], topic=given.output)
run_main(flow)
watch.tell()
