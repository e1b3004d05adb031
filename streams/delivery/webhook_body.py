"""The body of a webhook in the format `standard`, as types. docs/schemas/webhook.json publishes them as JSON Schema."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import Struct, field

from streams.core.election.model import RuleClass, Severity


class WebhookElection(Struct, frozen=True):
    """The election that a webhook is about."""

    id: str
    name: str
    notice: str
    """What readers must know of this election, such as that it is a reconstruction; may be empty."""


class WebhookArea(Struct, frozen=True):
    """The area that an alert is about."""

    id: str
    name: str
    level: str
    """Empty for an area that the election file no longer has."""


class WebhookColumn(Struct, frozen=True):
    """The option or group that an alert is about; both empty where it is about none."""

    id: str
    name: str


class WebhookAlert(Struct, frozen=True):
    """One notice of one alert, as it is told to a receiver."""

    id: str
    """The notice's id. A receiver that gets the same id again has the notice already."""
    fingerprint: str
    status: Literal["firing", "resolved"]
    reason: str
    severity: Severity
    since: str
    """When the alert began to fire, in event time, RFC 3339."""
    at: str
    """Event time of the notice, RFC 3339."""
    election: WebhookElection
    rule: str
    rule_class: RuleClass = field(name="class")
    area: WebhookArea
    column: WebhookColumn
    bulletin: str
    """Id of the bulletin that it is about; empty where it is about none."""
    value: float
    """The headline figure, in `unit`."""
    unit: str
    inputs: Mapping[str, Any]
    """The figures behind the finding, by name."""
    sentence: Mapping[str, str]
    """By language: en, es."""


class Webhook(Struct, frozen=True):
    """The body of a webhook in the format `standard` (https://www.standardwebhooks.com)."""

    type: Literal["alert.firing", "alert.resolved"]
    timestamp: str
    """The same as `data.at`."""
    data: WebhookAlert


class WebhookDigest(Struct, frozen=True):
    """The notices of one interval, for a receiver that asked for one message instead of many."""

    id: str
    """The same whenever this digest is sent. The notices in it have ids of their own."""
    election: WebhookElection
    alerts: Sequence[WebhookAlert]
    """In the order they came; of one alert there may be several."""


class DigestWebhook(Struct, frozen=True):
    """The body of a webhook in the format `standard` to a receiver with digests."""

    type: Literal["alert.digest"]
    timestamp: str
    """The end of the interval by the worker's clock, RFC 3339."""
    data: WebhookDigest
