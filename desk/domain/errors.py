"""Refusals: what the desk says no to, each named for its condition.

Holds no status codes and no sentences: `web.errors` maps each code once, `wording` says it in the reader's language.
"""

from typing import ClassVar


class DeskError(Exception):
    """A refusal with a stable code. `params` fill the sentence and never repeat what the caller sent."""

    code: ClassVar[str] = "refused"

    def __init__(self, **params: object) -> None:
        super().__init__(self.code)
        self.params = params


class NotFound(DeskError):
    """No such thing for this viewer; a thing of a foreign site answers exactly the same."""

    code = "not_found"


class Forbidden(DeskError):
    """The viewer's role does not carry this right."""

    code = "not_allowed"


class SignInNeeded(DeskError):
    """No token, or one that is unknown, revoked or of a disabled officer."""

    code = "sign_in_needed"


class TooManyTries(DeskError):
    """Lodging or sign-in is throttled; `retry_after` is in seconds."""

    code = "too_many_tries"


class WrongMoment(DeskError):
    """The (state, step) pair is not in the lifecycle table."""

    code = "wrong_moment"


class NotExtendable(DeskError):
    """The rule behind this clock allows no longer time, the clock has ended, or its deadline is past."""

    code = "not_extendable"


class VerdictChanged(DeskError):
    """The confirmed route is no longer the verdict of the rule."""

    code = "verdict_changed"


class StaleVersion(DeskError):
    """The claim changed since the caller read it; `etag` names the version now."""

    code = "stale_version"


class VersionMissing(DeskError):
    """A write that replaces text needs `If-Match`."""

    code = "version_missing"


class BadInput(DeskError):
    """A value is outside its limits or contradicts another; `field` is a JSON pointer, `problem` a stable code."""

    code = "bad_input"

    def __init__(self, field: str, problem: str, **params: object) -> None:
        super().__init__(field=field, problem=problem, **params)
        self.field = field
        self.problem = problem


class AmountAboveDecided(DeskError):
    """More was named than was asked or decided."""

    code = "amount_above_decided"


class FundInsufficient(DeskError):
    """The fund cannot cover the amount; nothing was reserved."""

    code = "fund_insufficient"


class DepositInsufficient(DeskError):
    """The respondent's deposit does not hold so much."""

    code = "deposit_insufficient"


class AmountAboveOpen(DeskError):
    """More was named than the respondent still owes, or than was written off."""

    code = "amount_above_open"


class RespondentUnnamed(DeskError):
    """Nobody was named as respondent when the payout settled, so that nobody can be asked to pay it back."""

    code = "respondent_unnamed"


class SecondOfficerNeeded(DeskError):
    """The payout, withdrawal or decision about a recovery waits for somebody who neither lodged nor confirmed nor proposed it."""

    code = "second_officer_needed"


class PayoutExists(DeskError):
    """The claim has a payout that is under way, or was paid already."""

    code = "payout_exists"


class SendsStopped(DeskError):
    """The manager has stopped the refunds of this site; nothing leaves until they are resumed."""

    code = "sends_stopped"


class NotHandedOver(DeskError):
    """There is no receipt for money that was not handed over, or that came back."""

    code = "not_handed_over"


class NothingToClose(DeskError):
    """No settled payout of this cashier and method waits to be counted."""

    code = "nothing_to_close"


class CountChanged(DeskError):
    """What is to be counted is no longer what the cashier saw: another payout settled, or another close took them."""

    code = "count_changed"


class CashierAtWork(DeskError):
    """This cashier still works at the site's till, and nobody else closes their day."""

    code = "cashier_at_work"


class BreaksOpen(DeskError):
    """Books and statement differ: no refund of the site leaves before a manager has resolved each break."""

    code = "breaks_open"


class AdminNeeded(DeskError):
    """An admin does not shut themselves out, and the desk is never left without one."""

    code = "admin_needed"


class SignatureWrong(DeskError):
    """A message that claims to come from the gateway is not signed by it, or was signed too long ago."""

    code = "signature_wrong"


class KeyMissing(DeskError):
    """This route needs an `Idempotency-Key`."""

    code = "idempotency_key_missing"


class KeyReused(DeskError):
    """The key was used before with another body."""

    code = "idempotency_key_reused"


class KeyInFlight(DeskError):
    """The first request with this key has not been answered yet."""

    code = "idempotency_key_in_flight"


class Busy(DeskError):
    """The desk cannot take more work this moment; nothing was changed."""

    code = "busy"


class StorageFull(DeskError):
    """The disk is full or failing; nothing was changed."""

    code = "storage_full"
