"""Which notices a receiver is sent: its areas, rules, classes and severity, and which alert speaks for which.

`choose` is the whole decision, and returns its reason. All notices of one alert's episode go together: who was told
that it fires is told what becomes of it, also when it becomes less grave.
"""

from collections.abc import Callable, Mapping
from enum import Enum

from streams.core.alerting.alert import Notice
from streams.core.comparison.findings import RANK
from streams.core.election.model import Receiver


class Choice(Enum):
    """Whether a receiver is sent a notice, and why."""

    SENT = "it is subscribed to"
    FOLLOWED = "the receiver was told that this alert fires"
    OTHER_AREA = "its area lies in none of the receiver's areas"
    OTHER_RULE = "its rule is none of the receiver's rules"
    OTHER_CLASS = "its class is none of the receiver's classes"
    TOO_SLIGHT = "it is less grave than what the receiver is told"
    SPOKEN_FOR = "an alert further up speaks for it"
    UNHEARD = "it is the end of an alert that the receiver was not told of"

    @property
    def sends(self) -> bool:
        """Whether the notice is sent."""
        return self in (Choice.SENT, Choice.FOLLOWED)

    @property
    def lasts(self) -> bool:
        """Whether it is the same for all notices of the alert, whatever the receiver was told before."""
        return self in (Choice.OTHER_AREA, Choice.OTHER_RULE, Choice.OTHER_CLASS)


class Subscription:
    """One receiver's choice. `lineage` has the ids from the root down to each area; an area that it does not have
    stands for itself."""

    def __init__(self, receiver: Receiver, lineage: Mapping[str, tuple[str, ...]]) -> None:
        self._receiver, self._lineage = receiver, lineage
        self._hears_all = not (receiver.areas or receiver.severity == "critical")
        """Whether it hears every alert that may speak for another one."""

    def choose(self, notice: Notice, told: Callable[[str], int | None]) -> Choice:
        """Decide about one notice. `told` gives, by fingerprint, the episode of an alert that the receiver was told
        of and whose end it was not told; None for none.

        A notice that an alert further up speaks for (`muted_by`) is sent all the same to a receiver that was not told
        of any alert further up: because of its areas, or because those are less grave.
        """
        finding, receiver = notice.finding, self._receiver
        lineage = self._lineage.get(finding.area, (finding.area,))
        if receiver.areas and not set(lineage).intersection(receiver.areas):
            return Choice.OTHER_AREA
        if receiver.rules and finding.rule not in receiver.rules:
            return Choice.OTHER_RULE
        if receiver.classes and finding.rule_class not in receiver.classes:
            return Choice.OTHER_CLASS
        follows = told(notice.fingerprint) == notice.order[0]
        if RANK[notice.severity] < RANK[receiver.severity] and not follows:
            return Choice.TOO_SLIGHT
        if notice.muted_by is not None and not (follows and notice.status == "resolved"):
            if notice.status == "resolved":
                return Choice.UNHEARD
            if self._hears_all or any(told(finding.fingerprint_in(above)) is not None for above in lineage[:-1]):
                return Choice.SPOKEN_FOR
        return Choice.FOLLOWED if follows else Choice.SENT
