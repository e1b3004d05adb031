"""What becomes of a delivery, without network and clock: a sentence a row."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from test_posting import NOTICE

from streams.core.alerting import delivery_records
from streams.core.alerting.alert import Notice
from streams.core.alerting.delivery_policy import (
    FIRST_PAUSE,
    GIVE_UP,
    LONGEST_PAUSE,
    LONGEST_RETRY_AFTER,
    Answer,
    Chain,
    Delivery,
    Reason,
    ReceiverState,
    judge,
    pause,
    resume,
)
from streams.core.events.codec import encode

NOW = 1_800_000_000_000
NEW = Delivery("floor:N:A:1:1", NOW, NOW)
OLD = replace(NEW, since=NOW - GIVE_UP, attempts=150, status=500, words="500")
FINE, FAILING = ReceiverState(delivered=7), ReceiverState(delivered=7, failing_since=NOW - 60_000, failed=3)
SILENT = Answer(None, "no answer in 15 s")


def word(episode: int, number: int, **fields: Any) -> Notice:
    """A notice of the alert "f", by its place among those."""
    return structs.replace(NOTICE, fingerprint="f", id=f"f:{episode}:{number}", **fields)


def judged(
    delivery: Delivery, answer: Answer, state: ReceiverState = FINE
) -> tuple[Reason, Delivery | None, ReceiverState]:
    verdict = judge(delivery, state, answer, NOW, "desk", "mark")
    return verdict.reason, verdict.delivery, verdict.receiver


@pytest.mark.parametrize(
    ("delivery", "answer", "reason", "wait"),
    [
        pytest.param(NEW, Answer(200, ""), Reason.DELIVERED, None, id="200 is delivered"),
        pytest.param(NEW, Answer(204, ""), Reason.DELIVERED, None, id="204 is delivered"),
        pytest.param(OLD, Answer(202, ""), Reason.DELIVERED, None, id="a success after a day is one"),
        pytest.param(NEW, Answer(410, ""), Reason.GONE, None, id="410 disables the receiver"),
        pytest.param(NEW, Answer(301, ""), Reason.RETRY, (500, 1000), id="a redirect is a failure"),
        pytest.param(
            NEW,
            Answer(401, ""),
            Reason.RETRY,
            (500, 1000),
            id="a refused signature is tried again: a secret may follow",
        ),
        pytest.param(
            NEW, Answer(404, ""), Reason.RETRY, (500, 1000), id="404 is tried again: a receiver may be starting"
        ),
        pytest.param(NEW, Answer(500, ""), Reason.RETRY, (500, 1000), id="500 is tried again after the first pause"),
        pytest.param(NEW, SILENT, Reason.RETRY, (500, 1000), id="no answer is tried again"),
        pytest.param(
            replace(NEW, attempts=1), SILENT, Reason.RETRY, (1000, 2000), id="the second pause is twice the first"
        ),
        pytest.param(
            replace(NEW, attempts=60), SILENT, Reason.RETRY, (300_000, 600_000), id="no pause is above ten minutes"
        ),
        pytest.param(
            NEW,
            Answer(429, "", NOW + 30_000),
            Reason.ASKED,
            (30_000, 30_000),
            id="429: Retry-After is obeyed to the letter",
        ),
        pytest.param(NEW, Answer(503, "", NOW + 90_000), Reason.ASKED, (90_000, 90_000), id="503: likewise"),
        pytest.param(
            replace(NEW, attempts=60),
            Answer(503, "", NOW + 5_000),
            Reason.ASKED,
            (5_000, 5_000),
            id="also where our own pause would be longer",
        ),
        pytest.param(NEW, Answer(429, ""), Reason.RETRY, (500, 1000), id="429 without a wish is our own pause"),
        pytest.param(
            NEW,
            Answer(429, "", NOW - 5),
            Reason.ASKED,
            (FIRST_PAUSE, FIRST_PAUSE),
            id="a wish in the past is a pause all the same",
        ),
        pytest.param(
            NEW,
            Answer(429, "", NOW + 10**11),
            Reason.ASKED,
            (LONGEST_RETRY_AFTER, LONGEST_RETRY_AFTER),
            id="a wish is obeyed for an hour at most",
        ),
        pytest.param(OLD, Answer(500, ""), Reason.GIVEN_UP, None, id="a failure after a day is the last"),
        pytest.param(OLD, Answer(429, "", NOW + 30_000), Reason.GIVEN_UP, None, id="a wish after a day comes too late"),
        pytest.param(
            replace(OLD, since=OLD.since + 100),
            SILENT,
            Reason.RETRY,
            (100, 100),
            id="the last attempt is when the day ends",
        ),
        pytest.param(
            replace(OLD, attempts=0),
            SILENT,
            Reason.GIVEN_UP,
            None,
            id="what has waited a day behind another gets one attempt",
        ),
    ],
)
def test_judge(delivery: Delivery, answer: Answer, reason: Reason, wait: tuple[int, int] | None) -> None:
    """What an answer leads to, and how long it waits, in milliseconds."""
    said, after, _ = judged(delivery, answer)
    assert said is reason
    if wait is None:
        assert after is None
    else:
        assert after is not None
        assert wait[0] <= after.due - NOW <= wait[1]
        assert after == replace(
            delivery, due=after.due, attempts=delivery.attempts + 1, status=answer.status, words=answer.words
        )


@pytest.mark.parametrize(
    ("state", "answer", "after"),
    [
        pytest.param(FINE, Answer(204, ""), replace(FINE, delivered=8), id="a success is counted"),
        pytest.param(
            FAILING, Answer(204, ""), replace(FAILING, delivered=8, failing_since=None), id="a success ends a failure"
        ),
        pytest.param(
            replace(FINE, hold=NOW + 9),
            Answer(204, ""),
            replace(FINE, hold=NOW + 9, delivered=8),
            id="a wish stays one: the success was under way when it came",
        ),
        pytest.param(
            FINE,
            SILENT,
            replace(FINE, failed=1, failing_since=NOW, error=SILENT.words, error_at=NOW),
            id="a failure begins",
        ),
        pytest.param(
            FAILING, SILENT, replace(FAILING, failed=4, error=SILENT.words, error_at=NOW), id="a failure goes on"
        ),
        pytest.param(
            FINE,
            Answer(429, "slow", NOW + 30_000),
            replace(FINE, failed=1, failing_since=NOW, error="slow", error_at=NOW, hold=NOW + 30_000),
            id="a wish holds for every alert",
        ),
        pytest.param(
            FINE,
            Answer(410, "no"),
            replace(FINE, failed=1, failing_since=NOW, error="no", error_at=NOW, gone="mark", missed=1),
            id="410 is remembered with the address",
        ),
    ],
)
def test_receiver_state(state: ReceiverState, answer: Answer, after: ReceiverState) -> None:
    """What is known of the receiver after an answer."""
    assert judged(NEW, answer, state)[2] == after


def test_given_up_is_counted() -> None:
    """What is given up shows in the receiver's state."""
    assert judged(OLD, SILENT)[2].given_up == 1


