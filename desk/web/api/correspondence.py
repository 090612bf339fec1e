"""Messages, questions, notes, answers, links, contact and slips of a claim: what moves no state, and the visitor's answer."""

from dataclasses import asdict

from fastapi import APIRouter, Request, Response
from pydantic import StrictBool

from desk.actions.codes import slip_for
from desk.actions.messages import answer_questions, record_silence, send_message, write_note
from desk.actions.slips import Slip, change_contact, link_claims, reissue_slip, view_contact
from desk.actions.steps import Held
from desk.domain.errors import BadInput
from desk.domain.reference import read_reference
from desk.reads.claims import contact_in_full
from desk.web.api.claim_shapes import ContactOut
from desk.web.api.decisions import MovedOut, moved_out
from desk.web.api.shapes import Code, Email, In, Name, Out, Phone, Prose
from desk.web.deps import Officer, OptionalKey, Reference, TheDesk
from desk.web.once import answer_once
from desk.web.openapi import for_step

router = APIRouter(prefix="/api/v1/claims", tags=["correspondence"])


class MessageIn(In):
    """Words for the visitor, shown on the status page. A question stays open until it is answered."""

    text: Prose
    question: StrictBool = False


class TextIn(In):
    """Words and nothing else."""

    text: Prose


class ReasonIn(In):
    """Why an act is done; it stands in the audit chain."""

    reason: Prose


class LinkIn(In):
    """The other claim of the same matter."""

    reference: Code


class ContactIn(In):
    """What changes of a contact; a field left out stays, null removes it."""

    name: Name | None = None
    phone: Phone | None = None
    email: Email | None = None

    def fields(self) -> dict[str, str | None]:
        """The fields that were sent."""
        return self.model_dump(include=self.model_fields_set)


class DoneOut(Out):
    """Where the claim stands after an act that moved no state."""

    reference: str
    state: str
    version: int


class SlipOut(Out):
    """A new slip; the codes before it are worthless now."""

    reference: str
    access_code: str
    status_url: str


def _other(body: LinkIn) -> str:
    """The other claim's reference as it is stored. Raises BadInput for one that cannot be."""
    reference = read_reference(body.reference)
    if reference is None:
        raise BadInput("/reference", "bad_reference")
    return reference


class IssuedOut(Out):
    """Which slip was issued: what is remembered of it under a key."""

    reference: str
    claim_id: int
    generation: int

    @classmethod
    def of(cls, slip: Slip) -> "IssuedOut":
        """What is remembered of a slip."""
        return cls(**asdict(slip))


def done_out(held: Held) -> DoneOut:
    """The shape of a claim after an act."""
    return DoneOut(reference=held.claim.reference, state=held.claim.state, version=held.claim.version)


@router.post(
    "/{reference}/messages", response_model=DoneOut, name="messages_send", responses=for_step(), summary="Write to the visitor"
)
async def post_message(
    request: Request, reference: Reference, body: MessageIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """A message or a question on the status page; the first one stops `first_answer`."""
    kind = "question" if body.question else "message"
    return await answer_once(request, desk, officer, key, done_out, send_message, reference, body.text, kind)


@router.post(
    "/{reference}/notes", response_model=DoneOut, name="notes_write", responses=for_step(), summary="Keep an internal note"
)
async def post_note(
    request: Request, reference: Reference, body: TextIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """For staff only; no party ever reads it."""
    return await answer_once(request, desk, officer, key, done_out, write_note, reference, body.text)


@router.post(
    "/{reference}/answers",
    response_model=MovedOut,
    name="answers_record",
    responses=for_step(),
    summary="Write down the visitor's answer",
)
async def post_answer(
    request: Request, reference: Reference, body: TextIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """What the visitor answered at the counter or on the phone; a claim that waited is received again."""
    return await answer_once(request, desk, officer, key, moved_out, answer_questions, reference, body.text)


@router.post(
    "/{reference}/no-answer",
    response_model=MovedOut,
    name="answers_none",
    responses=for_step(),
    summary="Record that no answer came",
)
async def post_no_answer(
    request: Request, reference: Reference, body: ReasonIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """The claim is judged on what is there."""
    return await answer_once(request, desk, officer, key, moved_out, record_silence, reference, body.reason)


@router.post(
    "/{reference}/links",
    response_model=DoneOut,
    name="links_add",
    responses=for_step(),
    summary="Link a claim of the same matter",
)
async def post_link(
    request: Request, reference: Reference, body: LinkIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """Nothing is merged; linking twice changes nothing."""
    return await answer_once(request, desk, officer, key, done_out, link_claims, reference, _other(body))


@router.post(
    "/{reference}/contact",
    response_model=DoneOut,
    name="contact_change",
    responses=for_step(),
    summary="Change the visitor's contact",
)
async def post_contact(
    request: Request, reference: Reference, body: ContactIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """Sealed at once; the answer does not repeat it."""
    return await answer_once(request, desk, officer, key, done_out, change_contact, reference, body.fields())


@router.post(
    "/{reference}/contact-view",
    response_model=ContactOut,
    name="contact_view",
    responses=for_step(),
    summary="See the visitor's contact in full",
)
async def post_contact_view(
    request: Request, reference: Reference, body: ReasonIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """An audited act: the reason stands in the claim's chain. A repeated key shows it again without another event."""

    async def opened(_stored: str) -> str:
        return ContactOut(**await desk.read(contact_in_full, officer, reference, desk.kit)).model_dump_json()

    return await answer_once(request, desk, officer, key, done_out, view_contact, reference, body.reason, present=opened)


@router.post(
    "/{reference}/slip",
    response_model=SlipOut,
    name="slip_reissue",
    responses=for_step(),
    summary="Issue the slip again, face to face",
)
async def post_slip(
    request: Request, reference: Reference, body: ReasonIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """New code and token, old ones worthless. Derived each time, stored nowhere, so a repeated key shows the same slip."""

    async def derived(stored: str) -> str:
        slip = IssuedOut.model_validate_json(stored)
        code, url = slip_for(desk.kit, slip.reference, slip.claim_id, slip.generation)
        return SlipOut(reference=slip.reference, access_code=code, status_url=url).model_dump_json()

    return await answer_once(request, desk, officer, key, IssuedOut.of, reissue_slip, reference, body.reason, present=derived)
