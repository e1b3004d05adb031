"""Crash and rebalance soak: events flow while workers, the broker and receivers die, freeze and come back.

After each round every area's state, every verdict, alert and notice must equal what the core makes of the same input,
and every receiver must have every webhook, in order for each fingerprint, under one id each. What happens is drawn
from the seed; a round that misses is kept with everything that is known of it. Progress goes to stderr.
"""

import argparse
import shutil
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests/helpers"))
from brokers import ApacheBroker, scripts_kafka
from soak_rounds import Given, Round, Soak

from streams.kafka.embedded_broker import EmbeddedBroker


def say(*words: object) -> None:
    print("soak:", *words, file=sys.stderr, flush=True)


def broker_of(name: str, place: Path, stack: ExitStack) -> Any:
    if name == "embedded":
        return stack.enter_context(EmbeddedBroker())
    if name == "apache":
        if reason := scripts_kafka("install"):
            sys.exit(reason)
        broker = ApacheBroker(place)
        stack.callback(broker.stop)
        return broker.start()
    return Given(name)


def told(this: Round) -> str:
    ended = "".join(f"\n        {text}" for text in this.ended)
    faults = "; ".join(this.faults) or "no fault"
    return f"round {this.number}: {'MISS' if this.missed else 'good'} in {this.seconds} s ({faults}){ended}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--broker", default="apache", help="embedded, apache, or HOST:PORT (which is left alone)")
    parser.add_argument("--workers", type=int, default=0, help="3, or 1 on the embedded broker, unless told")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long events flow in each round")
    parser.add_argument("--round", type=int, default=0, help="only this round; what came before is fed without faults")
    parser.add_argument("--json", action="store_true", help="a report as JSON on stdout")
    given = parser.parse_args()
    workers = given.workers or (1 if given.broker == "embedded" else 3)
    place, began = Path(tempfile.mkdtemp(prefix="cotejo-soak-")), time.monotonic()
    say(f"everything is in {place}")
    rounds: list[Round] = []
    with ExitStack() as stack:
        broker = broker_of(given.broker, place, stack)
        options = {"seed": given.seed, "rounds": given.rounds, "workers": workers, "only": given.round}
        soak = stack.enter_context(Soak(broker, place, seconds=given.seconds, **options))
        for this in soak.run():
            rounds.append(this)
            say(told(this))
            if this.missed:
                say(this.missed)
                say(f"kept in {soak.keep(this)}; again, this round alone:")
                same = f"--seed {given.seed} --rounds {given.rounds} --workers {workers} --seconds {given.seconds:g}"
                say(f"  scripts/soak {same} --broker {given.broker} --round {this.number}")
        files = soak.local_files
    missed = [this for this in rounds if this.missed]
    report = {
        "seed": given.seed, "broker": given.broker, "workers": workers, "rounds": len(rounds), "missed": len(missed),
        "seconds": round(time.monotonic() - began), "local_files": files, "each": [asdict(this) for this in rounds],
    }  # fmt: skip
    if given.json:
        print(orjson.dumps(report, option=orjson.OPT_INDENT_2).decode())
    say(f"{len(rounds) - len(missed)} of {len(rounds)} good; files that workers keep on disk: {files or 'none'}")
    if not missed:
        shutil.rmtree(place)
    return 1 if missed else 0


sys.exit(main())
