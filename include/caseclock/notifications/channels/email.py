"""Email by SMTP: one recipient per message, text and HTML, and a Message-ID that is the same on every try.

A mailbox cannot be read back, so what matters is to know at which line the conversation with the server broke off: before the
content was sent nothing can have arrived; between the content and the server's answer nobody knows.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UniqueUnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.policy import Policy
from email.utils import format_datetime, parseaddr
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple, cast

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from caseclock.charts import palette
from caseclock.charts import recent as chart
from caseclock.charts.picture import png
from caseclock.notifications import letter_mail, wording
from caseclock.notifications.letter import Letter
from caseclock.notifications.model import LEFT_OUT, Capabilities, ChannelError, ChannelName, Handle, Item, Message
from caseclock.notifications.pictures import recent_of
from caseclock.notifications.words import CLOSED_FORMS, WORDS
from caseclock.now import LONDON
from caseclock.settings import SmtpSettings

log = logging.getLogger(__name__)

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
SHOWN = (
    (30, 3),
    (30, 2),
    (30, 1),
    (30, 0),
    (15, 1),
    (15, 0),
    (8, 0),
    (4, 0),
    (2, 0),
)  # items in full, pictures: the first that is small enough
MOST_ITEMS, MOST_PICTURES = SHOWN[0]
SIZE = 90_000  # bytes: Gmail cuts mails at about 102 KB
LINES_PER_ITEM = 3  # of a message that is not about alerts
LINE: Final = 990  # bytes
SUBJECT = 180  # characters


class Quality(NamedTuple):
    """Pixels of a picture per pixel of the layout, its colours, and how many times the room of the coarsest it takes at least."""

    scale: float
    colours: int
    room: float


FINER: Final = (Quality(2, 64, 2.0), Quality(1.5, 32, 1.5), Quality(1.5, 16, 1.3))
COARSEST: Final = Quality(1, 16, 1.0)
SMTPS_PORT: Final = 465  # TLS from the first byte (RFC 8314); every other port begins in the clear and may STARTTLS
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")

# Red and amber differ in the word first, in colour second. Pairs reach 4.5:1 with white text on them.
COLOURS = {"Red": "#b3261e", "Amber": "#8a5300", "Resolved": "#1b6e3c", "Data passed": "#1b6e3c", "Data arrived": "#1b6e3c"}
NEUTRAL = "#3d4a5c"


class _WholeAddress(UniqueUnstructuredHeader):
    """An address in a header on one line, however long: the mail library would code it as words, and no mail program reads it then."""

    name: str

    def fold(self, *, policy: Policy) -> str:
        return f"{self.name}: {self}{policy.linesep}"


HEADERS: Final = HeaderRegistry()
HEADERS.map_to_type("list-unsubscribe", cast(type[BaseHeader], _WholeAddress))  # which becomes one where a header is made
POLICY: Final = SMTP_POLICY.clone(header_factory=HEADERS)


class EmailChannel:
    """The port `Channel` on one mail server."""

    name: ChannelName = "email"
    capabilities = Capabilities(edit=False, thread=True, reconcile=False, images=True)

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    def send(self, message: Message, address: str, handle: Handle | None) -> Handle:
        """See `Channel.send`. Every mode is a new mail in its conversation, but a mere edit cannot be mailed: permanent ChannelError."""
        if message.mode == "update":
            raise ChannelError("Mail cannot be edited after it is sent", permanent=True)
        if not ADDRESS.fullmatch(address):
            raise ChannelError("Mail: the address in routes.yaml is not of the form name@domain", permanent=True)
        mail, without = fitted(message, address, self._settings.sender)
        self._deliver(mail.as_bytes(), address)
        handle = {"message_id": str(mail["Message-ID"])}
        return handle | {LEFT_OUT: without} if without else handle

    def find(self, key: str, address: str, since: dt.datetime, handle: Handle | None) -> Handle | None:
        """Mail cannot be read back (`capabilities.reconcile` is False)."""
        raise ChannelError("Mail cannot be read back", permanent=True)

    def _deliver(self, content: bytes, address: str) -> None:
        """The SMTP conversation step by step; each step says what its failure means."""
        server = self._connect()
        try:
            self._greet(server)
            sender = parseaddr(self._settings.sender)[1]
            _step(server, "MAIL FROM", lambda: server.mail(sender))
            _step(server, "RCPT TO", lambda: server.rcpt(address))
            _step(server, "DATA", lambda: server.docmd("DATA"), wanted=354)
            _send_content(server, content)
        finally:
            _close(server)

    def _connect(self) -> smtplib.SMTP:
        s = self._settings
        try:
            if s.port == SMTPS_PORT:
                return smtplib.SMTP_SSL(s.host, s.port, timeout=s.timeout, context=ssl.create_default_context())
            return smtplib.SMTP(s.host, s.port, timeout=s.timeout)
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelError(f"Mail: no connection to the server ({type(error).__name__})") from None

    def _greet(self, server: smtplib.SMTP) -> None:
        s = self._settings
        try:
            server.ehlo_or_helo_if_needed()
            if s.starttls and s.port != SMTPS_PORT:
                server.starttls(context=ssl.create_default_context())
                server.ehlo()
            if s.user and s.password:
                server.login(s.user, s.password.get_secret_value())
        except smtplib.SMTPNotSupportedError:
            raise ChannelError(
                "Mail: the server offers no STARTTLS or no login; see the connection caseclock_smtp", permanent=True
            ) from None
        except smtplib.SMTPAuthenticationError as error:
            text = f"Mail: login refused ({error.smtp_code}); see the connection caseclock_smtp"
            raise ChannelError(text, permanent=error.smtp_code >= 500) from None
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelError(f"Mail: the server broke off at the greeting ({type(error).__name__})") from None


# --- the conversation ----------------------------------------------------------------------------------------------
def _step(server: smtplib.SMTP, name: str, say: Any, wanted: int = 250) -> None:
    """One command before the content: whatever goes wrong, nothing has arrived. Of the answer only the code is kept: words may quote."""
    try:
        code = int(say()[0])
    except (OSError, smtplib.SMTPException) as error:
        raise ChannelError(f"Mail: the server broke off at {name} ({type(error).__name__})") from None
    if code != wanted and not (wanted == 250 and code == 251):  # 251: accepted, will be forwarded
        raise ChannelError(f"Mail: {name} refused with {code}", permanent=code >= 500)


def _send_content(server: smtplib.SMTP, content: bytes) -> None:
    """The content and the server's answer to it. No answer: it may have arrived."""
    quoted = re.sub(rb"(?m)^\.", b"..", content.rstrip(b"\r\n") + b"\r\n")  # RFC 5321 4.5.2
    try:
        server.send(quoted + b".\r\n")
        code = int(server.getreply()[0])
    except (OSError, smtplib.SMTPException) as error:
        text = f"Mail: the server broke off after the content ({type(error).__name__}); it may have arrived"
        raise ChannelError(text, unknown=True) from None
    if code != 250:
        raise ChannelError(f"Mail: content refused with {code}", permanent=code >= 500)


