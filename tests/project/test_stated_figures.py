"""What the pages say of limits, pauses and sizes is what the code holds."""

import pytest
from brokers import ROOT

from streams.board import night as board_night
from streams.board import server
from streams.core.alerting import delivery_hours, delivery_policy, next_delivery
from streams.core.election import area_map
from streams.core.events import codec, unreadable_message
from streams.core.reconciliation import flood_limits
from streams.core.replay import timeline
from streams.delivery import http_post
from streams.kafka import record_batches, topic_spec
from streams.nights import recorder
from streams.nights.eventlog import format as log_format
from streams.nights.eventlog import writer
from streams.nights.exports import query
from streams.nights.importers.reading import files, workbook_child
from streams.support import web_server
from streams.worker import courier, readiness

KIB, MIB, GIB = 2**10, 2**20, 2**30
MINUTE, HOUR = 60_000, 3_600_000


def spelt(count: float, one: str = "a") -> str:
    """A small number as the pages write it."""
    words: dict[float, str] = {1: one, 4: "four", 5: "five", 10: "ten"}
    return words.get(count, f"{count:g}")


@pytest.mark.parametrize(
    ("page", "words", "figure"),
    [
        ("board.md", "disconnected after {} seconds without taking", spelt(server.SLOW)),
        ("board.md", "process serves at most {} pages", server.STREAMS),
        ("board.md", "at most {} moments of an area", board_night.POINTS),
        ("board.md", "spread over the night, and {:,} in all", board_night.BUDGET),
        ("board.md", "areas that would get fewer than {} moments", board_night.FEWEST),
        ("board.md", "It remembers the last {:,} notices", board_night.NOTICES),
        ("board.md", "Alerts beyond the strongest {} are only counted", board_night.SHOWN),
        ("board.md", "It accepts {} connections", web_server.CONNECTIONS),
        ("board.md", "within {:.0f} seconds", web_server.IDLE),
        ("election-file.md", "The file has at most {} MiB and a million positions", area_map.MAP_BYTES / MIB),
        ("election-file.md", "an array of them ({:,} at most)", codec.MAX_PACK),
        ("election-file.md", "Minutes (at most {})", delivery_hours.LONGEST_DIGEST),
        ("event-log.md", "A block that unpacks to more than {} MiB is damage", log_format.MAX_RAW / MIB),
        ("event-log.md", "bytes after decompression (at most {:,})", log_format.MAX_RAW),
        ("event-log.md", "larger than {} MiB once unpacked", topic_spec.MESSAGE_BYTES / MIB),
        ("event-log.md", "not UTF-8 or more than {:,} (", record_batches.MAX_HEADERS),
        ("event-log.md", "a batch that unpacks to more than {} MiB", record_batches.UNPACKED_BYTES / MIB),
        ("event-log.md", "the recorder waits up to {:.0f} s for partitions", recorder.WAIT_SECONDS),
        ("event-log.md", "before one would grow beyond {} MiB", writer.SEGMENT / MIB),
        ("export.md", "(`--every`, in seconds, {:.0f} unless", query.EVERY / 1000),
        ("import.md", "unpacks to more than {} times its size", files.MOST_UNPACKED),
        ("import.md", "({} MiB are free)", files.FREE_BYTES / MIB),
        ("import.md", "more than {:.0f} million characters", files.MOST_CHARACTERS / 10**6),
        ("import.md", "a JSON document or workbook above {} MiB", files.MOST_DOCUMENT / MIB),
        ("import.md", "a workbook that takes {} GiB to read", workbook_child.MOST_MEMORY / GIB),
        ("replay.md", "at most {} points for the nation", timeline.POINTS),
        ("replay.md", "and {} for each area below", timeline.PART_POINTS),
        ("security.md", "(the first {} KiB of the message)", unreadable_message.KEPT_BYTES / KIB),
        ("threat-model.md", "messages of {} MiB", codec.MAX_BYTES / MIB),
        ("threat-model.md", "ledgers of {} KiB at most", flood_limits.LEDGER_BYTES / KIB),
        ("threat-model.md", "`rejected` keeps its first {} KiB", unreadable_message.KEPT_BYTES / KIB),
        ("operations.md", "more than {} minute behind the wall clock", spelt(readiness.STALE / MINUTE)),
        ("webhooks.md", "up to {} are POSTed at a time", spelt(courier.AT_ONCE)),
        ("webhooks.md", "**Answer 2xx within {:.0f} seconds**", http_post.TIMEOUT),
        ("webhooks.md", "at most {:.0f} minutes, for", delivery_policy.LONGEST_PAUSE / MINUTE),
        ("webhooks.md", "minutes, for {:.0f} hours", delivery_policy.GIVE_UP / HOUR),
        (
            "webhooks.md",
            "holds all alerts until then, for {} hour at most",
            spelt(delivery_policy.LONGEST_RETRY_AFTER / HOUR, "an"),
        ),
        ("webhooks.md", "At most {:,} notices may be due at one receiver", delivery_policy.BACKLOG),
        ("webhooks.md", "at one receiver, {:,} of one fingerprint", delivery_policy.LONGEST_CHAIN),
        ("webhooks.md", "all notices of an interval, {} at most", next_delivery.LARGEST_DIGEST),
        ("webhooks.md", "It is sent {} seconds after its interval ends", spelt(delivery_hours.SETTLE / 1000)),
    ],
)
def test_a_figure(page: str, words: str, figure: float | str) -> None:
    """The page says the figure that the code has."""
    whole = int(figure) if isinstance(figure, float) and figure.is_integer() and ":" not in words else figure
    text = " ".join((ROOT / "docs" / page).read_text(encoding="utf-8").split())
    assert words.format(whole) in text
