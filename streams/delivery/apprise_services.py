"""The services that a receiver of the format `apprise` may name, and Apprise's plugin for its address.

Apprise knows some 170 services, and its plugins connect by themselves. Those named here do so by the package
`requests` and nothing else (tests/delivery/test_apprise.py holds each against its source), so that `checked_requests`
can carry what they send. Services by SMTP, IRC, MQTT or the desktop are not among them.
"""

import logging
from typing import Any, Final

from apprise import Apprise, AppriseAsset, AppriseAttachment
from apprise.common import OverflowMode
from apprise.manager_plugins import NotificationManager
from apprise.plugins.base import NotifyBase

from streams.delivery import checked_requests
from streams.errors import CotejoError

SERVICES: Final = frozenset(
    (
        *("slack", "workflows", "discord", "mmosts", "mmost", "rockets", "rocket", "zulip", "gchat", "wxteams"),
        *("tgram", "signals", "signal", "matrixs", "matrix", "whatsapp", "threema", "line", "nctalks", "nctalk"),
        *("ntfys", "ntfy", "gotifys", "gotify", "pover", "pbul", "barks", "bark", "pagerduty", "opsgenie"),
        *("twilio", "vonage", "msgbird", "clicksend", "sinch", "bulksms", "atalk", "infobip", "plivo", "telnyx"),
        *("mailgun", "sendgrid", "postmark", "brevo", "resend", "sparkpost", "smtp2go"),
        *("jsons", "json", "forms", "form"),
    )
)
"""Chat; messengers; push and paging; SMS; e-mail by HTTP; JSON or a form to an address of one's own."""


class ServiceError(CotejoError):
    """A service's address cannot be used; the text says why, and nothing of the address."""


def service(url: str) -> tuple[Apprise, Any]:
    """What sends to the service at this Apprise URL, and the plugin in it. Raises `ServiceError`."""
    logging.getLogger("apprise").disabled = True  # it names hosts and targets
    schema = url.partition("://")[0].lower()
    if "://" not in url or not url.isascii() or not url.isprintable() or " " in url:
        raise ServiceError("give an address as Apprise has it, such as ntfys://ntfy.example/topic, without spaces")
    if schema not in SERVICES:
        raise ServiceError(f"{schema[:20]}:// is no service that alerts can go to: docs/webhooks.md lists them")
    sender = Apprise(asset=_asset())
    plugin = Apprise.instantiate(url, asset=sender.asset)
    if not isinstance(plugin, NotifyBase):
        raise ServiceError(f"this is no complete address of {schema}://: see Apprise's page about the service")
    _restrict(plugin)
    if len(plugin) > 1:
        raise ServiceError("it names more than one target: give each a receiver of its own, so that each is retried")
    sender.add(plugin)
    checked_requests.put_into_apprise()
    return sender, plugin


def _restrict(plugin: Any) -> None:
    """Take from a plugin what the sender sees to, or what nobody may do. Raises `ServiceError`."""
    if not plugin.verify_certificate:
        raise ServiceError("leave verify=no out of it: certificates are always verified")
    if any(len(value) for value in vars(plugin).values() if isinstance(value, AppriseAttachment)):
        raise ServiceError("leave template= out of it: nothing is read from files or addresses to be sent along")
    plugin.overflow_mode = OverflowMode.TRUNCATE
    plugin.optional = False  # it would call a failure a success
    plugin.retry, plugin.wait = 0, 0.0  # the courier tries again
    plugin.request_rate_per_sec = 0
    plugin.throttle = lambda *_, **__: None  # it would sleep in its thread, for as long as a service says


def classes() -> dict[str, type[NotifyBase]]:
    """The plugin of each service, by its schema."""
    manager = NotificationManager()  # type: ignore[no-untyped-call]
    return {schema: manager[schema] for schema in SERVICES}


def _asset() -> AppriseAsset:
    return AppriseAsset(
        app_id="Cotejo",
        app_desc="Cotejo",
        app_url="",
        async_mode=False,
        http_redirects=False,
        image_url_mask="",
        image_url_logo="",
        interpret_emojis=False,
        service_timeout=0,  # the sender's own limit holds
    )
