"""How each act of the day is done: one request as any client would send it, or two. Decides nothing and waits for no clock."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import httpx

from desk.demo.steps import Act

SITE = "huangshan"
TRIES, PAUSE_SECONDS = 5, 1.0
PATIENCE_SECONDS, LOOK_SECONDS = 180.0, 0.1
"""How long the day stands still for a payout: of an unknown one the gateway is asked once a minute, by a busy machine later."""

_SERVER_ERROR = 500


class Refused(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """The desk said no; `code` is its own."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Unanswered(Exception):  # noqa: N818 - named for the condition (DESIGN 5)
    """The desk or the gateway gave no answer one can use, several times."""


@dataclass
class Counter:
    """The day's papers: who holds which token, the slips that were handed out, the payouts that were begun."""

    desk: httpx.Client
    gateway: httpx.Client
    tokens: Mapping[str, str]
    slips: dict[int, dict[str, Any]] = field(default_factory=dict)
    payouts: dict[int, str] = field(default_factory=dict)
    withdrawal: str = ""
    incident: str = ""

    def do(self, act: Act, number: int) -> None:
        """Do the day's act of this number. Raises Refused, Unanswered."""
        WAYS[act.what](self, act, f"demo-{number}")

    def ask(self, method: str, path: str, by: str = "", key: str | None = None, body: Any = None, **more: str) -> httpx.Response:  # noqa: ANN401 - JSON
        """One request, sent again under the same key while no answer comes. Raises Refused, Unanswered."""
        headers = {"Authorization": f"Bearer {self.tokens[by]}"} if by else {}
        headers |= {"Idempotency-Key": key} if key else {}
        return _sent(self.desk, method, f"/api/v1{path}", body, headers | more)

    def step(self, act: Act, path: str, key: str, body: Any = None) -> Any:  # noqa: ANN401 - JSON
        """One step of an officer."""
        return self.ask("POST", path, act.by, key, {} if body is None else body).json()

    def reference(self, act: Act) -> str:
        """The reference of the act's claim; empty where it is about none."""
        return str(self.slip(act)["reference"]) if act.claim else ""

    def slip(self, act: Act) -> dict[str, Any]:
        """What the visitor of the act's claim was handed. Raises Refused where their lodging was."""
        if act.claim not in self.slips:
            raise Refused("never_lodged")
        return self.slips[act.claim]


def tokens_of(officers: list[dict[str, Any]]) -> dict[str, str]:
    """The tokens of the site's staff by seat: `intake`, `intake2`, and so on."""
    found: dict[str, str] = {}
    for each in officers:
        if each["site"] == SITE:
            role = str(each["role"])
            found[role if role not in found else f"{role}2"] = str(each["token"])
    return found


def _sent(client: httpx.Client, method: str, path: str, body: Any, headers: Mapping[str, str]) -> httpx.Response:  # noqa: ANN401 - JSON
    for tried in range(TRIES):
        time.sleep(PAUSE_SECONDS if tried else 0)
        try:
            answer = client.request(method, path, json=body, headers=dict(headers))
        except httpx.TransportError:
            continue
        if answer.is_success:
            return answer
        if answer.status_code < _SERVER_ERROR:
            raise Refused(str(answer.json().get("code", answer.status_code)))
    raise Unanswered(path)


def _lodge(at: Counter, act: Act, key: str) -> None:
    at.slips[act.claim] = at.ask("POST", "/claims", act.by, key, act.told["body"]).json()


