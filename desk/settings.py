"""What an operator sets, from `DESK_*` variables alone; whoever needs a value is handed it by wiring. Opens nothing."""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from desk.domain.digest import read_times
from desk.domain.notification import read_quiet_hours
from desk.domain.relay import is_mailbox, is_safe_hook, read_relay
from desk.domain.signature import secret_bytes

PREFIX = "DESK_"
FOR_TESTS = ("DESK_TEST_", "DESK_REQUIRE_")
LONGEST_TIMEOUT = 60


_WALLET_FILES = (
    "wechat_key_file", "wechat_platform_key_file", "alipay_key_file", "alipay_app_cert_file", "alipay_cert_file",
    "alipay_root_cert_file",
)  # fmt: skip
_PAIRS = (
    ("smtp_url", "mail_from"), ("message_hook_url", "message_hook_secret"), ("digest_hook_url", "digest_hook_secret"),
)  # fmt: skip
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


class SettingsTrouble(ValueError):  # noqa: N818 - named for the condition (DESIGN 5)
    """A setting cannot be used; the message is one line that names the setting and where its value came from, never the value."""


def default_data_dir() -> Path:
    """Where a desk lives that was told nothing: the user's own data folder, so that every shell meets the same desk."""
    shared = os.environ.get("XDG_DATA_HOME", "")
    return (Path(shared) if Path(shared).is_absolute() else Path.home() / ".local" / "share") / "desk"


