"""A visit: a claim opened on this device for 30 minutes, kept by a signed cookie, and its page."""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from itsdangerous import BadData, URLSafeTimedSerializer

from desk.domain.evidence import Shows
from desk.domain.policy import Act, Viewer
from desk.domain.stage import Stage
from desk.ports import Desk
from desk.reads.evidence import evidence_of
from desk.reads.handoffs import handed_to
from desk.reads.returns import goods_of
from desk.reads.settlements import together_of
from desk.reads.status import StatusView, status_view
from desk.reads.told import mediation_ends_at, told_of
from desk.reads.visitors import Keyholder, keyholders
from desk.web.headers import CSP_WITH_OWN_SCRIPTS
from desk.web.pages import kept_language, page, reader_language
from desk.web.visitor.hours import counter_hours
from desk.web.visits import visitor_for
from desk.wording import reasons

FORM_HOURS = 8


@dataclass(frozen=True, slots=True)
class Note:
    """What a device may keep of a claim, in which cookie, and for how many seconds."""

    what: str
    cookie: str
    seconds: int


VISIT = Note("visit", "desk_visit", 30 * 60)
RECEIPT = Note("receipt", "desk_receipt", 24 * 3600)

OVER, LEFT = "over", "left"
WHY = {OVER: "page.find.over", LEFT: "page.find.left"}
"""Why somebody who followed a claim stands at its door again."""
_DONE = (Act.ANSWER, Act.CHANGE_CONTACT, Act.ADD_EVIDENCE, Act.RATE)
"""Acts that the page confirms in a line; the status itself tells of the others."""

_TO_REFUND = ("registered", "checked", "decided", "refunded")
_TO_AGREEMENT = ("registered", "checked", "mediation", "agreed")
_REACHED = {
    Stage.REGISTERED: 1, Stage.BEING_CHECKED: 1, Stage.WAITING_FOR_YOU: 1, Stage.RETURN_IN_PROGRESS: 1, Stage.REFUND_AGREED: 3,
    Stage.REFUND_BEING_CONFIRMED: 3, Stage.REFUND_SENT: 3, Stage.CLOSED_REFUNDED: 4, Stage.CLOSED_PERFORMED: 4,
    Stage.IN_MEDIATION: 2, Stage.AGREEMENT_REACHED: 3,
}  # fmt: skip
_MEDIATED = frozenset({Stage.IN_MEDIATION, Stage.AGREEMENT_REACHED})

GO_ALONE = "go_alone"
"""Leaving a collective claim, as the page names it."""
_ACTS = (Act.ANSWER, Act.OBJECT, Act.CHANGE_CONTACT, Act.SAY_RECEIVED, Act.WITHDRAW, Act.REOPEN)
"""What a visitor can do at one time or another, in the order in which the page names what is not possible now."""

Forms = Callable[["Visit", tuple[str, ...]], list[tuple[str, str]]]


