"""What a lodging must know before it adds its rows, asked once for a whole batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import BigInteger, CompoundSelect, Connection, cast, func, null, select, union_all

from desk.ports import Attempt
from desk.store import idempotency, sites
from desk.store.among import is_among, takes_arrays
from desk.store.tables import RespondentRow, SiteRow, metadata

CLAIM = metadata.tables["claim"]
TAG = metadata.tables["duplicate_tag"]
KEY = metadata.tables["idempotency_key"]
RESPONDENT = metadata.tables["respondent"]
LARGEST_ID = 2**63 - 1
MOST_ALIKE = 50
"""How many look-alikes a lodging is told of for each reason, the newest ones."""

Tags = tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Question:
    """One caller's question; `name` is the respondent's normalised name where it was written and not chosen by id.

    `tags_of` makes, of that name, the keyed hashes under which the same matter would show again, each with why.
    """

    site: str
    attempt: Attempt | None
    respondent_id: int | None
    name: str | None
    tags_of: Callable[[str], Tags]

    def tags(self, respondents: Mapping[int, RespondentRow]) -> Tags:
        """The keyed hashes of this lodging; none while its respondent is missing."""
        known = respondents.get(self.respondent_id or 0)
        name = known.name_normalised if known else self.name
        return self.tags_of(name) if name else ()


@dataclass(frozen=True, slots=True)
class Known:
    """What the database says: the site, an answer given before, the respondent, and look-alikes as (reference, why)."""

    site: SiteRow | None
    given: idempotency.Given | None
    respondent: RespondentRow | None
    tags: Tags
    duplicates: tuple[tuple[str, str], ...]


def ask(conn: Connection, questions: Sequence[Question]) -> list[Known]:
    """Answer all questions: mostly with one statement, for sites are known already and respondents seldom chosen by id."""
    found_sites = sites.find_lately(conn, {question.site for question in questions})
    respondents = _respondents(conn, questions)
    tags = [question.tags(respondents) for question in questions]
    given, alike = _known_before(
        conn, [question.attempt.key for question in questions if question.attempt], {tag for each in tags for _, tag in each}
    )
    asked = zip(questions, tags, strict=True)
    return [_known(question, each, found_sites.get(question.site), given, respondents, alike) for question, each in asked]


def _known(
    question: Question,
    tags: Tags,
    site: SiteRow | None,
    given: dict[tuple[str, str, str], idempotency.Given],
    respondents: dict[int, RespondentRow],
    alike: dict[tuple[int, bytes], list[str]],
) -> Known:
    attempt, site_id = question.attempt, site.id if site else 0
    respondent = respondents.get(question.respondent_id or 0)
    duplicates = {reference: why for why, tag in tags for reference in alike.get((site_id, tag), [])}
    return Known(
        site,
        given.get((attempt.actor, attempt.route, attempt.key)) if attempt else None,
        respondent if respondent and respondent.site_id == site_id else None,
        tags,
        tuple(sorted(duplicates.items())),
    )


def _respondents(conn: Connection, questions: Sequence[Question]) -> dict[int, RespondentRow]:
    asked = {question.respondent_id for question in questions if question.respondent_id is not None}
    asked = {respondent_id for respondent_id in asked if respondent_id <= LARGEST_ID}  # neither engine can look for a larger one
    if not asked:
        return {}
    rows = conn.execute(select(RESPONDENT).where(RESPONDENT.c.id.in_(asked))).mappings()
    return {row["id"]: RespondentRow(**row) for row in rows}


def _known_before(
    conn: Connection, keys: Sequence[str], tags: set[bytes]
) -> tuple[dict[tuple[str, str, str], idempotency.Given], dict[tuple[int, bytes], list[str]]]:
    """Answers given under these keys, and look-alikes by site and tag. Asked together: each statement is a round trip."""
    given: dict[tuple[str, str, str], idempotency.Given] = {}
    alike: dict[tuple[int, bytes], list[str]] = {}
    if not keys and not tags:
        return given, alike
    for row in conn.execute(_before(arrays=takes_arrays(conn)), {"keys": keys, "tags": list(tags)}):
        if row.site_id is None:
            given[row.actor, row.route, row.key] = idempotency.Given(row.mark, row.told)
        else:
            alike.setdefault((row.site_id, row.mark), []).append(row.told)
    return given, alike


@cache
def _before(*, arrays: bool) -> CompoundSelect[Any]:
    """Both questions as one statement; an answer has no site, a look-alike nobody who asked."""
    nobody = [null().label(name) for name in ("actor", "route", "key")]
    given = select(
        cast(null(), BigInteger).label("site_id"), KEY.c.actor, KEY.c.route, KEY.c.key, KEY.c.fingerprint.label("mark"),
        KEY.c.answer.label("told"),
    ).where(is_among(KEY.c.key, "keys", arrays=arrays))  # fmt: skip
    # Counted by tag: one that thousands share must not hide what another caller's tag finds. A limit over all of them would
    # also lead PostgreSQL to walk the whole table backwards, to spare itself the sorting.
    place = func.row_number().over(partition_by=(TAG.c.site_id, TAG.c.tag), order_by=TAG.c.id.desc())
    found = (
        select(TAG.c.site_id, TAG.c.tag, TAG.c.claim_id, place.label("place"))
        .where(is_among(TAG.c.tag, "tags", arrays=arrays))
        .subquery()
    )
    alike = (
        select(found.c.site_id, *nobody, found.c.tag.label("mark"), CLAIM.c.reference.label("told"))
        .join(CLAIM, CLAIM.c.id == found.c.claim_id)
        .where(found.c.place <= MOST_ALIKE)
    )
    return union_all(given, alike)
