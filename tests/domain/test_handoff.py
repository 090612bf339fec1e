"""A hand-off's states, each against each; when a partner's system is told again; where it may stand."""

from datetime import timedelta

import pytest

from desk.domain.claim import Channel, State
from desk.domain.errors import WrongMoment
from desk.domain.handoff import HELD, MOST_TRIES, OFFERED_FROM, OPEN, HandoffState, PartnerKind, check, try_again_in
from desk.domain.relay import host_of, is_fit_for_partner
from desk.domain.triage import HandOff

FOLLOWS = {
    "offered": "taken returned",
    "taken": "working returned",
    "working": "done returned",
    "done": "",
    "returned": "",
}


@pytest.mark.parametrize("to", HandoffState)
@pytest.mark.parametrize("state", HandoffState)
def test_each_state_leads_where_the_spec_says_and_nowhere_else(state: HandoffState, to: HandoffState) -> None:
    if to in FOLLOWS[state].split():
        check(state, to)
        return
    with pytest.raises(WrongMoment):
        check(state, to)


def test_somebody_has_it_from_taking_it_until_its_end() -> None:
    assert {state.value for state in OPEN} == {"offered", "taken", "working"}
    assert {state.value for state in HELD} == {"taken", "working"}
    assert set(State) - OFFERED_FROM == {State.WITHDRAWN, State.ARCHIVED}


def test_whom_the_rule_wants_told_is_a_kind_of_partner_and_each_kind_has_a_channel() -> None:
    assert {each.value for each in HandOff} <= {kind.value for kind in PartnerKind}
    assert {kind.value: kind.channel for kind in PartnerKind} == {
        "hotline_12345": Channel.HOTLINE_12345, "consumer_12315": Channel.CONSUMER_12315, "police_110": Channel.POLICE_110,
        "site_security": Channel.SITE_SECURITY, "market_regulator": Channel.API, "other_site": Channel.API,
    }  # fmt: skip


def test_waits_grow_threefold_to_half_a_day_and_last_more_than_three_days() -> None:
    waits = [try_again_in(tries, 0.5) for tries in range(1, MOST_TRIES)]
    assert waits[:4] == [timedelta(seconds=seconds) for seconds in (30, 90, 270, 810)]
    assert waits[-1] == timedelta(hours=12)
    assert timedelta(days=3) < sum((wait for wait in waits if wait), timedelta()) < timedelta(days=4)
    assert [try_again_in(tries, 0.5) for tries in (0, MOST_TRIES, MOST_TRIES + 1)] == [None, None, None]


def test_what_failed_together_is_not_tried_together() -> None:
    assert (try_again_in(1, 0.0), try_again_in(1, 1.0)) == (timedelta(seconds=24), timedelta(seconds=36))


@pytest.mark.parametrize(
    ("url", "fit", "on_loopback"),
    [
        ("https://12345.example/desk", True, True), ("https://hook.city.gov.cn:8443/a?key=b", True, True),
        ("https://93.184.216.34/x", True, True), ("https://[2606:2800:220:1::1]/x", True, True),
        ("http://12345.example/desk", False, False), ("ftp://12345.example", False, False),
        ("https://10.0.0.5/x", False, False), ("https://192.168.1.1", False, False), ("https://169.254.169.254/", False, False),
        ("https://[fe80::1]/x", False, False), ("https://[fd00::1]/x", False, False),
        ("https://[::ffff:10.0.0.5]/", False, False), ("https://100.64.0.1/", False, False), ("https://0.0.0.0/", False, False),
        ("https://127.0.0.1:8443/x", False, True), ("http://127.0.0.1:9/x", False, True), ("https://[::1]/x", False, True),
        ("http://localhost:9/x", False, True), ("https://127.1/x", False, False), ("https://2130706433/x", False, False),
        ("https://0x7f000001/x", False, False), ("https://017700000001/", False, False), ("https://desk", False, False),
        ("https://desk.local/", False, False), ("https://a.localhost/", False, False), ("https://db.internal/", False, False),
        ("https://user:geheim@12345.example/", False, False), ("https://12345.example/#a", False, False),
        ("https://12345.example:0/", False, False), ("https://12345.example:99999/", False, False),
        ("https:///x", False, False), ("https://热线.example/", False, False), ("https://a b.example/", False, False),
        ("https://12345.example\r\nX: y", False, False), ("", False, False),
    ],
)  # fmt: skip
def test_a_partners_system_stands_at_a_public_host_under_tls(url: str, fit: bool, on_loopback: bool) -> None:
    assert is_fit_for_partner(url, on_loopback=False) is fit
    assert is_fit_for_partner(url, on_loopback=True) is on_loopback


def test_of_an_address_only_the_host_is_told() -> None:
    assert host_of("https://12345.example:8443/desk?key=geheim") == "12345.example:8443"
    assert host_of(None) is None
