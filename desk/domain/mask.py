"""How personal fields look in lists and to those who need not read them in full. Opens nothing."""

from collections.abc import Mapping

_SHORT_PHONE = 8  # of so few digits three and four would leave next to nothing out


def masked_contact(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    """A visitor's name, phone and e-mail, masked. Source: RELIABILITY (e), masks."""
    return {
        "name": _name(fields.get("name")),
        "phone": _phone(fields.get("phone")),
        "email": _email(fields.get("email")),
    }


def masked_payee(fields: Mapping[str, str | None]) -> dict[str, str | None]:
    """A payee's account and name, masked: the last four characters of the account. Source: RELIABILITY (e), masks."""
    account = fields.get("account")
    return {"account": account and f"****{account[-4:]}", "name": _name(fields.get("name"))}


def _name(name: str | None) -> str | None:
    """The first character; of a single character nothing is left out, for it is a name to call."""
    return name and name[0] + "*" * min(len(name) - 1, 3)


def _phone(phone: str | None) -> str | None:
    """The first three and the last four digits of a national number, 138****1111; of a short one only the last two."""
    if not phone:
        return phone
    digits = phone.removeprefix("+86")
    return f"{digits[:3]}****{digits[-4:]}" if len(digits) > _SHORT_PHONE else f"****{digits[-2:]}"


def _email(email: str | None) -> str | None:
    """The first letter and the domain."""
    if not email:
        return email
    name, _, host = email.partition("@")
    return f"{name[:1]}***@{host}"
