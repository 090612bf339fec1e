"""Whether a password is good enough. Hashes nothing and stores nothing."""

from typing import Final

SHORTEST: Final = 12
LONGEST: Final = 128
GOOD_ENOUGH: Final = 3
"""Of 0 to 4: a guesser needs more than 10⁸ tries."""


def flaw_in(password: str, name: str) -> str | None:
    """The problem with a password, as `wording.refusals` names them; None when it will do.

    Nothing is asked but length and that nobody guesses it: no composition rules, any character, spaces too.
    Source: ASVS 6.2.
    """
    if len(password) < SHORTEST:
        return "too_short"
    if len(password) > LONGEST:
        return "too_long"
    from zxcvbn import zxcvbn  # noqa: PLC0415 - its word lists take a while to load, and passwords change seldom

    judged = zxcvbn(password[:72], user_inputs=[name, "desk", "lvyou", "jingqu"])
    return None if judged["score"] >= GOOD_ENOUGH else "easily_guessed"