def _close(server: smtplib.SMTP) -> None:
    try:
        server.quit()
    except (OSError, smtplib.SMTPException):
        server.close()  # what was decided before stands


# --- the mail ------------------------------------------------------------------------------------------------------
def mail_of(message: Message, address: str, sender: str) -> EmailMessage:
    """The mail for one address, below SIZE. The same message gives the same bytes on every try."""
    return fitted(message, address, sender)[0]


def fitted(message: Message, address: str, sender: str) -> tuple[EmailMessage, str]:
    """The first form of the mail that is below SIZE, and what it goes without, in words for the audit."""
    made = _letter_mails(message, message.letter, address, sender) if message.letter else _mails(message, address, sender)
    mail, without = next(made)
    while not _fits(mail) and (smaller := next(made, None)) is not None:
        mail, without = smaller
    return mail, without


def _fits(mail: EmailMessage) -> bool:
    return len(mail.as_bytes()) < SIZE


def _mails(message: Message, address: str, sender: str) -> Iterator[tuple[EmailMessage, str]]:
    for shown in SHOWN:
        mail = _mail_with(message, address, sender, *shown)
        yield mail, left_out(message, mail)


def _mail_with(message: Message, address: str, sender: str, shown: int, drawn: int) -> EmailMessage:
    mail = _headed(message, address, sender, wording.title(message, message.items))
    pictures = pictures_of(message, drawn, _domain(sender))
    return _filled(mail, message, text_of(message, shown), html_of(message, shown, pictures), pictures)


