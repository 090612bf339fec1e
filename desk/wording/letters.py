"""What a visitor is written outside the desk's pages: that something happened, the reference, and where to look. Nothing else.

A message may be read by whoever holds the phone: no name, no amount, no merchant, no reason, and no code stands in it.
"""

from dataclasses import dataclass

from desk.wording.catalogue import text


@dataclass(frozen=True, slots=True)
class Words:
    """A message's subject, empty where the channel has none, and its text."""

    subject: str
    text: str


def sms(news: str, reference: str, url: str, language: str) -> Words:
    """A text message."""
    return Words("", text("letter.sms", language, said=_said(news, language), reference=reference, url=url))


def mail(news: str, reference: str, url: str, language: str) -> Words:
    """An e-mail, as plain text."""
    said = _said(news, language)
    subject = text("letter.mail.subject", language, said=said, reference=reference)
    return Words(subject, text("letter.mail", language, said=said, reference=reference, url=url))


def _said(news: str, language: str) -> str:
    return text(f"letter.{news}", language)
