"""The forms of a recovery's page: which action each one is, and what was typed into it. Renders nothing."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Any

from desk.actions.recovery import accept, contest, demand, plan_instalments, record_payment, uphold, use_deposit
from desk.actions.recovery_decisions import approve_decision, propose_decision, refuse_decision
from desk.domain.errors import BadInput
from desk.domain.money import Money
from desk.domain.recovery import DecisionKind, How
from desk.domain.typed import read_amount, read_day
from desk.web.api.recovery_shapes import AcceptIn, ApproveIn, ContestIn, RefuseIn, WriteOffIn
from desk.web.console.forms import filled
from desk.web.deps import row_id

ROWS = 6
"""How many instalments the page has lines for; the API takes more."""

Typed = Mapping[str, str]
Told = tuple[Any, ...]


def told_by(step: str, typed: Typed, currency: str) -> Told:
    """The action of a form and what it is told. Raises BadInput, ValidationError, KeyError for no such form."""
    return STEPS[step](typed, currency)


def typed_amount(typed: Typed, currency: str, name: str = "amount") -> Money:
    """An amount that must be there. Raises BadInput."""
    if not typed.get(name, "").strip():
        raise BadInput(f"/{name}", "missing")
    try:
        return read_amount(typed[name], currency)
    except (ValueError, OverflowError):
        raise BadInput(f"/{name}", "bad_amount") from None


def typed_day(typed: Typed, name: str) -> date:
    """A day that must be there. Raises BadInput."""
    if not typed.get(name, "").strip():
        raise BadInput(f"/{name}", "missing")
    try:
        return read_day(typed[name])
    except ValueError:
        raise BadInput(f"/{name}", "bad_date") from None


def _demand(typed: Typed, _: str) -> Told:
    return demand, typed_day(typed, "pay_by")


def _accept(typed: Typed, _: str) -> Told:
    return accept, AcceptIn(**filled(typed, "note")).note


def _contest(typed: Typed, _: str) -> Told:
    return contest, ContestIn(**filled(typed, "words")).words


def _review(typed: Typed, currency: str) -> Told:
    reason, outcome = WriteOffIn(**filled(typed, "reason")).reason, typed.get("outcome", "")
    if outcome == "upheld":
        return uphold, reason
    if outcome == "void":
        return propose_decision, DecisionKind.VOID, reason
    if outcome != "reduced":
        raise BadInput("/outcome", "missing")
    return propose_decision, DecisionKind.REDUCE, reason, typed_amount(typed, currency)


def _instalments(typed: Typed, currency: str) -> Told:
    """Lines that are left wholly empty are none."""
    rows = [row for row in range(1, ROWS + 1) if typed.get(f"due_on_{row}", "").strip() or typed.get(f"amount_{row}", "").strip()]
    return plan_instalments, [(typed_day(typed, f"due_on_{row}"), typed_amount(typed, currency, f"amount_{row}")) for row in rows]


def _payment(typed: Typed, currency: str) -> Told:
    if typed.get("how") not in tuple(How):
        raise BadInput("/how", "missing")
    return record_payment, typed_amount(typed, currency), How(typed["how"]), AcceptIn(**filled(typed, "note")).note


def _deposit(typed: Typed, currency: str) -> Told:
    return use_deposit, typed_amount(typed, currency)


def _write_off(typed: Typed, _: str) -> Told:
    return propose_decision, DecisionKind.WRITE_OFF, WriteOffIn(**filled(typed, "reason")).reason


def _approve(typed: Typed, _: str) -> Told:
    return approve_decision, row_id(ApproveIn(**filled(typed, "decision")).decision)


def _refuse(typed: Typed, _: str) -> Told:
    told = RefuseIn(**filled(typed, "decision", "reason"))
    return refuse_decision, row_id(told.decision), told.reason


STEPS: Mapping[str, Callable[[Typed, str], Told]] = MappingProxyType(
    {
        "demand": _demand, "accept": _accept, "contest": _contest, "review": _review, "instalments": _instalments,
        "payments": _payment, "deposit": _deposit, "write-off": _write_off, "approve": _approve, "refuse": _refuse,
    }
)  # fmt: skip
"""Every form of the page, by the last part of its address."""
