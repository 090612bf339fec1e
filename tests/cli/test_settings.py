"""Settings: from the environment alone, an unknown name refused with its nearest match, no value ever repeated."""

from pathlib import Path

import pytest

from desk.settings import SettingsTrouble, load_settings


def test_a_desk_that_is_told_nothing_lives_in_the_users_own_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    settings = load_settings()
    assert settings.data_dir == tmp_path / "desk"
    assert settings.database_url == f"sqlite:///{tmp_path}/desk/desk.db"
    assert (settings.env, settings.clock_file, settings.trusted_proxies) == ("development", None, ())


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("DESK_DATBASE_URL", "x", "DESK_DATBASE_URL (from the environment) is no setting of the desk: did you mean"),
        ("DESK_Q", "x", "the settings are DESK_ALIPAY_APP_CERT_FILE, DESK_ALIPAY_APP_ID"),
        ("DESK_ENV", "live", "DESK_ENV (from the environment): input should be 'development', 'demo' or 'production'"),
        ("DESK_DATABASE_URL", "sqlite://", "must be sqlite:////absolute"),
        ("DESK_DATABASE_URL", "sqlite:///:memory:", "must be sqlite:////absolute"),
        ("DESK_DATABASE_URL", "mysql://u:geheim@host/desk", "must be sqlite:////absolute"),
        ("DESK_PUBLIC_URL", "desk.example", "must be an address like https://desk.example"),
        ("DESK_TRUSTED_PROXIES", "10.0.0.0/8, geheim", "DESK_TRUSTED_PROXIES (from the environment)"),
        ("DESK_GATEWAY_SECRET", "whsec_geheim!", "DESK_GATEWAY_SECRET (from the environment): a secret is a text"),
        ("DESK_GATEWAY_URL", "https://geheim@gateway.example", "DESK_GATEWAY_URL needs DESK_GATEWAY_SECRET"),
        ("DESK_GATEWAY_TIMEOUT", "geheim", "should be a valid number"),
        ("DESK_GATEWAY_TIMEOUT", "61", "less than or equal to 60"),
        ("DESK_GATEWAY_TIMEOUT", "0", "greater than 0"),
        ("DESK_SMTP_URL", "http://desk:geheim@mail.example", "DESK_SMTP_URL (from the environment): must be an address"),
        ("DESK_SMTP_URL", "smtps://desk:geheim@mail.example", "DESK_SMTP_URL and DESK_MAIL_FROM belong together"),
        ("DESK_MAIL_FROM", "Geheim <geheim@site.example>", "must be one bare address"),
        ("DESK_MAIL_FROM", "desk@site.example", "DESK_SMTP_URL and DESK_MAIL_FROM belong together"),
        ("DESK_MESSAGE_HOOK_URL", "https://sms.example/geheim", "DESK_MESSAGE_HOOK_URL and DESK_MESSAGE_HOOK_SECRET belong"),
        ("DESK_MESSAGE_HOOK_SECRET", "whsec_geheim!", "DESK_MESSAGE_HOOK_SECRET (from the environment): a secret is a text"),
        ("DESK_QUIET_HOURS", "geheim", "must be hours of the site's day like 22:00-08:00, or none"),
        ("DESK_QUIET_HOURS", "22:00-24:00", "must be hours of the site's day"),
        ("DESK_QUIET_HOURS", "08:00-08:00", "must be hours of the site's day"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsTrouble) as refused:
        load_settings()
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "geheim" not in str(refused.value)


def test_names_for_the_tests_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_TEST_PG_URL", "postgresql://here")
    monkeypatch.setenv("DESK_REQUIRE_BROWSER", "1")
    assert load_settings().env == "development"


def test_partners_on_this_machine_are_refused_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_HANDOFF_LOOPBACK", "true")
    assert load_settings().handoff_loopback
    monkeypatch.setenv("DESK_ENV", "production")
    with pytest.raises(SettingsTrouble, match="DESK_HANDOFF_LOOPBACK lets partners stand on this machine and is refused"):
        load_settings()