def _domain(sender: str) -> str:
    return parseaddr(sender)[1].rpartition("@")[2] or "localhost"


def _headed(message: Message, address: str, sender: str, subject: str) -> EmailMessage:
    name, own = parseaddr(sender)
    domain = _domain(sender)
    mail = EmailMessage(policy=POLICY)
    mail["Subject"] = wording.plain(subject, SUBJECT)
    mail["From"] = Address(display_name=name or "caseclock", addr_spec=own)
    mail["To"] = Address(addr_spec=address)
    mail["Date"] = format_datetime(message.created_at.astimezone(LONDON))
    mail["Message-ID"] = f"<{_token(message.key)}.caseclock@{domain}>"
    if message.episode:  # a root that never existed as a mail, so that the order of arrival does not matter
        root = f"<episode.{hashlib.sha256(message.episode.encode()).hexdigest()[:24]}.caseclock@{domain}>"
        mail["In-Reply-To"], mail["References"] = root, root
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    return mail


def _filled(
    mail: EmailMessage, message: Message, text: str, html: str, pictures: Mapping[int, Picture], html_as: str = "quoted-printable"
) -> EmailMessage:
    mail.set_content(text, cte="quoted-printable")
    mail.add_alternative(html, subtype="html", cte=html_as)
    mark = hashlib.sha256(message.key.encode()).hexdigest()
    mail.set_boundary(f"=_{mark[:32]}")
    if pictures:
        _attach(mail, pictures, f"=_{mark[32:]}")
    return mail


@dataclass(frozen=True)
class Picture:
    """The chart of one item. `cid`: its Content-ID without brackets; `alt`: what it shows, in a sentence."""

    cid: str
    alt: str
    content: bytes


def pictures_of(message: Message, most: int, domain: str = "localhost") -> dict[int, Picture]:
    """Place of the item in the mail -> its picture, for the first that have one. What cannot be drawn is left out, and the log says so."""
    made: dict[int, Picture] = {}
    for place, item in enumerate(wording.worst_first(message.items)[:MOST_ITEMS]):
        recent = recent_of(item) if len(made) < most else None
        content = _drawn(recent) if recent else None
        if recent and content:
            made[place] = Picture(f"chart{place + 1}.{_token(message.key)}.caseclock@{domain}", chart.finding(recent), content)
        elif recent:
            log.warning("Mail %s goes without the picture of item %s", _token(message.key), place + 1)
    return made


def _drawn(recent: chart.Recent) -> bytes | None:
    try:
        return png(chart.draw(recent))
    except Exception as error:  # noqa: BLE001 - a message never fails for its picture
        log.warning("A chart could not be drawn (%s)", type(error).__name__)
        return None


def left_out(message: Message, mail: EmailMessage) -> str:
    """What the mail had to go without, in words for the audit; empty when it has all of its pictures."""
    wanted = min(MOST_PICTURES, sum(recent_of(item) is not None for item in wording.worst_first(message.items)[:MOST_ITEMS]))
    return _without(wanted, sum(part.get_content_type() == "image/png" for part in mail.walk()))


def _without(wanted: int, drawn: int) -> str:
    missing = wanted - drawn
    if missing <= 0:
        return ""
    return "it went without its picture" if wanted == 1 else f"it went without {missing} of its {wanted} pictures"


