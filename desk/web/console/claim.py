"""One claim at the counter: read, written about, assessed, decided. Every act is a plain form that is sent once.

A form that meets a claim which a colleague changed comes back with both texts: what happened since, and what was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import ValidationError

from desk.actions.facts import COMPLETABLE
from desk.actions.triage import ASSESSABLE
from desk.domain.claim import OPEN_STATES, Answer, Basis, RespondentKind, Route, Scope, State
from desk.domain.errors import (
    BadInput,
    DeskError,
    Forbidden,
    NotFound,
    PayoutExists,
    StaleVersion,
    VerdictChanged,
    WrongMoment,
)
from desk.domain.evidence import Shows
from desk.domain.follow_up import TRIES, may_try
from desk.domain.handoff import NEXT, HandoffState
from desk.domain.lifecycle import LIFECYCLE, OVERRIDE, Step
from desk.domain.money import Money
from desk.domain.notification import Carrier
from desk.domain.policy import Act, Viewer
from desk.domain.returns import ReturnPhase, ReturnReason
from desk.ports import Desk
from desk.reads.casework import Casework, casework
from desk.reads.claims import contact_in_full
from desk.reads.evidence import evidence_of
from desk.reads.incidents import part_of
from desk.reads.returns import return_offered
from desk.web.console.claim_acts import ACTS, Asked
from desk.web.console.done import led_on
from desk.web.console.forms import KEY, acted, staff_page, typed_in
from desk.web.console.session import Session, SignedIn
from desk.web.deps import Reference, TheDesk
from desk.web.pages import reader_language
from desk.web.refused import Failed
from desk.wording.reasons import figure_text, return_reason_text

router = APIRouter(prefix="/desk/claims", include_in_schema=False)

TESTS = ("not_at_fault", "facts_clear", "evidence_sufficient")

OVERTAKEN = (StaleVersion, WrongMoment, VerdictChanged, PayoutExists)
"""Refusals that a colleague's act explains: the page shows what happened since the form was made."""

_OURS = frozenset({KEY, "version", "seen", "question", "route"})


@dataclass(frozen=True, slots=True)
class Overtaken(Failed):
    """An act that was refused: whether a colleague's explains it, and which event the form had seen last."""

    overtaken: bool = False
    seen: int = 0

    @property
    def words(self) -> list[str]:
        """What was written by hand, to be shown where the form itself is not offered any more."""
        chosen = (*TESTS, "basis", "scope", "kind")
        return [value for name, value in self.typed.items() if name not in _OURS and name not in chosen and value.strip()]


@router.get("/{reference}")
async def claim_page(request: Request, session: SignedIn, reference: Reference, desk: TheDesk) -> Response:
    """The claim with everything an officer of this role may see and do."""
    return await _page(request, desk, session, reference)


@router.post("/{reference}/{act}")
async def act_on_claim(request: Request, reference: Reference, act: str, desk: TheDesk, session: SignedIn) -> Response:
    """Do what the form says and show the claim anew; refused, the page with the reason and the typed text."""
    typed = await typed_in(request, session)
    form = ACTS.get(act)
    if form is None:
        raise NotFound
    work = await desk.read(casework, session.viewer, reference, reader_language(request), desk.kit)
    try:
        args = form.read(Asked(typed, work.view.claim.currency, len(work.view.items)))
        done = await acted(request, session, typed[KEY], form.action, reference, *args)
    except (Forbidden, NotFound):
        raise
    except (DeskError, ValidationError) as refusal:
        return await _page(request, desk, session, reference, failed=_failed(request, act, refusal, typed))
    if act == "contact-view" and done is not None:
        return await _page(request, desk, session, reference, contact=await _contact(desk, session.viewer, reference))
    what = "question" if act == "message" and typed.get("question") else act
    return led_on(request, f"/desk/claims/{reference}#{form.place}", what)


async def _contact(desk: Desk, viewer: Viewer, reference: str) -> dict[str, str | None]:
    """The visitor's contact in full; the reason stands in the chain by now."""
    return await desk.read(contact_in_full, viewer, reference, desk.kit)


def _failed(request: Request, act: str, refusal: Exception, typed: Mapping[str, str]) -> Overtaken:
    failed, seen = Overtaken.of(request, act, refusal, typed), typed.get("seen", "")
    named = [field for field in failed.fields if field] or (["name"] if (act, type(refusal)) == ("contact", BadInput) else [])
    return replace(
        failed, fields=tuple(f"{act}-{field}" for field in named), overtaken=isinstance(refusal, OVERTAKEN),
        seen=int(seen) if seen.isdecimal() and len(seen) < len("1000000") else 0,
    )  # fmt: skip