@given(st.text(max_size=20), st.text(max_size=20), st.integers(1, 10_000))
def test_pause(receiver: str, notice: str, attempts: int) -> None:
    """A pause lies between half of its exponential limit and all of it, is never above ten minutes, and is the same
    whoever computes it."""
    longest = min(FIRST_PAUSE * 2 ** (attempts - 1), LONGEST_PAUSE)
    assert longest / 2 <= pause(receiver, notice, attempts) <= longest
    assert pause(receiver, notice, attempts) == pause(receiver, notice, attempts)


def test_pauses_are_spread() -> None:
    """Receivers, notices and attempts are out of step with each other."""
    pauses = {pause(f"r{i % 10}", f"n{i // 10}", 20 + i % 7) for i in range(1000)}
    assert len(pauses) > 950
    assert 440_000 < sum(pauses) / len(pauses) < 460_000


@pytest.mark.parametrize(
    ("delivery", "sooner"),
    [
        pytest.param(
            replace(NEW, attempts=3, due=NOW + 9000), True, id="nobody answered: the receiver is back, so now"
        ),
        pytest.param(
            replace(NEW, attempts=3, due=NOW + 9000, status=500), False, id="it was answered: it keeps its pause"
        ),
        pytest.param(replace(NEW, due=NOW - 5), False, id="it is due already"),
    ],
)
def test_resume(delivery: Delivery, sooner: bool) -> None:
    """Once the receiver answers to another, what waited for any answer is due."""
    assert resume(delivery, NOW) == (replace(delivery, due=NOW) if sooner else delivery)


