"""Partners of a site: who takes its hand-offs, with keys that are shown once. By a manager."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, StringConstraints

from desk.actions.partners import Partnered, add_partner, change_hook, change_keys, disable_partner, keys_of
from desk.domain.handoff import PartnerKind
from desk.domain.relay import host_of
from desk.ports import Desk
from desk.reads.partners import PartnerView, partners_at
from desk.web.api.fund import Site
from desk.web.api.shapes import Clean, In, Name, Out
from desk.web.deps import Officer, OptionalKey, TheDesk, row_id
from desk.web.once import answer_once
from desk.web.openapi import for_staff, for_step

router = APIRouter(prefix="/api/v1", tags=["hand-offs"])

Address = Annotated[str, StringConstraints(min_length=1, max_length=500), Clean]


class PartnerIn(In):
    """Who takes hand-offs. Without `hook_url` they are told by phone; with it their system is, at a public https address."""

    kind: PartnerKind
    name: Name
    hook_url: Address | None = Field(default=None, examples=["https://12345.example/desk"])


class HookIn(In):
    """Where a partner's system is told from now on; null: by phone."""

    hook_url: Address | None


class PartnerOut(Out):
    """A partner. Of its address only the host is shown; `hook_off_at`: its system answered 410, and it is told by phone since."""

    id: str
    kind: PartnerKind
    name: str
    hook: str | None
    hook_off_at: datetime | None
    disabled_at: datetime | None
    generation: int

    @classmethod
    def of(cls, made: Partnered | PartnerView) -> "PartnerOut":
        """The shape of a partner."""
        row = made.row
        return cls(
            id=str(row.id), kind=PartnerKind(row.kind), name=row.name, hook=host_of(row.hook_url), hook_off_at=row.hook_off_at,
            disabled_at=row.disabled_at, generation=row.generation,
        )  # fmt: skip


class PartnersOut(Out):
    """The partners of a site by name, those disabled last."""

    partners: list[PartnerOut]


class KeyedOut(PartnerOut):
    """A partner with its keys: the token is its own for `/api/v1/handoffs`, the secret signs what the desk tells its system.

    Neither is ever shown again; a repeated Idempotency-Key shows the same ones.
    """

    token: str
    secret: str = Field(examples=["whsec_…"])


@router.get("/sites/{site}/partners", name="partners_list", responses=for_staff(), summary="Who takes hand-offs of a site")
async def list_partners(site: Site, desk: TheDesk, officer: Officer) -> PartnersOut:
    """By name, without any key."""
    found = await desk.read(partners_at, officer, site)
    return PartnersOut(partners=[PartnerOut.of(view) for view in found])


@router.post(
    "/sites/{site}/partners", status_code=201, response_model=KeyedOut, name="partners_add", responses=for_step(),
    summary="Add a partner",
)  # fmt: skip
async def post_partner(
    request: Request, site: Site, body: PartnerIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """By a manager. The answer has its token and secret."""
    told = (site, body.kind, body.name, body.hook_url)
    return await answer_once(
        request, desk, officer, key, PartnerOut.of, add_partner, *told, present=with_keys(desk), status=201
    )  # fmt: skip


@router.post(
    "/partners/{partner_id}/hook", response_model=PartnerOut, name="partners_hook", responses=for_step(),
    summary="Give a partner another address",
)  # fmt: skip
async def post_hook(
    request: Request, partner_id: str, body: HookIn, desk: TheDesk, officer: Officer, key: OptionalKey
) -> Response:  # fmt: skip
    """What was offered before is told there too, if it still waits."""
    return await answer_once(request, desk, officer, key, PartnerOut.of, change_hook, row_id(partner_id), body.hook_url)


@router.post(
    "/partners/{partner_id}/keys", response_model=KeyedOut, name="partners_keys", responses=for_step(),
    summary="Give a partner other keys",
)  # fmt: skip
async def post_keys(request: Request, partner_id: str, desk: TheDesk, officer: Officer, key: OptionalKey) -> Response:
    """The old token opens nothing from now on."""
    return await answer_once(
        request, desk, officer, key, PartnerOut.of, change_keys, row_id(partner_id), present=with_keys(desk)
    )  # fmt: skip


@router.post(
    "/partners/{partner_id}/disable", response_model=PartnerOut, name="partners_disable", responses=for_step(),
    summary="Shut a partner out",
)  # fmt: skip
async def post_disable(request: Request, partner_id: str, desk: TheDesk, officer: Officer, key: OptionalKey) -> Response:
    """What it was handed stays; staff lead that on."""
    return await answer_once(request, desk, officer, key, PartnerOut.of, disable_partner, row_id(partner_id))


def with_keys(desk: Desk) -> Callable[[str], Awaitable[str]]:
    """Adds a partner's keys to a stored answer, which has none."""

    async def derived(stored: str) -> str:
        told = PartnerOut.model_validate_json(stored)
        keys = keys_of(desk.kit, int(told.id), told.generation)
        return KeyedOut(**told.model_dump(), token=keys.token, secret=keys.secret).model_dump_json()

    return derived
