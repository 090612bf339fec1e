"""Health, readiness and metrics, on both engines where a database is asked."""

from ipaddress import ip_network
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from desk.actions.checks import Checked, keep_check, plan_check
from desk.actions.jobs import drop_job
from desk.store.migrations import head
from desk.web.metrics import exposition, share_between_workers
from tests.till import Till
from tests.web.front import Front
from tests.web.shell import KEYS, Doors, calling, shell

BIND = text("INSERT INTO installation (id, master_key_id, pepper_id, made_at) VALUES (1, :master, :pepper, :at)")


def bound(database: str, keys: tuple[str, str] = KEYS) -> Doors:
    """Doors to a database that belongs to these keys."""
    with create_engine(database, poolclass=NullPool).begin() as conn:
        conn.execute(BIND, {"master": keys[0], "pepper": keys[1], "at": "2026-10-01 00:00:00.000000+00:00"})
    return Doors(database)


async def ready(doors: Doors, schema: str) -> tuple[int, dict[str, Any]]:
    async with calling(shell(doors=doors, schema=schema)) as client:
        answer = await client.get("/readyz")
    assert KEYS[0] not in answer.text
    return answer.status_code, answer.json()


async def test_healthz_asks_no_database() -> None:
    async with calling(shell(doors=Doors("sqlite:////nowhere/desk.db"))) as client:
        answer = await client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


async def test_a_migrated_database_with_its_own_keys_is_ready(database: str) -> None:
    status, told = await ready(bound(database), head())
    assert (status, told["checks"]) == (200, {"database": "ok", "schema": "ok", "keys": "ok"})


async def test_readyz_and_metrics_tell_how_the_worker_keeps_up(till: Front) -> None:
    before = (await till.call("GET", "/readyz")).json()["worker"]
    assert before == {"queue_seconds": 0, "set_aside": 0, "verify": {"at": None, "failing": []}}
    payout_id = await Till(till.house).brought_to("sending")
    held = await Till(till.house).lease("send_payout")
    await till.house.desk.write(drop_job, held)
    await till.house.desk.write(plan_check)
    check = await Till(till.house).lease("verify")
    await till.house.desk.write(keep_check, check, Checked(17, ("I03",)))
    await till.house.desk.write(plan_check)
    after = (await till.call("GET", "/readyz")).json()["worker"]
    assert (after["set_aside"], after["verify"]["failing"]) == (1, ["I03"])
    assert after["verify"]["at"].startswith("2026-09-08T01:30:")
    told = (await till.call("GET", "/metrics")).text
    assert "desk_verify_failing 1.0" in told
    assert "desk_jobs_set_aside 1.0" in told
    assert (await Till(till.house).payout(payout_id)).state == "sending"


async def test_foreign_keys_and_another_schema_are_not_ready(database: str) -> None:
    status, told = await ready(bound(database, ("other", "other")), "9999")
    assert (status, told["code"], told["checks"]["database"]) == (503, "unavailable", "ok")
    assert told["checks"]["schema"] != "ok"
    assert told["checks"]["keys"] != "ok"


async def test_a_database_never_bound_to_keys_is_not_ready(database: str) -> None:
    status, told = await ready(Doors(database), head())
    assert (status, told["checks"]["keys"]) == (503, "not the keys of this database")


async def test_an_empty_database_is_not_ready(tmp_path: Any) -> None:  # noqa: ANN401
    status, told = await ready(Doors(f"sqlite:///{tmp_path}/empty.db"), head())
    assert (status, told["checks"]["schema"]) == (503, "missing")


@pytest.mark.parametrize("url", ["sqlite:////nowhere/desk.db", "postgresql+psycopg://desk@127.0.0.1:1/desk"])
async def test_a_database_out_of_reach_is_told_without_its_address(url: str) -> None:
    status, told = await ready(Doors(url), head())
    assert (status, told["checks"]) == (503, {"database": "out of reach"})
    assert "127.0.0.1" not in str(told)


@pytest.mark.parametrize(
    ("peer", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("10.0.0.1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("192.0.2.7", {"X-Forwarded-For": "127.0.0.1"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"Via": "1.1 somebody"}, 404),
        ("10.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
    ],
)
async def test_in_production_metrics_are_for_this_machine_and_the_proxies(
    peer: str, headers: dict[str, str], status: int
) -> None:
    app = shell(environment="production", trusted_proxies=(ip_network("10.0.0.0/8"),))
    async with calling(app, peer) as client:
        answer = await client.get("/metrics", headers=headers)
    assert answer.status_code == status
    assert ("desk_http_requests_total" in answer.text) is (status == 200)


async def test_in_development_metrics_are_open() -> None:
    async with calling(shell()) as client:
        await client.get("/healthz")
        answer = await client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert 'desk_http_requests_total{method="GET",route="/healthz",status="2xx"}' in answer.text


def test_workers_share_an_empty_folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401
    (tmp_path / "counter_1.db").write_bytes(b"left over")
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", "restored by monkeypatch")
    share_between_workers(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert exposition() == b""
