"""Signatures on webhooks: the published example, and every way in which a message is not ours."""

import base64
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desk.domain.signature import TOLERANCE, secret_bytes, sign, signed_right

SECRET = b"a secret of the gateway's"
NOW = datetime(2026, 10, 2, 12, 31, 7, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
ID, BODY = "msg_1", b'{"type":"payout.settled","key":"p1"}'
SIGNED = sign(SECRET, ID, SECONDS, BODY)


def heard(
    secret: bytes = SECRET,
    message_id: str = ID,
    timestamp: str = str(SECONDS),
    signature: str = SIGNED,
    body: bytes = BODY,
    now: datetime = NOW,
) -> bool:
    """The message of this file, changed in one place."""
    return signed_right(secret, message_id, timestamp, signature, body, now)


def test_the_example_of_the_standard_comes_out_as_published() -> None:
    secret = secret_bytes("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signed = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@given(st.binary(min_size=1), st.binary())
def test_what_was_signed_is_right(secret: bytes, body: bytes) -> None:
    assert heard(secret=secret, body=body, signature=sign(secret, ID, SECONDS, body))


@pytest.mark.parametrize(
    "change",
    [
        {"secret": b"another"},
        {"message_id": "msg_2"},
        {"message_id": ""},
        {"message_id": "msg\n1"},
        {"timestamp": str(SECONDS + 1)},
        {"body": BODY + b" "},
        {"body": b""},
        {"signature": ""},
        {"signature": "v1,"},
        {"signature": SIGNED.removeprefix("v1,")},
        {"signature": SIGNED.replace("v1", "v2")},
        {"signature": SIGNED.replace("v1", "v1a")},
        {"signature": SIGNED[:-1]},
        {"signature": SIGNED + "="},
        {"signature": SIGNED.replace(" ", "") + "," + SIGNED},
        {"signature": "v1,签名"},
        {"signature": "v1,\ud800"},
    ],
    ids=str,
)
def test_a_change_anywhere_is_wrong(change: dict[str, str | bytes]) -> None:
    assert heard()
    assert not heard(**change)  # type: ignore[arg-type]


def test_one_right_signature_among_several_is_enough() -> None:
    other = sign(b"the old secret", ID, SECONDS, BODY)
    assert heard(signature=f"{other} v1a,AAAA {SIGNED}")
    assert not heard(signature=f"{other} v1a,AAAA")


@pytest.mark.parametrize("side", [1, -1])
def test_the_signed_time_may_lie_five_minutes_off_and_no_second_more(side: int) -> None:
    assert heard(now=NOW + side * TOLERANCE)
    assert not heard(now=NOW + side * (TOLERANCE + timedelta(microseconds=1)))
    assert timedelta(minutes=5) == TOLERANCE


@pytest.mark.parametrize(
    "text", ["", " ", f" {SECONDS}", f"{SECONDS}\n", f"+{SECONDS}", f"{SECONDS}.0", "1_790_944_267", "１７９０", "-1", "9" * 400]
)
def test_a_time_is_digits_and_nothing_else(text: str) -> None:
    signature = "v1," + sign(SECRET, f"{ID}.{text}", 0, BODY).removeprefix("v1,")
    assert not heard(timestamp=text, signature=signature)


def test_the_border_between_id_and_time_cannot_be_moved() -> None:
    signature = sign(SECRET, f"{ID}.7", SECONDS, BODY)
    assert not heard(message_id=f"{ID}.7", signature=signature)


def test_a_secret_is_its_text_or_the_base64_after_its_prefix() -> None:
    assert secret_bytes("geheim 密") == "geheim 密".encode()
    assert secret_bytes("whsec_" + base64.b64encode(b"\x00\xff").decode()) == b"\x00\xff"


@pytest.mark.parametrize("text", ["", "whsec_", "whsec_geheim!", "whsec_abc", "whsec_密"])
def test_a_secret_that_is_none_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ValueError, match="a secret is a text") as refused:
        secret_bytes(text)
    assert "geheim" not in str(refused.value)
