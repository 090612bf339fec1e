"""A merchant named outside a claim: found, or entered when the name is written for the first time. Judges nobody."""

from desk.actions.intake import WrittenRespondent
from desk.domain.errors import BadInput
from desk.domain.respondent import derived_id, normalised
from desk.ports import Work
from desk.store import claims
from desk.store import recovery as recoveries
from desk.store.tables import RespondentRow, SiteRow


def merchant_named(work: Work, site: SiteRow, written: WrittenRespondent | None) -> RespondentRow | None:
    """The merchant of a site by id or written name; a name written for the first time gets its row. None for none.

    Raises BadInput for a merchant of another site. Source: SPEC 4.1.
    """
    if written is None:
        return None
    number = written.id
    if number is None:
        name = (written.name or "").strip()
        number = derived_id(site.id, name)
        row = {
            "id": number, "site_id": site.id, "name": name, "name_normalised": normalised(name), "kind": written.kind.value,
            "in_reach": True, "added_at": work.now,
        }  # fmt: skip
        claims.add_respondent(work.conn, row)
    found = recoveries.respondent(work.conn, site.id, number)
    if found is None:
        raise BadInput("/respondent/id", "not_at_this_site")
    return found
