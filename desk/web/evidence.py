"""Files at the edge: taken out of a form, made evidence once for a key, handed out again. Knows neither API nor page."""

import asyncio
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import Request, Response
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from desk.actions.evidence import Added, Taken, Upload, add_evidence, open_door, put_away, take_file
from desk.actions.once import Once, once
from desk.domain.errors import BadInput, Busy, DeskError, NotFound, StorageFull
from desk.domain.evidence import FILE, FileKind, Shows, has_view, original_of, view_of
from desk.domain.policy import Viewer
from desk.ports import Desk
from desk.reads.evidence import Sealed, exhibit_seen
from desk.web.lane import Lane
from desk.web.once import attempt_of, one_at_a_time
from desk.web.problems import STATUS

_FILE_ID = re.compile(r"[0-9a-f]{32}")
_SANDBOX = "default-src 'none'; sandbox"
_UNSURE = (Busy, StorageFull)
"""After these only the sweeper may decide whether a row was written."""


async def upload_in(request: Request, others: Iterable[str] = ()) -> tuple[Upload, dict[str, str]]:
    """The one file of a form and what it shows, and the form's `others` that came.

    Raises BadInput for a file that is missing or not alone, and for a field that nobody knows.
    """
    if not request.headers.get("content-type", "").lower().startswith("multipart/form-data"):
        raise HTTPException(STATUS["unsupported_media_type"])
    await request.body()  # kept from here on: others look at the same form
    try:
        form = await request.form()
    except HTTPException:
        raise BadInput("", "wrong_type") from None
    try:
        file, fields = _parts(form.multi_items(), {"file", "kind", *others})
        shows = _shows(fields.pop("kind", ""))
        return await asyncio.to_thread(_upload, await file.read(), file.filename or "", shows), fields
    finally:
        await form.close()


def _parts(came: Sequence[tuple[str, UploadFile | str]], known: set[str]) -> tuple[UploadFile, dict[str, str]]:
    """The file and the texts of a form that holds one file and nothing twice."""
    if any(name not in known for name, _ in came):
        raise BadInput("", "unknown_field")
    if len({name for name, _ in came}) < len(came):
        raise BadInput(FILE, "too_many", limit=1)
    fields = {name: value for name, value in came if isinstance(value, str)}
    if any("\0" in value for value in fields.values()):
        raise BadInput("", "bad_characters")
    file = dict(came).get("file")
    if not isinstance(file, UploadFile) or not (file.filename or file.size):
        raise BadInput(FILE, "missing")
    if "kind" in dict(came) and "kind" not in fields:
        raise BadInput("/kind", "wrong_type")
    return file, fields


def _upload(content: bytes, name: str, shows: Shows) -> Upload:
    return Upload(content, name, shows, hashlib.sha256(content).hexdigest())


def _shows(text: str) -> Shows:
    if text and text not in list(Shows):
        raise BadInput("/kind", "not_one_of", allowed=list(Shows))
    return Shows(text or Shows.OTHER)


async def add_once(request: Request, viewer: Viewer, reference: str, upload: Upload, key: str) -> Once:
    """Make a file evidence of a claim, at most once for the key; the stored answer holds neither name nor hash of the file.

    Raises what `open_door`, `take_file` and `add_evidence` raise, and Busy when too many files are being looked into.
    """
    desk: Desk = request.app.state.desk
    lane: Lane = request.app.state.picture_lane
    attempt = await attempt_of(request, viewer, key, f"{upload.sha256}:{upload.shows}".encode())
    async with one_at_a_time(request, attempt):
        door = await desk.write(open_door, viewer, reference, attempt)
        if isinstance(door, Once):
            return door
        taken: Taken = await lane.run(take_file, desk.kit, door, upload)
        try:
            given: Once = await desk.write(once, attempt, _kept, add_evidence, viewer, reference, taken)
        except DeskError as refusal:
            if not isinstance(refusal, _UNSURE):
                await asyncio.to_thread(put_away, desk.kit, taken.file_id)
            raise
        if given.replayed:
            await asyncio.to_thread(put_away, desk.kit, taken.file_id)
        return given


def _kept(added: Added) -> str:
    alike = [{"reference": reference, "why": "same_file"} for reference in added.duplicates]
    return json.dumps({"id": added.file_id, "kind": added.shows, "bytes": added.size, "duplicates": alike})


async def handed_out(desk: Desk, viewer: Viewer, file_id: str, *, original: bool) -> Response:
    """A file to look at, or its original to save; a PDF only to save. Raises NotFound for whoever may not see its claim.

    Source: RELIABILITY I39.
    """
    if not _FILE_ID.fullmatch(file_id):
        raise NotFound
    sealed = await desk.read(exhibit_seen, viewer, file_id, desk.kit)
    as_it_came = original or not has_view(sealed.kind)
    content = await asyncio.to_thread(_opened, desk, sealed, (original_of if as_it_came else view_of)(file_id))
    kind = sealed.kind if as_it_came else FileKind.JPEG
    how = f"attachment; {_called(sealed.name, kind)}" if as_it_came else "inline"
    headers = {
        "Content-Disposition": how, "Content-Security-Policy": _SANDBOX, "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, no-store", "X-Evidence-Scan": sealed.scan,
    }  # fmt: skip
    return Response(content, 200, headers, kind.media_type)


def _opened(desk: Desk, sealed: Sealed, name: str) -> bytes:
    kit = desk.kit
    try:
        return kit.sealer.open_file(sealed.claim_id, sealed.person, name, kit.files.fetch(name))
    except (FileNotFoundError, ValueError) as lost:
        # `verify` tells the operator which one; whoever asked cannot mend it.
        structlog.get_logger().error("evidence_lost", why=type(lost).__name__)
        raise NotFound from None


def _called(name: str, kind: FileKind) -> str:
    """A file name as RFC 6266 wants it: plain for old clients, in full for all others."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("_.") or f"evidence{kind.ending}"
    return f"filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"


def stored(given: Once) -> dict[str, Any]:
    """What was stored of an addition."""
    kept: dict[str, Any] = json.loads(given.body)
    return kept
