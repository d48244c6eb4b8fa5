"""The examples of docs/deploy confine what they start. nginx is tested in tests/services."""

from __future__ import annotations

import pytest
import yaml
from django.conf import settings

COMPOSE = yaml.safe_load((settings.BASE_DIR / "compose.yaml").read_text())
NGINX = sorted((settings.BASE_DIR / "docs/deploy").glob("nginx*.conf"))
UNITS = sorted((settings.BASE_DIR / "docs/deploy/systemd").glob("*.service"), key=lambda path: path.name)


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_has_a_memory_limit_and_its_temporary_files_a_size(name):
    service = COMPOSE["services"][name]
    assert service["mem_limit"]
    for mount in service.get("tmpfs", []):
        assert "size=" in mount or mount.partition(":")[0] in ("/run", "/data")


def test_the_database_and_the_cache_are_on_a_private_network_with_passwords():
    services = COMPOSE["services"]
    assert COMPOSE["networks"]["data"]["internal"] is True
    for name in ("database", "cache"):
        assert services[name]["networks"] == ["data"]
        assert "ports" not in services[name]
    assert "networks" not in services["proxy"]
    assert "--requirepass" in services["cache"]["command"]
    assert services["database"]["environment"]["POSTGRES_PASSWORD"] == "${POSTGRES_PASSWORD:?}"
    assert "${REDIS_PASSWORD:?}@cache" in services["web"]["environment"]["CACHE_URL"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_every_unit_limits_memory_temporary_files_and_the_kinds_of_connections(unit):
    lines = unit.read_text().splitlines()
    assert "TemporaryFileSystem=/tmp:mode=1777,size=256M /var/tmp:mode=1777,size=64M" in lines
    assert "NoNewPrivileges=yes" in lines
    assert "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX" in lines
    assert any(line.startswith("MemoryMax=") for line in lines)


def test_nginx_writes_no_access_log_because_paths_hold_signed_links():
    lines = [line.strip() for path in NGINX for line in path.read_text().splitlines()]
    logs = [line for line in lines if line.startswith(("access_log", "log_format"))]
    assert [line.partition(";")[0] for line in logs] == ["access_log off"]


def test_what_fetches_reaches_no_private_network():
    [denied] = [line for line in UNITS[-1].read_text().splitlines() if line.startswith("IPAddressDeny=")]
    assert UNITS[-1].name == "newsfold@.service"
    assert {"link-local", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"} <= set(denied[14:].split())


def test_traces_of_sign_ins_are_deleted_each_day():
    nightly = next(unit for unit in UNITS if unit.name == "newsfold-nightly.service").read_text()
    for text in (nightly, str(COMPOSE["services"]["scheduler"]["command"])):
        assert "clearsessions" in text
        assert "axes_reset_logs --age 90" in text
