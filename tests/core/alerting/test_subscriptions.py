"""Which notices a receiver is sent: a sentence a row, and whole nights at random."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from builders import election
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from test_posting import NOTICE

from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import Chain
from streams.core.alerting.subscriptions import Choice, Subscription
from streams.core.election.model import Receiver

LINEAGE = election(states=2, districts=2, tables=4).lineage
ALL = Receiver("desk", "https://desk.example/", "S")
STATE, CRITICAL = replace(ALL, areas=("S1",)), replace(ALL, severity="critical")


def notice(area: str, number: int = 1, episode: int = 1, **fields: Any) -> Notice:
    """A notice of the rule `contradiction` about option A in this area."""
    about = {name: fields.pop(name) for name in ("rule", "rule_class") if name in fields}
    given = {"rule": "contradiction", "rule_class": "arithmetic", **about}
    finding = structs.replace(NOTICE.finding, **given, area=area, column="A")
    head = {"severity": "warning", "status": "firing", "muted_by": None}
    id = f"{finding.fingerprint}:{episode}:{number}"
    return structs.replace(NOTICE, id=id, fingerprint=finding.fingerprint, finding=finding, **{**head, **fields})


def choose(receiver: Receiver, about: Notice, told: Mapping[str, int]) -> Choice:
    return Subscription(receiver, LINEAGE).choose(about, lambda fingerprint: told.get(fingerprint))


NATION, PROVINCE = "contradiction:N:A", "contradiction:S1:A"


@pytest.mark.parametrize(
    ("receiver", "about", "told", "choice"),
    [
        pytest.param(ALL, notice("N"), {}, Choice.SENT, id="a receiver without wishes is sent what calls people"),
        pytest.param(ALL, notice("N", severity="info"), {}, Choice.TOO_SLIGHT, id="a remark calls nobody"),
        pytest.param(
            replace(ALL, severity="info"), notice("N", severity="info"), {}, Choice.SENT, id="unless asked for"
        ),
        pytest.param(ALL, notice("S1", muted_by=NATION), {}, Choice.SPOKEN_FOR, id="the alert above speaks for it"),
        pytest.param(
            ALL, notice("S1", muted_by=NATION, status="resolved"), {}, Choice.UNHEARD, id="nobody heard it begin"
        ),
        pytest.param(STATE, notice("S1"), {}, Choice.SENT, id="its own area"),
        pytest.param(STATE, notice("S1.2"), {}, Choice.SENT, id="an area within it"),
        pytest.param(STATE, notice("S2.1"), {}, Choice.OTHER_AREA, id="an area beside it"),
        pytest.param(STATE, notice("N"), {}, Choice.OTHER_AREA, id="the area around it"),
        pytest.param(
            replace(ALL, areas=("gone",)), notice("gone"), {}, Choice.SENT, id="an area that the file has no longer"
        ),
        pytest.param(
            STATE, notice("S1", muted_by=NATION), {}, Choice.SENT, id="what speaks for it does not reach this receiver"
        ),
        pytest.param(
            STATE, notice("S1.1", muted_by=PROVINCE), {PROVINCE: 1}, Choice.SPOKEN_FOR, id="what speaks for it does"
        ),
        pytest.param(
            STATE,
            notice("S1", 2, muted_by=NATION),
            {PROVINCE: 1},
            Choice.FOLLOWED,
            id="it goes on with what it was told",
        ),
        pytest.param(
            STATE,
            notice("S1", 2, muted_by=NATION, status="resolved"),
            {PROVINCE: 1},
            Choice.FOLLOWED,
            id="and hears the end, which others do not",
        ),
        pytest.param(CRITICAL, notice("N"), {}, Choice.TOO_SLIGHT, id="a warning does not wake it"),
        pytest.param(CRITICAL, notice("N", severity="critical"), {}, Choice.SENT, id="a critical alert does"),
        pytest.param(CRITICAL, notice("N", 2), {NATION: 1}, Choice.FOLLOWED, id="it hears that it is less grave now"),
        pytest.param(
            CRITICAL, notice("N", 3, status="resolved"), {NATION: 1}, Choice.FOLLOWED, id="and that it is over"
        ),
        pytest.param(
            CRITICAL, notice("N", episode=2), {NATION: 1}, Choice.TOO_SLIGHT, id="the next time is a time of its own"
        ),
        pytest.param(
            CRITICAL,
            notice("S1", muted_by=NATION, severity="critical"),
            {},
            Choice.SENT,
            id="a warning above, of which it was not told, speaks for nothing critical",
        ),
        pytest.param(
            CRITICAL,
            notice("S1.1", muted_by=PROVINCE, severity="critical"),
            {NATION: 4},
            Choice.SPOKEN_FOR,
            id="any alert further up that it was told of speaks for it",
        ),
        pytest.param(replace(ALL, rules=("contradiction", "parts")), notice("N"), {}, Choice.SENT, id="its rule"),
        pytest.param(replace(ALL, rules=("parts",)), notice("N"), {}, Choice.OTHER_RULE, id="another rule"),
        pytest.param(replace(ALL, classes=("arithmetic",)), notice("N"), {}, Choice.SENT, id="its class"),
        pytest.param(replace(ALL, classes=("health",)), notice("N"), {}, Choice.OTHER_CLASS, id="another class"),
    ],
)
def test_choice(receiver: Receiver, about: Notice, told: Mapping[str, int], choice: Choice) -> None:
    """Whether a receiver is sent a notice, given what it was told before, and the reason."""
    assert choose(receiver, about, told) is choice


AREAS = ["N", "S1", "S1.1", "S2"]
SEVERITIES = ["info", "warning", "critical"]


@given(
    st.lists(st.tuples(st.sampled_from(AREAS), st.sampled_from(SEVERITIES), st.booleans()), max_size=30),
    st.sampled_from([(), ("S1",), ("S1.1", "S2")]),
    st.sampled_from(SEVERITIES),
    st.lists(st.integers(0, 30), max_size=4),
)
def test_episodes_are_whole(
    steps: Sequence[tuple[str, str, bool]], areas: tuple[str, ...], severity: Any, again: Sequence[int]
) -> None:
    """Whoever is told that an alert fires is told when it is over, and nobody is told of an end without a beginning;
    a log that is read again from any earlier place is chosen from as it was."""
    subscription = Subscription(replace(ALL, areas=areas, severity=severity), LINEAGE)
    chains: dict[str, Chain] = {}
    log = list[Notice]()
    firing: dict[str, tuple[int, int]] = {}
    episodes: dict[str, int] = {}
    for area, grave, over in steps:
        if over and area not in firing:
            continue
        episode, number = firing.get(area, (episodes.get(area, 0) + 1, 0))
        above = next((a for a in reversed(LINEAGE[area][:-1]) if a in firing), None)
        muted_by = f"contradiction:{above}:A" if above else None
        status = "resolved" if over else "firing"
        log.append(notice(area, number + 1, episode, severity=grave, status=status, muted_by=muted_by))
        episodes[area] = episode
        if over:
            del firing[area]
        else:
            firing[area] = (episode, number + 1)

    def take(about: Notice) -> bool:
        before = chains.get(about.fingerprint, Chain())
        choice = subscription.choose(about, lambda fingerprint: chains.get(fingerprint, Chain()).told)
        after = before.take(about, 0) if choice.sends else before if choice.lasts else before.pass_over(about)
        chains[about.fingerprint] = after
        return after is not before and choice.sends

    told = [about for about in log if take(about)]
    for back in again:
        assert not [about for about in log[max(0, len(log) - back) :] if take(about)]
    open_episodes: set[tuple[str, int]] = set()
    for about in told:
        its = (about.fingerprint, about.order[0])
        if about.status == "firing":
            open_episodes.add(its)
        elif about.muted_by:
            assert its in open_episodes
        if about.status == "resolved":
            open_episodes.discard(its)
    assert open_episodes <= {(f"contradiction:{area}:A", episode) for area, (episode, _) in firing.items()}
