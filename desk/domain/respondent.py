"""How a merchant is known by its written name. Keeps no register: rows and licences live in the store."""

import hashlib
import unicodedata


def normalised(name: str) -> str:
    """The form in which two spellings of one name meet: compatibility forms folded, case and white space set aside."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    return "".join(folded.split())


def derived_id(site_id: int, name: str) -> int:
    """The id of the respondent of this name at this site, 63 bits, the same on every machine.

    Source: SPEC 4.1 (unique per site and normalised name, its id derived from them).
    """
    digest = hashlib.sha256(f"{site_id}:{normalised(name)}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