@given(st.lists(st.integers(0, 9), max_size=30), st.randoms(use_true_random=False))
def test_a_chain_takes_each_once_and_in_order(rewinds: list[int], chance: object) -> None:
    """However often the log is read again from an earlier place, and however many are delivered meanwhile, each notice
    is due once, in order."""
    log = [(1 + i // 4, i) for i in range(20)]
    chain, delivered, place = Chain(), list[str](), 0
    for back in [*rewinds, 0]:
        for order in log[max(0, place - back) :][: 5 + back] if back else log[place:]:
            chain = chain.take(word(*order), NOW)
            place = max(place, log.index(order) + 1)
        if chain.due:
            delivered.append(chain.due[0].notice)
            chain = chain.without(chain.due[0].notice)
    assert delivered + [delivery.notice for delivery in chain.due] == [word(*order).id for order in log]


def test_once_more() -> None:
    """A notice that is asked for once more comes behind what is due, unless it is due itself."""
    chain = Chain().take(word(1, 1), NOW).take(word(1, 2), NOW).without("f:1:1")
    assert [delivery.notice for delivery in chain.again("f:1:1", NOW).due] == ["f:1:2", "f:1:1"]
    assert chain.again("f:1:2", NOW) is chain


def test_the_state_of_one_delivery() -> None:
    """A delivery's new state takes its place in the chain; the others stay as they are, and one that is not due changes
    nothing."""
    first, second, third = (Delivery(f"f:1:{i}", NOW, NOW) for i in range(3))
    tried = replace(second, attempts=1, due=NOW + 1000, status=500)
    chain = Chain((1, 2), (first, second, third))
    assert chain.with_update(tried) == Chain((1, 2), (first, tried, third))
    assert chain.without("f:1:1").with_update(tried) == Chain((1, 2), (first, third))


def test_what_a_receiver_was_told() -> None:
    """A chain remembers the episode that its receiver was told of, until it is told the end; what was passed over does
    not come again, and changes nothing of that."""
    chain = Chain().take(word(1, 1), NOW)
    assert chain.told == 1
    assert chain.pass_over(word(1, 2)).told == 1
    assert chain.pass_over(word(1, 2)).take(word(1, 2), NOW) == chain.pass_over(word(1, 2))
    assert chain.take(word(1, 3, status="resolved"), NOW).told is None
    assert chain.pass_over(word(1, 1)) is chain


def test_a_chain_of_before() -> None:
    """What was saved before chains knew what was told, and with 0 for what is None now, is read as what it meant."""
    assert Chain.from_plain({"last": [3, 4], "due": [["n", 1, 2, 0, 0, ""]]}) == Chain((3, 4), (Delivery("n", 1, 2),))
    saved = {"delivered": 7, "hold": 0, "gone": "", "failing_since": 0, "error": "", "error_at": 0}
    assert ReceiverState.from_plain(saved) == FINE


def test_a_clock_that_was_set_back() -> None:
    """What was taken in the future is due now; what failed waits for an hour at most."""
    ahead = replace(NEW, since=NOW + GIVE_UP, due=NOW + GIVE_UP)
    assert ahead.set_back(NOW) == NEW
    assert replace(ahead, attempts=2).set_back(NOW) == replace(NEW, due=NOW + LONGEST_RETRY_AFTER, attempts=2)
    assert OLD.set_back(NOW) is OLD


def test_saved_and_read() -> None:
    """Chains, receivers and notices come back from the table as they went in, whatever their names."""
    chain = Chain((3, 4), (OLD, NEW), 3)
    table = {
        delivery_records.chain_key('d"e/s,k', "floor:Ñ/1:A"): encode(chain.plain()),
        delivery_records.receiver_key("d"): encode(FAILING.plain()),
        delivery_records.notice_key("n"): encode(NOTICE),
    }
    saved = delivery_records.read(table.items())
    assert saved.chains == {'d"e/s,k': {"floor:Ñ/1:A": chain}}
    assert (saved.receivers, saved.notices, saved.unreadable) == ({"d": FAILING}, {"n": encode(NOTICE)}, [])


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param(b"\xff", b"{}", id="a key that is no JSON"),
        pytest.param(b'["chain","d"]', b"{}", id="a kind that nobody knows"),
        pytest.param(delivery_records.chain_key("d", "f"), b"{", id="no JSON"),
        pytest.param(delivery_records.chain_key("d", "f"), b'{"last":[1,2],"due":[["n",1]]}', id="half a delivery"),
        pytest.param(
            delivery_records.chain_key("d", "f"), b'{"last":["a",2],"due":[]}', id="a place that is no number"
        ),
        pytest.param(
            delivery_records.chain_key("d", "f"),
            b'{"last":[1,2],"due":[["n",1,"soon",0,0,""]]}',
            id="a time that is none",
        ),
        pytest.param(delivery_records.receiver_key("d"), b'{"hold":"soon"}', id="a receiver's state that is none"),
        pytest.param(delivery_records.notice_key("n"), b'{"id":"n"}', id="a notice of another version"),
    ],
)
def test_what_cannot_be_read(key: bytes, value: bytes) -> None:
    """One entry that says nothing is told with its reason, and what stands beside it is read."""
    saved = delivery_records.read([(key, value), (delivery_records.receiver_key("e"), encode(FAILING.plain()))])
    assert saved.receivers == {"e": FAILING}
    assert (saved.chains, saved.notices) == ({}, {})
    assert [told[:2] for told in saved.unreadable] == [(key, value)]
    assert saved.unreadable[0][2]
