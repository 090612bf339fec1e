"""Evidence of a claim: added by staff or by the visitor, listed, looked at, saved."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import Field, ValidationError

from desk.actions.evidence import Upload
from desk.actions.once import Once
from desk.domain.evidence import Shows
from desk.reads.evidence import EvidenceView, evidence_of
from desk.web.api.shapes import Out
from desk.web.api.visitor_acts import VisitorIn
from desk.web.deps import Network, Officer, Reference, RequestId, RequiredKey, TheDesk
from desk.web.evidence import add_once, handed_out, stored, upload_in
from desk.web.openapi import for_staff, for_step, for_visitor
from desk.web.visits import visitor_for

router = APIRouter(tags=["evidence"])

_OWN = ("reference", "access_code", "token")
_TEXT: Mapping[str, Any] = {"type": "string", "maxLength": 80}
_FIELDS: Mapping[str, Any] = {
    "file": {"type": "string", "format": "binary", "description": "JPEG, PNG, WebP, HEIC or PDF; at most 15 MB"},
    "kind": {"type": "string", "enum": list(Shows), "description": "what it shows; `other` without it"},
}


def _form(*others: str) -> dict[str, Any]:
    """How the documentation describes a form with a file."""
    properties = {**_FIELDS, **dict.fromkeys(others, _TEXT)}
    shape = {"type": "object", "required": ["file"], "additionalProperties": False, "properties": properties}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": shape}}}}


class AlikeOut(Out):
    """Another claim of the site that may be the same matter."""

    reference: str
    why: str


class EvidenceAddedOut(Out):
    """A file that is evidence now. `duplicates` are for officers; a visitor's are empty."""

    id: str
    sha256: str = Field(description="of the original, in hexadecimal")
    kind: str
    bytes: int
    duplicates: list[AlikeOut]


class ExhibitOut(Out):
    """One file of a claim. `name` is null once the visitor's data are erased; `by` is an officer, null for the visitor."""

    id: str
    name: str | None
    kind: str = Field(description="what it shows")
    media_type: str
    bytes: int
    width: int | None
    height: int | None
    pages: int | None
    scan: str = Field(description="`unscanned`: no malware scanner has looked at it")
    by: str | None
    added_at: datetime


class EvidenceOut(Out):
    """A claim's files, oldest first, and the site's other claims with one of the same files."""

    reference: str
    evidence: list[ExhibitOut]
    duplicates: list[AlikeOut]

    @classmethod
    def of(cls, view: EvidenceView) -> "EvidenceOut":
        """The shape of a claim's files."""
        return cls(
            reference=view.reference,
            evidence=[
                ExhibitOut(
                    id=one.file_id, name=one.name, kind=one.shows, media_type=one.kind.media_type, bytes=one.size,
                    width=one.width, height=one.height, pages=one.pages, scan=one.scan, by=one.by, added_at=one.added_at,
                )
                for one in view.files
            ],
            duplicates=[AlikeOut(reference=reference, why="same_file") for reference in view.duplicates],
        )  # fmt: skip


@router.post(
    "/api/v1/claims/{reference}/evidence",
    response_model=EvidenceAddedOut,
    status_code=201,
    name="evidence_add",
    responses=for_step("idempotency_key_missing"),
    openapi_extra=_form(),
    summary="Add a file to a claim",
)
async def post_evidence(
    request: Request, reference: Reference, officer: Officer, key: RequiredKey
) -> Response:  # fmt: skip
    """Kept sealed as it came; shown as a copy without place, device and other hidden data."""
    upload, _ = await upload_in(request)
    return _added(await add_once(request, officer, reference, upload, key), upload)


@router.get(
    "/api/v1/claims/{reference}/evidence",
    name="evidence_list",
    responses=for_staff(),
    summary="The files of a claim",
)
async def list_evidence(reference: Reference, desk: TheDesk, officer: Officer) -> EvidenceOut:
    """Oldest first."""
    return EvidenceOut.of(await desk.read(evidence_of, officer, reference, desk.kit))


@router.get(
    "/api/v1/evidence/{evidence_id}",
    name="evidence_read",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}, "application/pdf": {}}}, **for_staff()},
    summary="A file, to look at or to save",
)
async def read_evidence(
    evidence_id: str, desk: TheDesk, officer: Officer, original: Annotated[bool, Query()] = False  # noqa: FBT002 - a query parameter
) -> Response:  # fmt: skip
    """A picture is shown as its copy; `original` is for saving only, as is every PDF."""
    return await handed_out(desk, officer, evidence_id, original=original)


@router.post(
    "/api/v1/status/evidence",
    response_model=EvidenceAddedOut,
    status_code=201,
    name="status_evidence",
    responses=for_visitor("idempotency_key_missing"),
    openapi_extra=_form(*_OWN),
    summary="Add a file to your claim",
)
async def post_own_evidence(
    request: Request, desk: TheDesk, network: Network, request_id: RequestId, key: RequiredKey
) -> Response:  # fmt: skip
    """The claim's key travels in the form, beside the file."""
    upload, fields = await upload_in(request, _OWN)
    try:
        given = VisitorIn(**fields)
    except ValidationError as wrong:
        raise RequestValidationError(
            [{**error, "loc": ("body", *error["loc"])} for error in wrong.errors()], body=fields
        ) from None
    holder = await given.holder(desk, network)
    return _added(await add_once(request, visitor_for(holder, request_id), holder.reference, upload, key), upload)


def _added(given: Once, upload: Upload) -> Response:
    """The answer; the hash is taken from the file that came, which the key vouches for."""
    shown = EvidenceAddedOut(sha256=upload.sha256, **stored(given))
    headers = {"Idempotent-Replayed": "true"} if given.replayed else None
    return Response(shown.model_dump_json(), 201, headers, "application/json")
