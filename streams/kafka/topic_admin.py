"""Creates, describes and deletes Kafka topics.

`topology` says which topics there are, a `TopicSpec` says how one must look. Everything works on Apache Kafka and on
the embedded broker alike.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from time import monotonic, sleep
from typing import Any, Final, Literal

from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType, OffsetSpec
from kafka.errors import BrokerResponseError, for_code

from streams.errors import CotejoError
from streams.kafka import clients
from streams.kafka.clients import CONNECT_SECONDS
from streams.kafka.topic_spec import TopicSpec

READY_SECONDS: Final = 15.0  # by then a new topic has its leaders, and a deleted one is gone

_NO_ERROR, _UNKNOWN_TOPIC, _ALREADY_EXISTS = 0, 3, 36


class TopicError(CotejoError):
    """The broker refused to create, describe or delete a topic; the text is the broker's reason."""


class TopicMismatch(TopicError):  # noqa: N818 - says what happened
    """A topic exists, but not as it must be."""

    def __init__(self, topic: str, differences: Sequence[str]) -> None:
        self.topic, self.differences = topic, tuple(differences)
        cure = "set it with kafka-configs.sh, or choose other names with --prefix"
        if any(text.startswith("has partitions=") for text in differences):
            cure = "if it holds a night, use that night's --partitions; else choose other names with --prefix"
        super().__init__(f"topic {topic} {'; '.join(differences)}: {cure}")


@dataclass(frozen=True, slots=True)
class TopicChange:
    """What `ensure` did about one topic."""

    name: str
    change: Literal["created", "kept"]


@dataclass(frozen=True, slots=True)
class TopicState:
    """One topic as the broker has it. `messages` is end minus first offset: compacted ones count too."""

    name: str
    state: Literal["missing", "ok", "differs"]
    partitions: int = 0
    messages: int = 0
    differences: tuple[str, ...] = ()


@contextmanager
def admin(broker: str, seconds: float = CONNECT_SECONDS) -> Iterator[Any]:
    """An admin client from `clients.admin` that raises `TopicError` for what the broker refuses."""
    with clients.admin(broker, seconds) as client:
        try:
            yield client
        except BrokerResponseError as error:
            raise TopicError(f"broker {broker}: {clients.refusal(error)}") from error


def ensure(broker: str, specs: Sequence[TopicSpec]) -> list[TopicChange]:
    """Create the topics that are missing; return what was done, in the order of `specs`.

    Safe to repeat, and safe while another process does the same. Raises `TopicMismatch` where a topic exists
    with another number of partitions or another cleanup policy; nothing is created then.
    """
    with admin(broker) as client:
        states = _describe(client, specs)
        _refuse_mismatches(states.values())
        missing = [spec for spec in specs if states[spec.name].state == "missing"]
        created = _create(client, missing) if missing else set()
        _refuse_mismatches(_describe(client, missing).values())  # somebody else may have made one
    return [TopicChange(spec.name, "created" if spec.name in created else "kept") for spec in specs]


def describe(broker: str, specs: Sequence[TopicSpec]) -> list[TopicState]:
    """Compare the broker's topics with `specs`; one state for each, in their order."""
    with admin(broker) as client:
        counts = _count(client, (states := _describe(client, specs)).values())
    return [replace(states[spec.name], messages=counts[spec.name]) for spec in specs]


def lag(broker: str, group: str, topic: str) -> int:
    """How many of a topic's records a consumer group has not finished with: the ends of its partitions less what
    the group has committed there."""
    with admin(broker) as client:
        (description,) = client.describe_topics([topic])
        places = [TopicPartition(topic, partition) for partition in range(len(description["partitions"]))]
        held = _offsets(client, places)
        done = client.list_group_offsets({group: places})[group]
    committed = {place: entry.offset for place, entry in done.items()}
    return sum(end - max(first, committed.get(place, first)) for place, (first, end) in held.items())


def members(broker: str, group: str) -> int:
    """How many members a consumer group has now."""
    with admin(broker) as client:
        return len(client.describe_groups([group])[group]["members"])


def grow(broker: str, name: str, partitions: int) -> None:
    """Raise a topic's number of partitions to `partitions`, if it has fewer."""
    with admin(broker) as client:
        (topic,) = client.describe_topics([name])
        if len(topic["partitions"]) < partitions:
            client.create_partitions({name: partitions})


