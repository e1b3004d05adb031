"""Faust, corrected: `App` takes the place of `faust.App`, `run` that of its command line.

All is done by subclasses in Faust's own seams: the settings Table, TableManager and agent_supervisor, and the
factory methods of App, Transport and Consumer. One seam is missing, aiokafka's fetch loop: `Thread.on_start`
changes attributes of its own instance. Each cure names the fault; tests/worker/test_corrections.py has a
regression test for it. Faust and aiokafka are pinned, because the cures reach into them.
"""

from streams.worker.faust_patches.app import App
from streams.worker.faust_patches.batches import Batch
from streams.worker.faust_patches.partition_ownership import Lost, Ownership, PartitionsGivenUp
from streams.worker.faust_patches.process_exit import NothingToSaveError, run
from streams.worker.faust_patches.sends import Sends
from streams.worker.faust_patches.settings import WrongSession, WrongVersion
from streams.worker.faust_patches.tables import Journal, JournalRecord, Place, SendFailed, Table

__all__ = [
    "App",
    "Batch",
    "Journal",
    "JournalRecord",
    "Lost",
    "NothingToSaveError",
    "Ownership",
    "PartitionsGivenUp",
    "Place",
    "SendFailed",
    "Sends",
    "Table",
    "WrongSession",
    "WrongVersion",
    "run",
]