def test_a_moved_clock_is_refused_in_production(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DESK_CLOCK_FILE", str(tmp_path / "clock"))
    assert load_settings().clock_file == tmp_path / "clock"
    monkeypatch.setenv("DESK_ENV", "production")
    with pytest.raises(SettingsTrouble, match="DESK_CLOCK_FILE"):
        load_settings()


def test_a_desk_is_no_demo_without_a_clock_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DESK_ENV", "demo")
    monkeypatch.setenv("DESK_DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(SettingsTrouble, match="DESK_CLOCK_FILE"):
        load_settings()
    for clock in (tmp_path / "elsewhere" / "clock", tmp_path / "data" / "clock"):
        monkeypatch.setenv("DESK_CLOCK_FILE", str(clock))
        with pytest.raises(SettingsTrouble, match="DESK_CLOCK_FILE"):
            load_settings()
        clock.parent.mkdir()
        clock.write_text("0")
    assert load_settings().env == "demo"


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ("postgresql://u:p@host/desk", "postgresql+psycopg://u:p@host/desk"),
        ("postgres://host/desk", "postgresql+psycopg://host/desk"),
        ("postgresql+psycopg:///desk?host=/run/pg", "postgresql+psycopg:///desk?host=/run/pg"),
        ("sqlite:////srv/desk.db", "sqlite:////srv/desk.db"),
    ],
)
def test_addresses_of_databases_are_read_as_they_are_usually_written(
    monkeypatch: pytest.MonkeyPatch, given: str, used: str
) -> None:
    monkeypatch.setenv("DESK_DATABASE_URL", given)
    assert load_settings().database_url == used


def test_lists_and_addresses_are_normalised(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_TRUSTED_PROXIES", " 10.0.0.0/8 ,::1,")
    monkeypatch.setenv("DESK_PUBLIC_URL", "https://desk.example/")
    settings = load_settings()
    assert [str(network) for network in settings.trusted_proxies] == ["10.0.0.0/8", "::1/128"]
    assert settings.public_url == "https://desk.example"


def test_secrets_do_not_show_when_settings_are_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_GATEWAY_SECRET", "geheim")
    monkeypatch.setenv("DESK_GATEWAY_URL", "https://geheim@gateway.example")
    monkeypatch.setenv("DESK_DATABASE_URL", "postgresql://desk:geheim@host/desk")
    assert "geheim" not in repr(load_settings())


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://sms.example/hook", True), ("http://127.0.0.1:9100/hook", True), ("http://localhost:9100", True),
        ("http://10.0.0.5/hook", True), ("http://[::1]:9100/hook", True), ("http://sms.example/hook", False),
        ("http://93.184.216.34/hook", False), ("http://bridge:9100", False),
    ],
)  # fmt: skip
def test_phone_numbers_leave_under_tls_or_to_an_address_inside_that_is_named(
    monkeypatch: pytest.MonkeyPatch, url: str, safe: bool
) -> None:  # fmt: skip
    monkeypatch.setenv("DESK_MESSAGE_HOOK_URL", url)
    monkeypatch.setenv("DESK_MESSAGE_HOOK_SECRET", "geheim")
    if safe:
        assert load_settings().hook == (url, "geheim")
        assert "geheim" not in repr(load_settings())
        return
    with pytest.raises(SettingsTrouble, match="carries phone numbers"):
        load_settings()


@pytest.mark.parametrize("times", ["06:00,14:00,22:00", "08:30", "none"])
def test_times_of_digests_are_those_that_are_set(monkeypatch: pytest.MonkeyPatch, times: str) -> None:
    monkeypatch.setenv("DESK_DIGEST_TIMES", times)
    assert load_settings().digest_times == times


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"DIGEST_TIMES": "6 o'clock"}, r"DESK_DIGEST_TIMES \(from the environment\): must be times"),
        ({"DIGEST_HOOK_URL": "https://ops.example"}, "DESK_DIGEST_HOOK_URL and DESK_DIGEST_HOOK_SECRET belong together"),
        ({"DIGEST_HOOK_SECRET": "geheim"}, "belong together"),
        ({"DIGEST_HOOK_URL": "http://ops.example", "DIGEST_HOOK_SECRET": "geheim"}, "DESK_DIGEST_HOOK_URL must be https"),
    ],
)
def test_what_digests_cannot_use_is_named(monkeypatch: pytest.MonkeyPatch, given: dict[str, str], said: str) -> None:
    for name, value in given.items():
        monkeypatch.setenv(f"DESK_{name}", value)
    with pytest.raises(SettingsTrouble, match=said) as trouble:
        load_settings()
    assert "geheim" not in str(trouble.value)


def test_the_hook_of_digests_shows_neither_address_nor_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_DIGEST_HOOK_URL", "https://geheim.example/hook")
    monkeypatch.setenv("DESK_DIGEST_HOOK_SECRET", "geheim")
    settings = load_settings()
    assert (settings.digest_hook, "geheim" in repr(settings)) == (("https://geheim.example/hook", "geheim"), False)