def partitions(broker: str, names: Sequence[str]) -> dict[str, int]:
    """How many partitions each of these topics has; 0 for one that is not there."""
    with admin(broker) as client:
        topics = {topic["name"]: topic for topic in client.describe_topics(list(names))}
    return {name: len(topics[name]["partitions"]) if topics[name]["error_code"] == _NO_ERROR else 0 for name in names}


def delete(broker: str, names: Iterable[str]) -> list[str]:
    """Delete topics with all their records; return those that existed. Missing ones are no error."""
    with admin(broker) as client:
        deadline = monotonic() + READY_SECONDS
        answer = client.delete_topics(list(set(names)), raise_errors=False)
        gone = _succeeded(answer["topics"], otherwise=_UNKNOWN_TOPIC)
        while gone & set(client.list_topics()) and monotonic() < deadline:
            sleep(0.05)
    return sorted(gone)


def _create(client: Any, specs: Sequence[TopicSpec]) -> set[str]:
    """Create topics and wait for their leaders; return those that nobody else has created meanwhile."""
    wanted = {spec.name: {"num_partitions": spec.partitions, "configs": spec.configs} for spec in specs}
    created = _succeeded(client.create_topics(wanted, raise_errors=False)["topics"], otherwise=_ALREADY_EXISTS)
    client.wait_for_topics(list(wanted), timeout_ms=int(READY_SECONDS * 1000))
    return created


def _describe(client: Any, specs: Sequence[TopicSpec]) -> dict[str, TopicState]:
    wanted = [spec.name for spec in specs]
    topics = {t["name"]: t for t in client.describe_topics(wanted)} if wanted else {}
    present = _succeeded(topics.values(), otherwise=_UNKNOWN_TOPIC)
    configs: Mapping[str, Any] = {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, name) for name in present]
    with suppress(BrokerResponseError):  # a cluster may forbid it; then only partitions are compared
        configs = client.describe_configs(asked, config_filter="all").get("topic", {})
    states = {name: TopicState(name, "missing") for name in wanted}
    existing = (s for s in specs if s.name in present)
    return states | {s.name: _compare(s, topics[s.name], configs.get(s.name, {})) for s in existing}


def _compare(spec: TopicSpec, topic: Mapping[str, Any], configs: Mapping[str, Any]) -> TopicState:
    partitions = len(topic["partitions"])
    has = {key: config["value"] for key, config in configs.items()} | {"partitions": partitions}
    wants = spec.configs | {"partitions": spec.partitions}
    if spec.may_grow and partitions > spec.partitions:
        del wants["partitions"]
    odd = tuple(f"has {k}={has[k]}, wants {want}" for k, want in wants.items() if has.get(k, want) != want)
    return TopicState(spec.name, "differs" if odd else "ok", partitions, differences=odd)


def _refuse_mismatches(states: Iterable[TopicState]) -> None:
    grave = ("has partitions=", "has cleanup.policy=")  # an operator may have changed the rest, with reason
    for state in states:
        if odd := [text for text in state.differences if text.startswith(grave)]:
            raise TopicMismatch(state.name, odd)


def _succeeded(topics: Iterable[Mapping[str, Any]], otherwise: int) -> set[str]:
    """Return the topics without error; raise `TopicError` for any error but `otherwise`."""
    codes = {topic["name"]: topic["error_code"] for topic in topics}
    for name, code in codes.items():
        if code not in (_NO_ERROR, otherwise):
            raise TopicError(f"topic {name}: {for_code(code).__name__}, {for_code(code).description}")
    return {name for name, code in codes.items() if code == _NO_ERROR}


def _count(client: Any, states: Iterable[TopicState]) -> Counter[str]:
    places = [TopicPartition(s.name, p) for s in states for p in range(s.partitions)]
    counts = Counter[str]()
    for place, (first, end) in _offsets(client, places).items():
        counts[place.topic] += end - first
    return counts


def _offsets(client: Any, places: Sequence[TopicPartition]) -> dict[TopicPartition, tuple[int, int]]:
    """The first offset of each partition, and the one after its last."""
    first, end = (
        client.list_partition_offsets(dict.fromkeys(places, spec)) for spec in (OffsetSpec.EARLIEST, OffsetSpec.LATEST)
    )
    return {place: (first[place].offset, end[place].offset) for place in places}
