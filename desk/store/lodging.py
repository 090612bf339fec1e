"""What a lodging must know before it adds its rows, asked once for a whole batch."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from desk.ports import Attempt
from desk.store import idempotency, sites
from desk.store.among import Among
from desk.store.tables import RespondentRow, SiteRow, metadata

CLAIM = metadata.tables["claim"]
TAG = metadata.tables["duplicate_tag"]
RESPONDENT = metadata.tables["respondent"]
LARGEST_ID = 2**63 - 1
MOST_ALIKE = 1600
"""How many look-alikes a whole batch is told of, the newest ones."""

_ALIKE = Among(
    select(TAG.c.site_id, TAG.c.tag, CLAIM.c.reference)
    .join(CLAIM, CLAIM.c.id == TAG.c.claim_id)
    .order_by(TAG.c.id.desc())
    .limit(MOST_ALIKE),
    TAG.c.tag,
)


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
    """Answer all questions with one statement a table."""
    found_sites = sites.find_lately(conn, {question.site for question in questions})
    given = idempotency.find_many(conn, [question.attempt for question in questions if question.attempt])
    respondents = _respondents(conn, questions)
    tags = [question.tags(respondents) for question in questions]
    alike = _look_alikes(conn, {tag for each in tags for _, tag in each})
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


def _look_alikes(conn: Connection, tags: set[bytes]) -> dict[tuple[int, bytes], list[str]]:
    if not tags:
        return {}
    found: dict[tuple[int, bytes], list[str]] = {}
    for row in _ALIKE.rows(conn, tags):
        found.setdefault((row.site_id, row.tag), []).append(row.reference)
    return found
