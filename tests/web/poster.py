"""A visitor before the poster: turns the pages of the filing form as a browser without scripts would."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

import httpx

ADDRESS = "/q/huangshan"
WORDS = "标价 28 元，结账收取 156 元。"
ANSWERS = {
    "what": {"tile": "price", "words": WORDS},
    "where": {"merchant": "云海茶庄"},
    "when": {"paid": "￥１２８"},
    "want": {"want": "refund_all"},
    "leaving": {"leaving": "later", "leaves_on": "2026-09-09", "leaves_at": "18:20"},
    "contact": {"name": "王小薇", "phone": "138 0013 8000"},
}  # fmt: skip
"""What a visitor of the counter's usual claim answers."""


class _Fields(HTMLParser):
    """The values that the form would send as it stands."""

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, str] = {}
        self._area: str | None = None
        self._choice: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the value of a field."""
        told = dict(attrs)
        name = told.get("name") or ""
        if tag == "input" and (told.get("type") != "radio" or "checked" in told):
            self.values[name] = told.get("value") or ""
        elif tag == "textarea":
            self._area, self.values[name] = name, ""
        elif tag == "select":
            self._choice = name
        elif tag == "option" and self._choice and "selected" in told:
            self.values[self._choice] = told.get("value") or ""

    def handle_data(self, data: str) -> None:
        """What stands in a text area."""
        if self._area:
            self.values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        """A field ends."""
        if tag == "textarea":
            self._area = None
        if tag == "select":
            self._choice = None


@dataclass
class Poster:
    """One visitor's browser. `answer` is the page it shows."""

    client: httpx.AsyncClient
    language: str = "zh-CN"
    answer: httpx.Response = field(init=False)

    @property
    def text(self) -> str:
        """The page."""
        return self.answer.text

    @property
    def fields(self) -> dict[str, str]:
        """What the page's form holds."""
        reader = _Fields()
        reader.feed(self.text)
        return reader.values

    @property
    def at(self) -> str:
        """Which page of the form is shown."""
        return self.fields.get("page", "")

    async def start(self, spot: str = "north-gate") -> None:
        """Scan and start."""
        self.answer = await self.client.get(f"{ADDRESS}/{spot}?lang={self.language}")
        await self.post({"spot": spot})

    async def press(self, go: str = "next", language: str | None = None, **typed: str) -> None:
        """Fill in fields and press one of the buttons; a language's button takes `language`."""
        self.language = language or self.language
        await self.post({**self.fields, **typed, "go": go})

    async def post(self, fields: dict[str, str], **more: Any) -> None:  # noqa: ANN401 - httpx's
        """Send a form as it is."""
        self.answer = await self.client.post(f"{ADDRESS}?lang={self.language}", data=fields, **more)

    async def walk(self, until: str = "check", **instead: str) -> None:
        """From the poster to one of the pages, with `instead` in place of some of the usual answers."""
        await self.start()
        for name, usual in ANSWERS.items():
            if name == until:
                return
            assert self.at == name, self.text
            await self.press(**{**usual, **{key: value for key, value in instead.items() if key in self.fields or key in usual}})
        assert self.at == until, self.text

    async def receipt(self) -> str:
        """Follow to the receipt: the reference on it."""
        assert self.answer.status_code == 303, self.text
        self.answer = await self.client.get(self.answer.headers["location"])
        assert self.answer.status_code == 200
        return self.text.partition('class="reference big">')[2][:10]