# --- a letter ------------------------------------------------------------------------------------------------------
def _letter_mails(message: Message, letter: Letter, address: str, sender: str) -> Iterator[tuple[EmailMessage, str]]:
    """The digest, whole first and then ever shorter; its pictures as sharp as there is room for."""
    wanted = len(letter_mail.pictures_of_letter(letter))
    for form in letter_mail.forms_of(letter, lambda picture: len(_small(picture.svg, COARSEST) or b"")):
        mail, drawn = _letter_mail(message, form.letter, address, sender, COARSEST)
        if drawn and (left := SIZE - len(mail.as_bytes())) > 0:
            takes = sum(len(part.as_bytes()) for part in mail.walk() if part.get_content_type() == "image/png")
            hopeful = (quality for quality in FINER if (quality.room - 1) * takes < left)
            finer = (_letter_mail(message, form.letter, address, sender, quality) for quality in hopeful)
            mail, drawn = next(((made, n) for made, n in finer if n == drawn and _fits(made)), (mail, drawn))
        yield mail, ", and ".join(part for part in (_without(wanted, drawn), form.cut) if part)


def _letter_mail(message: Message, letter: Letter, address: str, sender: str, quality: Quality) -> tuple[EmailMessage, int]:
    """The mail, and how many pictures it has."""
    pictures = _letter_pictures(message, letter, _domain(sender), quality)
    foot = [*wording.note_sentences(message.notes), footer(message)]
    mail = _headed(message, address, sender, letter.subject)
    _unsubscribe(mail, letter.unsubscribe)
    html = letter_mail.html_of_letter(letter, {place: picture.cid for place, picture in pictures.items()}, foot)
    return _filled(mail, message, letter_mail.text_of_letter(letter, foot), html, pictures, _shortest(html)), len(pictures)


def _shortest(html: str) -> str:
    """How it is sent with the fewest bytes: as it is, where it is ASCII in lines that every server takes (RFC 5322, 2.1.1)."""
    return "7bit" if html.isascii() and max(map(len, html.splitlines())) <= LINE else "quoted-printable"


def _letter_pictures(message: Message, letter: Letter, domain: str, quality: Quality) -> dict[int, Picture]:
    """Place in the letter -> its picture. What cannot be drawn is left out, and the log says so."""
    made = {}
    for place, one in enumerate(letter_mail.pictures_of_letter(letter)):
        if content := _small(one.svg, quality):
            made[place] = Picture(f"picture{place + 1}.{_token(message.key)}.caseclock@{domain}", one.alt, content)
        else:
            log.warning("Mail %s goes without picture %s of its letter", _token(message.key), place + 1)
    return made


def _small(drawing: str, quality: Quality) -> bytes | None:
    try:
        content = png(drawing, quality.scale)
        return content and palette.indexed(content, quality.colours)
    except Exception as error:  # noqa: BLE001 - a message never fails for its picture
        log.warning("A picture could not be made (%s)", type(error).__name__)
        return None


def _unsubscribe(mail: EmailMessage, address: str | None) -> None:
    """For the button of the mail program (RFC 2369); where it is a page, one click is enough (RFC 8058)."""
    if address is None:
        return
    mail["List-Unsubscribe"] = f"<{address}>"
    if address.startswith("https:"):
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"


def _attach(mail: EmailMessage, pictures: Mapping[int, Picture], boundary: str) -> None:
    """The pictures beside the HTML part: multipart/alternative (text, multipart/related (html, png ...))."""
    html = mail.get_body(("html",))
    assert isinstance(html, EmailMessage)
    for place, picture in pictures.items():
        name = f"chart-{place + 1}.png"
        html.add_related(picture.content, "image", "png", cid=f"<{picture.cid}>", disposition="inline", filename=name)
    html.set_boundary(boundary)


def _token(key: str) -> str:
    """The key itself where it may stand in a Message-ID, else its hash."""
    return key if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", key) else hashlib.sha256(key.encode()).hexdigest()[:40]