def _write(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/claims/{at.reference(act)}/messages", key, {"text": act.told["text"], "question": act.told["question"]})


def _note(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/claims/{at.reference(act)}/notes", key, {"text": act.told["text"]})


def _assess(at: Counter, act: Act, _key: str) -> None:
    path = f"/claims/{at.reference(act)}"
    version = at.ask("GET", path, act.by).headers["ETag"]
    at.ask("PUT", f"{path}/assessment", act.by, None, dict(act.told["findings"]), **{"If-Match": version})


def _confirm(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/claims/{at.reference(act)}/triage", key, {"confirm": act.told["route"]})


def _answer(at: Counter, act: Act, key: str) -> None:
    at.ask("POST", "/status/answer", "", key, {**_pair(at, act), "text": act.told["text"]})


def _say_received(at: Counter, act: Act, key: str) -> None:
    at.ask("POST", "/status/received", "", key, _pair(at, act))


def _propose(at: Counter, act: Act, key: str) -> None:
    at.payouts[act.claim] = str(at.step(act, f"/claims/{at.reference(act)}/payouts", key, act.told["body"])["id"])


def _approve(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/payouts/{_payout(at, act)}/approve", key)


def _send(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/payouts/{_payout(at, act)}/send", key)


def _sign_for(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/payouts/{_payout(at, act)}/received", key)


def _see_paid(at: Counter, act: Act, _key: str) -> None:
    _see(at, act, {"settled", "awaiting_visitor"})


def _see_unknown(at: Counter, act: Act, _key: str) -> None:
    _see(at, act, {"unknown"})


def _withdraw(at: Counter, act: Act, key: str) -> None:
    at.withdrawal = str(at.step(act, f"/sites/{SITE}/fund/withdrawals", key, dict(act.told))["id"])


def _agree(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/sites/{SITE}/fund/withdrawals/{at.withdrawal}/approve", key)


def _top_up(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/sites/{SITE}/fund/top-ups", key, dict(act.told))


def _pledge(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/sites/{SITE}/pledges", key, dict(act.told))


def _return(at: Counter, act: Act, key: str) -> None:
    at.step(act, "/returns", key, {"reference": at.reference(act), **act.told})


def _take_back(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/claims/{at.reference(act)}/return/answer", key)


def _goods_back(at: Counter, act: Act, key: str) -> None:
    at.step(act, f"/claims/{at.reference(act)}/return/goods-back", key, dict(act.told))


def _see_incident(at: Counter, act: Act, _key: str) -> None:
    """Look until the worker has opened it; the clock does not run on meanwhile. Raises Refused when it never does."""

    def opened() -> list[str]:
        found = at.ask("GET", f"/incidents?site={SITE}", act.by).json()["incidents"]
        return [each["id"] for each in found if each["opened_at"]]

    _until(opened)
    at.incident = opened()[-1]


def _incident(at: Counter, act: Act, key: str) -> None:
    told, path = dict(act.told), f"/incidents/{at.incident}"
    version = at.ask("GET", path, act.by).headers["ETag"]
    at.ask("POST", f"{path}/{told.pop('step')}", act.by, key, told, **{"If-Match": version})


def _gateway(at: Counter, act: Act, _key: str) -> None:
    _sent(at.gateway, "PUT", "/_sandbox/mode", dict(act.told), {})


def _tell(_at: Counter, _act: Act, _key: str) -> None:
    """Something that happens at the site and not at the desk."""


def _see(at: Counter, act: Act, states: set[str]) -> None:
    """Look until the payout stands so; the clock does not run on meanwhile. Raises Refused when it never does."""
    path = f"/payouts/{_payout(at, act)}"
    _until(lambda: at.ask("GET", path, act.by).json()["state"] in states)


def _until(seen: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not seen():
        if time.monotonic() > end:
            raise Refused("not_seen")
        time.sleep(LOOK_SECONDS)


def _payout(at: Counter, act: Act) -> str:
    """The payout of the act's claim. Raises Refused where somebody else was faster to propose one."""
    if act.claim not in at.payouts:
        raise Refused("payout_of_others")
    return at.payouts[act.claim]


def _pair(at: Counter, act: Act) -> dict[str, str]:
    """What the visitor holds in hand."""
    slip = at.slip(act)
    return {"reference": slip["reference"], "access_code": slip["access_code"]}


WAYS: Mapping[str, Callable[[Counter, Act, str], None]] = MappingProxyType(
    {
        "lodge": _lodge, "write": _write, "note": _note, "assess": _assess, "confirm": _confirm, "answer": _answer,
        "say_received": _say_received, "propose": _propose, "approve": _approve, "send": _send, "sign_for": _sign_for,
        "see_paid": _see_paid, "see_unknown": _see_unknown, "withdraw": _withdraw, "agree": _agree, "top_up": _top_up,
        "pledge": _pledge, "return": _return, "take_back": _take_back, "goods_back": _goods_back,
        "see_incident": _see_incident, "incident": _incident, "gateway": _gateway, "tell": _tell,
    }
)  # fmt: skip
"""Every kind of act by its name in the script."""