@dataclass(frozen=True, slots=True)
class Visit:
    """A visitor at their claim's page."""

    request: Request
    desk: Desk
    viewer: Viewer
    reference: str

    async def page(self, *, forms: Forms, failed: object = None, status: int = 200) -> Response:
        """The status page, with the refusal of an act and what was typed where there is one."""
        language, kit = reader_language(self.request), self.desk.kit
        view = await self.desk.read(status_view, self.viewer, self.reference, language, kit)
        evidence = await self.desk.read(evidence_of, self.viewer, self.reference, kit)
        goods = await self.desk.read(goods_of, self.viewer, self.reference, kit)
        handed = await self.desk.read(handed_to, self.viewer, self.reference)
        told, done = await self.desk.read(told_of, self.viewer, self.reference), self.request.query_params.get("done")
        answer = page(
            self.request, "visitor/status.html", status, view=view, steps=_steps(view), now=kit.clock.now(),
            forms=forms(self, view.acts), failed=failed, closed_acts=[act for act in _ACTS if act not in view.acts],
            hours=counter_hours(view.site, kit.clock.now(), language), doors=reasons.other_doors(language),
            evidence=evidence, file_key=self.form_key(), shows=list(Shows), told=told,
            goods=goods, handed=handed, return_key=self.form_key(), return_text=reasons.return_reason_text,
            together=await self.desk.read(together_of, self.viewer, self.reference, kit), together_keys=self.form_key,
            done=done if done in _DONE and not failed else None,
        )  # fmt: skip
        if view.take:
            answer.headers["Content-Security-Policy"] = CSP_WITH_OWN_SCRIPTS
        return answer

    async def asks_first(self, act: str, typed: Mapping[str, str]) -> Response | None:
        """The page that says what an act gives up, and asks. None where nothing is given up, or it is not offered."""
        language, kit = reader_language(self.request), self.desk.kit
        view = await self.desk.read(status_view, self.viewer, self.reference, language, kit)
        if act == GO_ALONE:
            together = await self.desk.read(together_of, self.viewer, self.reference, kit)
            if together is None or not together.would_lose:
                return None
            return page(
                self.request, "visitor/sure.html", address="/status", view=view, act=act, typed=typed, amount=together.offer,
                now=kit.clock.now(),
            )  # fmt: skip
        if view.agreed is None or act not in view.acts:
            return None
        mediated_by = await self.desk.read(mediation_ends_at, self.viewer, self.reference, kit)
        return page(
            self.request, "visitor/sure.html", address="/status", view=view, act=act, typed=typed, amount=view.agreed,
            mediated_by=mediated_by, now=kit.clock.now(),
        )  # fmt: skip

    def acted(self, act: str) -> Response:
        """Back to the page, which says in a line what was done where the status does not."""
        path = f"/status?done={act}" if act in _DONE else "/status"
        return RedirectResponse(kept_language(self.request, path), 303)

    def form_key(self) -> str:
        """A fresh key for one form of this page, signed, so that no other site can make one."""
        return _signer(self.desk, "form").dumps([self.reference, secrets.token_urlsafe(16)])

    def is_own_form(self, key: str) -> bool:
        """Whether a form of this claim's page carried the key, not longer ago than a working day."""
        try:
            reference, _ = _signer(self.desk, "form").loads(key, max_age=FORM_HOURS * 3600)
        except (BadData, ValueError, TypeError):
            return False
        return bool(reference == self.reference)


def over(request: Request) -> Response:
    """To the door, which says that the visit is over."""
    return RedirectResponse(kept_language(request, f"/s?why={OVER}"), 303)


async def visit_of(request: Request, desk: Desk, request_id: str) -> Visit | None:
    """The visit this device's cookie names, None once it is over."""
    holder = await holder_kept(request, desk)
    return Visit(request, desk, visitor_for(holder, request_id), holder.reference) if holder else None


async def holder_kept(request: Request, desk: Desk, note: Note = VISIT) -> Keyholder | None:
    """The claim this device keeps a note of, None once the note is too old, forged, or of a slip that was replaced."""
    try:
        reference, generation = _signer(desk, note.what).loads(request.cookies.get(note.cookie, ""), max_age=note.seconds)
    except (BadData, ValueError, TypeError):
        return None
    holder = await desk.lookup(keyholders, str(reference))
    return holder if holder and holder.generation == generation and not holder.erased else None


def remember(answer: Response, desk: Desk, holder: Keyholder, note: Note = VISIT, *, secure: bool) -> Response:
    """Let this device keep a signed note of the claim and the generation of its slip."""
    signed = _signer(desk, note.what).dumps([holder.reference, holder.generation])
    answer.set_cookie(note.cookie, signed, max_age=note.seconds, httponly=True, samesite="lax", secure=secure)
    return answer


def _signer(desk: Desk, what: str = "visit") -> URLSafeTimedSerializer:
    """Signs with a secret that follows from the pepper."""
    return URLSafeTimedSerializer(desk.kit.sealer.tag("cookie", what), salt=f"desk.{what}")


def _steps(view: StatusView) -> list[tuple[str, str]]:
    """The four steps of the tracker with how far each is; none for a claim that left its path."""
    reached = _REACHED.get(view.stage)
    if reached is None:
        return []
    names = _TO_AGREEMENT if view.stage in _MEDIATED else _TO_REFUND
    current = reached if view.stage is not Stage.REGISTERED or view.answered else None
    return [(name, "done" if place < reached else "current" if place == current else "ahead") for place, name in enumerate(names)]
