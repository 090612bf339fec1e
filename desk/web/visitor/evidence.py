"""Files of a claim for its visitor: adding one on the status page, looking at one."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from desk.domain.errors import DeskError, Forbidden, NotFound
from desk.domain.policy import Act
from desk.web.deps import RequestId, TheDesk
from desk.web.evidence import add_once, handed_out, upload_in
from desk.web.pages import same_site
from desk.web.refused import Failed
from desk.web.visitor.acts import forms_for
from desk.web.visitor.visit import Visit, over, visit_of

router = APIRouter(include_in_schema=False)


@router.post(f"/status/{Act.ADD_EVIDENCE}")
async def add_file(request: Request, desk: TheDesk, request_id: RequestId) -> Response:
    """Add a file, then show the page anew; refused, the page says why."""
    same_site(request)
    visit = await visit_of(request, desk, request_id)
    if visit is None:
        return over(request)
    try:
        upload, fields = await upload_in(request, ("key",))
        await add_once(request, visit.viewer, visit.reference, upload, _own_key(visit, fields))
    except (NotFound, Forbidden):
        raise
    except DeskError as refusal:
        failed = Failed.of(request, Act.ADD_EVIDENCE, refusal, {})
        return await visit.page(failed=failed, forms=forms_for, status=failed.status)
    return visit.acted(Act.ADD_EVIDENCE)


def _own_key(visit: Visit, fields: Mapping[str, str]) -> str:
    key = fields.get("key", "")
    if not visit.is_own_form(key):
        raise Forbidden
    return key[:128]


@router.get("/status/evidence/{file_id}")
async def look_at(
    request: Request, file_id: str, desk: TheDesk, request_id: RequestId, original: Annotated[bool, Query()] = False  # noqa: FBT002 - a query parameter
) -> Response:  # fmt: skip
    """One of the claim's own files: to look at, or its original to save."""
    visit = await visit_of(request, desk, request_id)
    if visit is None:
        raise NotFound
    return await handed_out(desk, visit.viewer, file_id, original=original)
