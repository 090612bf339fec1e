"""How two spellings of one merchant meet in one record."""

import pytest

from desk.domain.respondent import derived_id, normalised


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("云海茶庄", " 云海 茶庄\t"),
        ("云海茶庄", "云海\u3000茶庄"),
        ("Yunhai Tea", "ＹＵＮＨＡＩ　ＴＥＡ"),
        ("ｶﾌｪ", "カフェ"),
        ("Straße", "STRASSE"),
        ("1号店", "１号店"),
    ],
)
def test_width_case_and_white_space_make_no_difference(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)
    assert derived_id(1, one) == derived_id(1, other)


def test_different_names_and_different_sites_are_different_merchants() -> None:
    assert len({derived_id(site, name) for site in (1, 2) for name in ("云海茶庄", "云海茶楼")}) == 4


def test_an_id_is_the_same_on_every_machine_and_fits_its_column() -> None:
    assert derived_id(7, "云海茶庄") == 3736336235793953372
    assert all(0 <= derived_id(site, "云海茶庄") < 2**63 for site in range(1000))
