"""E-mail over whatever Django's mail settings name, with the header by which a mail program unsubscribes in one click.

Source of the header pair: RFC 8058.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from email.errors import MessageError
from email.headerregistry import Address
from email.utils import formataddr
from html import escape
from smtplib import SMTPDataError, SMTPException, SMTPRecipientsRefused, SMTPSenderRefused

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext as _

from engagement.messaging.channels import NotTaken, Outgoing, TakenLater, Unreachable

FIRST_LASTING = 500  # from here up a server's answer is for good


@contextmanager
def opened() -> Iterator[BaseEmailBackend]:
    """A connection for many mails."""
    connection: BaseEmailBackend = get_connection()
    try:
        connection.open()
    except (SMTPException, OSError) as error:
        raise Unreachable(_("The mail server cannot be reached: %(why)s") % {"why": error}) from error
    try:
        yield connection
    finally:
        connection.close()


def send(connection: BaseEmailBackend, mail: Outgoing, *, sender: str = "") -> None:
    """Hands one mail over; returns once the server has taken it. `sender`: the name beside our address."""
    message = EmailMultiAlternatives(
        subject=mail.words["subject"],
        body=mail.words.get("text", ""),
        from_email=formataddr((sender, settings.DEFAULT_FROM_EMAIL)) if sender else settings.DEFAULT_FROM_EMAIL,
        to=[mail.address],
        connection=connection,
        headers=_headers(mail),
    )
    if html := mail.words.get("html"):
        message.attach_alternative(_with_preheader(html, mail.words.get("preheader", "")), "text/html")
    try:
        message.send()
    except (SMTPRecipientsRefused, SMTPSenderRefused, SMTPDataError) as error:
        raise (NotTaken if _is_lasting(error) else TakenLater)(str(error)) from None
    except (SMTPException, OSError) as error:
        raise Unreachable(_("The mail server broke off: %(why)s") % {"why": error}) from error
    except (MessageError, ValueError) as error:  # an address or a header that is none
        raise NotTaken(str(error)) from None


def _headers(mail: Outgoing) -> dict[str, str]:
    domain = Address(addr_spec=settings.DEFAULT_FROM_EMAIL).domain
    headers = {"Message-ID": f"<{mail.key}@{domain}>"}
    if mail.unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _with_preheader(html: str, preheader: str) -> str:
    """The line that mail programs show behind the subject, hidden in the mail itself."""
    if not preheader:
        return html
    return f'<div style="display:none;max-height:0;overflow:hidden">{escape(preheader)}</div>{html}'


def _is_lasting(error: SMTPRecipientsRefused | SMTPSenderRefused | SMTPDataError) -> bool:
    if isinstance(error, SMTPRecipientsRefused):
        return all(code >= FIRST_LASTING for code, _words in error.recipients.values())
    return int(error.smtp_code) >= FIRST_LASTING