def offered(viewer: Viewer, work: Casework) -> frozenset[str]:
    """The acts that a page offers this officer now; each is checked again when it is sent."""
    claim = work.view.claim
    state, site = State(claim.state), claim.site_id
    may = {
        "message": viewer.may(Act.MESSAGE, site),
        "resend": viewer.may(Act.MESSAGE, site) and work.notified.lost and work.notified.by is not Carrier.SLIP,
        "told": viewer.may(Act.MESSAGE, site) and work.notified.lost,
        "note": viewer.may(Act.NOTE, site),
        "link": viewer.may(Act.LINK, site),
        "contact": viewer.may(Act.CHANGE_CONTACT, site),
        "contact-view": viewer.may(Act.VIEW_CONTACT, site),
        "slip": viewer.may(Act.REISSUE_SLIP, site),
        "assess": viewer.may(Act.ASSESS, site) and state in ASSESSABLE,
        "facts": viewer.may(Act.COMPLETE_FACTS, site)
        and state in COMPLETABLE
        and _is_incomplete(work)
        and claim.decided_minor is None,
        "decide": viewer.may(Act.CONFIRM, site) and state is State.RECEIVED,
        "part": viewer.may(Act.CONFIRM, site) and state is State.RECEIVED and work.verdict.route is Route.FAST_REFUND,
        "override": bool(routes_open(viewer, work)),
        "answer": viewer.may(Act.ANSWER, site) and (state is State.AWAITING_INFORMATION or _is_asked(work)),
        "silence": viewer.may(Act.ASSESS, site) and state is State.AWAITING_INFORMATION,
        "extend": viewer.may(Act.EXTEND_CLOCK, site),
        "withdraw": viewer.may(Act.WITHDRAW, site) and (state, Step.WITHDRAW) in LIFECYCLE,
        "reopen": viewer.may(Act.REOPEN, site) and (state, Step.REOPEN) in LIFECYCLE,
        "follow_up": viewer.may(Act.FOLLOW_UP, site) and may_try(state, work.followed),
        "handoff": viewer.may(Act.HAND_OFF, site) and bool(work.handoffs.partners),
        **{
            f"handoff-{to.value}": viewer.may(Act.HAND_OFF, site)
            for line in work.handoffs.lines
            for to in NEXT[HandoffState(line.row.state)]
        },
        "return": viewer.may(Act.START_RETURN, site) and (state, Step.START_RETURN) in LIFECYCLE,
        **{act: viewer.may(Act.HANDLE_RETURN, site) for act in _of_return(work)},
        "pay": viewer.may(Act.READ_PAYOUT, site) and (work.to_pay or work.payout_id is not None),
    }
    return frozenset(act for act, allowed in may.items() if allowed)


def _of_return(work: Casework) -> tuple[str, ...]:
    """The forms that suit a return as far as it has come; it is not refused while it is being paid."""
    phase = work.goods_return.phase if work.goods_return else None
    forms = {ReturnPhase.ASKED: ("return-answer", "return-back"), ReturnPhase.GOODS_AWAITED: ("return-back",)}
    refuse = () if phase is None or work.paying else ("return-refuse",)
    return (*forms.get(phase, ()), *refuse) if phase else ()


def routes_open(viewer: Viewer, work: Casework) -> list[Route]:
    """The routes that an override may still lead to; none while a payout is under way."""
    claim = work.view.claim
    if not viewer.may(Act.OVERRIDE, claim.site_id) or work.paying:
        return []
    into_fast = viewer.may(Act.OVERRIDE_INTO_FAST, claim.site_id)
    return [
        route
        for route in Route
        if (State(claim.state), OVERRIDE[route]) in LIFECYCLE and (route is not Route.FAST_REFUND or into_fast)
    ]


def _is_asked(work: Casework) -> bool:
    return bool(work.view.claim.open_questions) and State(work.view.claim.state) in OPEN_STATES


def _is_incomplete(work: Casework) -> bool:
    return work.view.respondent is None or any(item.asked_minor is None for item in work.view.items)


async def _page(
    request: Request, desk: Desk, session: Session, reference: str, *, failed: Overtaken | None = None,
    contact: Mapping[str, str | None] | None = None,
) -> Response:  # fmt: skip
    language = reader_language(request)
    work = await desk.read(casework, session.viewer, reference, language, desk.kit)
    evidence = await desk.read(evidence_of, session.viewer, reference, desk.kit)
    claim = work.view.claim
    asked = sum(item.asked_minor or 0 for item in work.view.items)
    return staff_page(
        request, session, "console/claim.html", failed.status if failed else 200, address=f"/desk/claims/{reference}",
        here="queue", work=work, claim=claim, view=work.view, offered=offered(session.viewer, work), failed=failed,
        routes=[route.value for route in routes_open(session.viewer, work)], contact=contact or work.view.visitor,
        in_full=contact is not None, asked=Money(asked, claim.currency) if asked else None, money=Money, figure_text=figure_text,
        answers=[answer.value for answer in Answer], bases=[basis.value for basis in Basis], tests=TESTS,
        scopes=[scope.value for scope in Scope], kinds=[kind.value for kind in RespondentKind],
        evidence=evidence, shows=list(Shows), tries=sorted(TRIES), tried=sum(kind in TRIES for kind in work.followed),
        may_see_misses=session.viewer.may(Act.READ_MISSES, claim.site_id),
        part=await desk.read(part_of, session.viewer, claim.id, desk.kit),
        to_pay=work.to_pay, return_reasons=[reason.value for reason in ReturnReason],
        pledge=await desk.read(return_offered, session.viewer, reference, desk.kit), return_text=return_reason_text,
    )  # fmt: skip