class Settings(BaseSettings):
    """Everything that can be set; all of it has a default that works on one machine."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, env_ignore_empty=True, validate_default=True)

    data_dir: Path = Field(default_factory=default_data_dir)
    database_url: str = Field(default_factory=lambda known: f"sqlite:///{known['data_dir']}/desk.db", repr=False)
    env: Literal["development", "demo", "production"] = "development"
    public_url: str = "http://127.0.0.1:8000"
    trusted_proxies: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = ()
    gateway: Literal["http", "wechat", "alipay"] = "http"
    gateway_url: str | None = Field(default=None, repr=False)
    gateway_secret: SecretStr | None = None
    gateway_timeout: float = Field(default=10.0, gt=0, le=LONGEST_TIMEOUT)
    gateway_honours_keys: bool = True
    wechat_app_id: str | None = None
    wechat_merchant_id: str | None = None
    wechat_key_file: Path | None = None
    wechat_key_serial: str | None = None
    wechat_platform_key_file: Path | None = None
    wechat_platform_key_id: str | None = None
    alipay_app_id: str | None = None
    alipay_key_file: Path | None = None
    alipay_app_cert_file: Path | None = None
    alipay_cert_file: Path | None = None
    alipay_root_cert_file: Path | None = None
    smtp_url: SecretStr | None = None
    mail_from: str | None = None
    message_hook_url: str | None = Field(default=None, repr=False)
    message_hook_secret: SecretStr | None = None
    quiet_hours: str = "22:00-08:00"
    digest_times: str = "06:00,14:00,22:00"
    digest_hook_url: str | None = Field(default=None, repr=False)
    digest_hook_secret: SecretStr | None = None
    handoff_loopback: bool = False
    watch_seconds: float = Field(default=60, gt=0, le=600)
    clock_file: Path | None = None

    @property
    def in_production(self) -> bool:
        """Whether what is only for trying things out must be refused."""
        return self.env == "production"

    @property
    def wallet(self) -> dict[str, str | Path | None]:
        """What a wallet's merchant consists of, by the second half of each setting's name."""
        own = f"{self.gateway}_"
        return {name.removeprefix(own): getattr(self, name) for name in type(self).model_fields if name.startswith(own)}

    @property
    def mail(self) -> tuple[str, str] | None:
        """The mail server's address and what stands in From; the first holds a password."""
        return (self.smtp_url.get_secret_value(), self.mail_from) if self.smtp_url and self.mail_from else None

    @property
    def hook(self) -> tuple[str, str] | None:
        """The address of the hook for text messages, and the secret they are signed with."""
        url, secret = self.message_hook_url, self.message_hook_secret
        return (url, secret.get_secret_value()) if url and secret else None

    @property
    def digest_hook(self) -> tuple[str, str] | None:
        """The address of the hook for digests, and the secret they are signed with."""
        url, secret = self.digest_hook_url, self.digest_hook_secret
        return (url, secret.get_secret_value()) if url and secret else None

    @property
    def keys_dir(self) -> Path:
        """Where the generated secrets lie, mode 0600, outside the database."""
        return self.data_dir / "keys"

    @property
    def evidence_dir(self) -> Path:
        """Where evidence lies, sealed, mode 0600. Several machines with one database must share it."""
        return self.data_dir / "evidence"

    @field_validator("data_dir", "clock_file", *_WALLET_FILES, mode="after")
    @classmethod
    def _absolute(cls, path: Path | None) -> Path | None:
        return path and path.expanduser().absolute()

    @field_validator("database_url", mode="after")
    @classmethod
    def _address(cls, url: str) -> str:
        scheme, _, rest = url.partition("://")
        if scheme in ("postgres", "postgresql", "postgresql+psycopg"):
            return f"postgresql+psycopg://{rest}"
        file = rest.removeprefix("/")
        if scheme != "sqlite" or not file or file == ":memory:" or "?" in file:
            msg = "must be sqlite:////absolute/path/desk.db or postgresql+psycopg://user:password@host/name"
            raise ValueError(msg)
        return f"sqlite:///{Path(file).expanduser().absolute()}"

    @field_validator("public_url", "gateway_url", "message_hook_url", "digest_hook_url", mode="after")
    @classmethod
    def _web_address(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            msg = "must be an address like https://desk.example"
            raise ValueError(msg)
        return url.rstrip("/")

    @field_validator("gateway_secret", "message_hook_secret", "digest_hook_secret", mode="after")
    @classmethod
    def _readable(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret is not None:
            secret_bytes(secret.get_secret_value())
        return secret

    @field_validator("smtp_url", mode="after")
    @classmethod
    def _mail_server(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            read_relay(url.get_secret_value())
        return url

    @field_validator("mail_from", mode="after")
    @classmethod
    def _bare_address(cls, address: str | None) -> str | None:
        if address is not None and not is_mailbox(address):
            msg = "must be one bare address like desk@site.example"
            raise ValueError(msg)
        return address

    @field_validator("quiet_hours", mode="after")
    @classmethod
    def _hours(cls, hours: str) -> str:
        read_quiet_hours(hours)
        return hours

    @field_validator("digest_times", mode="after")
    @classmethod
    def _times(cls, times: str) -> str:
        read_times(times)
        return times

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _no_moved_clock_in_production(self) -> "Settings":
        if self.in_production and self.clock_file is not None:
            msg = "DESK_CLOCK_FILE moves the clock and is refused where DESK_ENV is production"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _no_partner_inside_in_production(self) -> "Settings":
        if self.in_production and self.handoff_loopback:
            msg = "DESK_HANDOFF_LOOPBACK lets partners stand on this machine and is refused where DESK_ENV is production"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _demo_on_a_clock_of_its_own(self) -> "Settings":
        # Its pages seat everybody at every desk without a password; a desk in use has no such clock.
        clock = self.clock_file
        if self.env == "demo" and (clock is None or clock.parent != self.data_dir or not clock.is_file()):
            msg = "DESK_ENV is demo only where `desk demo` says so: without its DESK_CLOCK_FILE in DESK_DATA_DIR it is refused"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _gateway_with_its_secret(self) -> "Settings":
        if self.gateway == "http" and self.gateway_url is not None and self.gateway_secret is None:
            msg = "DESK_GATEWAY_URL needs DESK_GATEWAY_SECRET beside it: what the gateway signs its messages with"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _channels_whole(self) -> "Settings":
        for first, second in _PAIRS:
            if (getattr(self, first) is None) != (getattr(self, second) is None):
                msg = f"{PREFIX}{first.upper()} and {PREFIX}{second.upper()} belong together: set both, or neither"
                raise ValueError(msg)
        if self.message_hook_url is not None and not is_safe_hook(self.message_hook_url):
            msg = "DESK_MESSAGE_HOOK_URL carries phone numbers: it must be https, or name an address inside exactly (10.0.0.5)"
            raise ValueError(msg)
        if self.digest_hook_url is not None and not is_safe_hook(self.digest_hook_url):
            msg = "DESK_DIGEST_HOOK_URL must be https, or name an address inside exactly (10.0.0.5)"
            raise ValueError(msg)
        return self

    @model_validator(mode="after")
    def _wallet_with_all_of_its_own(self) -> "Settings":
        if self.gateway == "http":
            return self
        own = f"{PREFIX}{self.gateway.upper()}_"
        if missing := [f"{own}{name.upper()}" for name, value in self.wallet.items() if value is None]:
            msg = f"DESK_GATEWAY is {self.gateway}, which needs {', '.join(missing)}"
            raise ValueError(msg)
        parts = urlsplit(self.gateway_url or "https://")
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            msg = f"DESK_GATEWAY is {self.gateway}: DESK_GATEWAY_URL must be https, or on this machine"
            raise ValueError(msg)
        return self


def load_settings() -> Settings:
    """The settings of this process. Raises SettingsTrouble for a name nobody knows or a value that cannot be."""
    _refuse_unknown(os.environ)
    try:
        return Settings()
    except ValidationError as trouble:
        raise SettingsTrouble(_one_line(trouble)) from None


def _refuse_unknown(environ: Mapping[str, str]) -> None:
    known = {field.upper() for field in Settings.model_fields}
    for name in sorted(environ):
        own = name.removeprefix(PREFIX)
        if name != own and own not in known and not name.startswith(FOR_TESTS):
            near = get_close_matches(own, known, n=1)
            every = ", ".join(f"{PREFIX}{each}" for each in sorted(known))
            hint = f"did you mean {PREFIX}{near[0]}?" if near else f"the settings are {every}"
            msg = f"{name} (from the environment) is no setting of the desk: {hint}"
            raise SettingsTrouble(msg)


def _one_line(trouble: ValidationError) -> str:
    """The first thing that is wrong; values stay unsaid, for some of them are secrets."""
    first = trouble.errors(include_input=False, include_url=False)[0]
    says = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:
        return says
    name = f"{PREFIX}{str(first['loc'][0]).upper()}"
    origin = "from the environment" if name in os.environ else "the default"
    return f"{name} ({origin}): {says[:1].lower()}{says[1:]}"
