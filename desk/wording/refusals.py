"""What a refusal says to the person who met it: what to do now. Holds no status codes and never repeats the input."""

from collections.abc import Mapping

from desk.wording import figures
from desk.wording.catalogue import text, variant

WEB_REFUSALS = (
    "body_too_large", "internal_error", "malformed_json", "method_not_allowed", "not_acceptable", "request_timeout",
    "unavailable", "unsupported_media_type",
)  # fmt: skip
"""Codes that only the edge knows; all others are the `code` of a class in `domain.errors`."""

PROBLEMS = (
    "missing", "unknown_field", "unknown_parameter", "wrong_type", "too_long", "too_short", "too_large", "too_small",
    "too_many", "too_few", "not_one_of", "bad_date", "bad_time", "bad_amount", "bad_phone", "bad_email",
    "bad_characters", "bad_slug", "bad_language", "bad_key", "bad_reference", "bad_code", "bad_cursor", "bad_version",
    "wrong_currency", "in_future", "in_past", "not_at_this_site", "not_found", "nothing_to_do", "reason_missing",
    "contradicts", "not_allowed_here", "taken", "needs_basis", "easily_guessed", "not_the_same", "wrong_code",
    "wrong_password", "empty_file", "file_kind_unknown", "file_too_large", "too_many_files", "claim_full", "too_many_pixels",
    "too_many_pages", "moving_picture", "locked_file", "unreadable_file", "not_in_order", "not_the_open_part", "days_reversed",
    "days_too_many", "needs_pledge", "too_far", "unknown_site", "bad_hook", "number_used",
)  # fmt: skip
"""Every `problem` a BadInput may name."""


def title(code: str, language: str) -> str:
    """The refusal in a few words. Raises KeyError for an unknown code."""
    return text(f"refusal.{code}", language)


def detail(code: str, language: str, params: Mapping[str, object] | None = None) -> str:
    """What to do now. Of `params` only `retry_after`, in seconds, is ever spoken."""
    seconds = (params or {}).get("retry_after")
    wait = figures.wait(seconds, language) if isinstance(seconds, int) else None
    return variant(f"refusal.{code}.do", language, wait=wait)


def whole(code: str, language: str, params: Mapping[str, object] | None = None) -> str:
    """What the refusal is and what to do now, in one line."""
    return text("page.error.said", language, title=title(code, language), detail=detail(code, language, params))


def problem(code: str, language: str, params: Mapping[str, object] | None = None) -> str:
    """What to enter in a field. Of `params` only `limit`, `currency` and `allowed`, our own figures, are ever spoken."""
    given = params or {}
    spoken = {name: given[name] for name in ("limit", "currency", "allowed") if name in given}
    allowed = spoken.get("allowed")
    if isinstance(allowed, list | tuple):
        spoken["allowed"] = figures.either([str(one) for one in allowed], language)
    return variant(f"problem.{code}", language, **spoken)
