"""Which partition a polling table belongs to: where Kafka itself would put its id."""

from hypothesis import given
from hypothesis import strategies as st
from kafka.partitioner import murmur2 as kafkas

from streams.kafka.polling_table_partitioner import murmur2
from streams.kafka.topology import Topology


@given(st.lists(st.text(max_size=20)))
def test_murmur2(keys: list[str]) -> None:
    """Many keys have the hashes that kafka-python gives each, whatever their lengths."""
    assert murmur2(keys).tolist() == [kafkas(key.encode()) & 0xFFFFFFFF for key in keys]


@given(st.lists(st.text(max_size=20)), st.integers(1, 50))
def test_homes(tables: list[str], partitions: int) -> None:
    """Polling tables have the homes together that each has alone."""
    topology = Topology("x.", partitions)
    assert topology.homes(tables).tolist() == [topology.partition_of(table) for table in tables]