def text_of(message: Message, shown: int = MOST_ITEMS) -> str:
    """The text part: complete by itself."""
    items, lines = wording.worst_first(message.items), wording.notice_lines(message)
    parts = [] if len(items) == 1 else [wording.sentence(wording.title(message, items))]
    for item in items[:shown]:
        said = [
            wording.item_sentence(item),
            wording.reason_sentence(item),
            wording.handled_sentence(item),
            wording.next_sentence(item),
            wording.recent_sentence(item),
            _where(item),
        ]
        parts.append("\n".join(line for line in said if line))
    parts += ["\n".join(f"- {line}" for line in lines[: shown * LINES_PER_ITEM]), _more(items, lines, shown)]
    parts += [f"{to[1]}: {to[0]}"] if (to := wording.guide_link(message)) else []
    parts += ["\n".join(wording.foot(message, items)), footer(message)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _where(item: Item) -> str | None:
    """The link; with what it leads to where that is not the page of the alert."""
    link = wording.safe_link(item.link)
    return f"{wording.link_words(item)}: {link}" if link and WORDS[item.kind].form == "data" else link


def _more(items: Sequence[Item], lines: Sequence[str], shown: int) -> str:
    hidden = len(lines) - shown * LINES_PER_ITEM
    return wording.more_sentence(items[shown:]) or (f"And {hidden} more lines." if hidden > 0 else "")


def footer(message: Message) -> str:
    """To whom and when, so that a forwarded mail explains itself."""
    role, at = wording.plain(message.recipient.title), wording.moment_words(message.created_at.astimezone(LONDON))
    return f"Sent by caseclock to {role} on {at}. It holds counts and dates only, nothing about any child."


def html_of(message: Message, shown: int = MOST_ITEMS, pictures: Mapping[int, Picture] | None = None) -> str:
    """The HTML part: tables and inline styles, because classic Outlook draws with Word; nothing remote.

    It says everything without its `pictures` (by place of the item).
    """
    items, lines = wording.worst_first(message.items), wording.notice_lines(message)
    html: str = _template().render(
        headline=wording.title(message, items),
        several=len(items) != 1,
        preview=wording.item_sentence(items[0]) if items else "",
        items=[_card(item, (pictures or {}).get(place)) for place, item in enumerate(items[:shown])],
        notice=lines[: shown * LINES_PER_ITEM],
        more=_more(items, lines, shown),
        guide=wording.guide_link(message),
        foot=wording.foot(message, items),
        footer=footer(message),
    )
    return html


def _card(item: Item, picture: Picture | None) -> dict[str, Any]:
    label, (state, _, said) = wording.label(item), wording.headline_of(item).partition(": ")
    lines = [wording.reason_sentence(item), wording.handled_sentence(item), wording.next_sentence(item)]
    return {
        "label": state,
        "colour": COLOURS.get(label, NEUTRAL),
        "subject": said[:1].upper() + said[1:],
        "figures": _figures(item),
        "lines": [line for line in lines if line],
        "recent": wording.recent_sentence(item),
        "picture": picture and {"cid": picture.cid, "alt": picture.alt, "width": chart.WIDTH, "height": chart.HEIGHT},
        "link": wording.safe_link(item.link),
        "link_words": wording.link_words(item),
    }


def _figures(item: Item) -> list[tuple[str, str]]:
    """The small table under the headline: now, before, limits, open for."""
    form = WORDS[item.kind].form
    if form == "data":
        return []
    against = wording.limit_of(item)
    rows = [("Now", item.value), ("When last told", item.was), ("Amber limit", item.limit), ("Red limit", item.red_limit)]
    said = [(name, wording.number(value, item.unit, against)) for name, value in rows if value is not None and value == value]
    days = f"{item.open_wd} working {'day' if item.open_wd == 1 else 'days'}" if item.open_wd else ""
    over = form in CLOSED_FORMS
    since = "" if item.since is None else f"{'from' if over else 'since'} {wording.date_words(item.since)}"
    opened = ", ".join(part for part in (days, since) if part)
    return [*said, ("Was open" if over else "Open", opened)] if opened else said


@cache
def _template() -> Any:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    return environment.get_template("mail.html.j2")
