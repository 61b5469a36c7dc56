"""docker-compose.yml holds nothing that Compose does not know, and every service is held as tight as it can be."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
from kit.compose import ROOT, load, seconds

from alerts.access.sign_on import sign_on
from alerts.channels.send import DEADLINE_S
from alerts.config import environment as settings_environment
from alerts.embedded import THREADS
from alerts.feeds.feed import Limits
from alerts.runtime.bulkhead import MAX_IN_FLIGHT
from worker.app import app as celery_app
from worker.healthcheck import FILE_ENV

COMPOSE = load()
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if service["image"].startswith("institution-alerts:")}

# The variables of sign-on that docs/web.md has; the secret as a file.
SIGN_ON = {
    name + "_FILE" * name.endswith("_SECRET")
    for name in re.findall(r"^\| `(ALERTS_(?:OIDC|TRUSTED)_\w+)`", (ROOT / "docs" / "web.md").read_text(), re.MULTILINE)
}
DURATION = re.compile(r"(\d+[smh])+")
SIZE = re.compile(r"\d+[kmgKMG]")
NAME = re.compile(r"[a-z][a-z0-9_-]*")


def text(value: Any) -> bool:
    return isinstance(value, str)


def texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(text, value))


def matching(pattern: re.Pattern[str]) -> Any:
    return lambda value: text(value) and pattern.fullmatch(value) is not None


def mapping(**keys: Any) -> Any:
    """A mapping of these keys, each with its check; a key that ends in `_` must be there."""
    needed = {key.rstrip("_") for key in keys if key.endswith("_")}
    known = {key.rstrip("_"): check for key, check in keys.items()}

    def check(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and needed <= value.keys() <= known.keys()
            and all(known[key](each) for key, each in value.items())
        )

    return check


def whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


HEALTH = mapping(
    test_=texts,
    interval_=matching(DURATION),
    timeout_=matching(DURATION),
    start_period_=matching(DURATION),
    retries_=whole,
)
# The part of the Compose Specification that the file uses.
SERVICE = mapping(
    image_=text,
    build=mapping(
        context_=text, dockerfile_=text, args_=lambda value: isinstance(value, dict) and all(map(text, value.values()))
    ),
    pull_policy=lambda value: value == "never",
    user=text,
    entrypoint=texts,
    command_=texts,
    environment=lambda value: isinstance(value, dict) and all(map(text, value.values())),
    volumes=texts,
    tmpfs=texts,
    secrets=texts,
    networks_=texts,
    ports=texts,
    healthcheck_=lambda value: HEALTH(value) or value == {"disable": True},
    depends_on=lambda value: (
        isinstance(value, dict)
        and all(
            each in ({"condition": "service_healthy"}, {"condition": "service_completed_successfully"})
            for each in value.values()
        )
    ),
    deploy_=mapping(
        resources_=mapping(
            limits_=mapping(cpus_=matching(re.compile(r"\d+\.\d+")), memory_=matching(SIZE), pids_=whole)
        )
    ),
    cpu_shares=whole,
    restart_=lambda value: value in {"unless-stopped", "on-failure:5"},
    init_=lambda value: value is True,
    read_only_=lambda value: value is True,
    cap_drop_=lambda value: value == ["ALL"],
    security_opt_=lambda value: value == ["no-new-privileges:true"],
    logging_=mapping(driver_=text, options_=lambda value: all(map(text, value.values()))),
    stop_grace_period_=matching(DURATION),
    shm_size=matching(SIZE),
)


def test_the_file_has_only_what_compose_knows() -> None:
    known = {"name", "services", "networks", "volumes", "secrets"}
    assert {key for key in COMPOSE if not key.startswith("x-")} == known
    assert set(SERVICES) == {"redis", "postgres", "migrate", "beat", "poll", "match", "send", "web"}
    assert all(set(each) <= {"internal"} for each in COMPOSE["networks"].values())
    assert all(each == {} for each in COMPOSE["volumes"].values())
    assert all(list(each) == ["file"] for each in COMPOSE["secrets"].values())


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_the_keys_and_types_it_needs(name: str) -> None:
    service = SERVICES[name]
    assert NAME.fullmatch(name)
    for key, value in service.items():
        # Key by key, so that a failure names it.
        assert SERVICE({**{each: SERVICES["beat"][each] for each in SERVICES["beat"]}, key: value}), (key, value)
    assert SERVICE(service)


def test_where_cores_are_busy_those_who_tell_go_before_those_who_bring_work() -> None:
    assert SERVICES["send"]["cpu_shares"] > SERVICES["match"]["cpu_shares"] > SERVICES["poll"]["cpu_shares"]


@pytest.mark.parametrize("name", SERVICES)
def test_everything_a_service_names_is_there(name: str) -> None:
    service = SERVICES[name]
    assert set(service.get("secrets", [])) <= COMPOSE["secrets"].keys()
    assert set(service["networks"]) <= COMPOSE["networks"].keys()
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert source.startswith("./") or source in COMPOSE["volumes"], volume
    for other, needs in service.get("depends_on", {}).items():
        ends = SERVICES[other]["restart"] == "on-failure:5"
        assert needs["condition"] == ("service_completed_successfully" if ends else "service_healthy"), other
        if not ends:
            assert "test" in SERVICES[other]["healthcheck"]
    mentioned = set(re.findall(r"/run/secrets/([a-z_]+)", str([service.get("environment"), service["command"]])))
    assert mentioned <= set(service["secrets"])


def test_nothing_waits_for_itself() -> None:
    def needs(name: str, seen: tuple[str, ...] = ()) -> None:
        assert name not in seen, seen
        for other in SERVICES[name].get("depends_on", {}):
            needs(other, (*seen, name))

    for name in SERVICES:
        needs(name)


def test_only_the_pages_are_reached_from_outside_and_state_reaches_nothing() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["web"]
    assert SERVICES["web"]["ports"] == ["127.0.0.1:8321:8321"]
    assert COMPOSE["networks"]["inside"] == {"internal": True}
    for name in ("redis", "postgres", "migrate", "beat"):
        assert SERVICES[name]["networks"] == ["inside"]


def test_no_image_names_a_registry_and_all_name_a_version() -> None:
    for name, service in SERVICES.items():
        image, _, version = service["image"].partition(":")
        assert "/" not in image, name
        assert version, name
        assert version != "latest", name


def test_the_broker_keeps_no_file_that_a_power_cut_could_damage() -> None:
    command = SERVICES["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "no"
    assert command[command.index("--save") + 1] == ""
    assert "volumes" not in SERVICES["redis"]


def test_one_service_builds_the_image_that_all_use() -> None:
    assert {"migrate", "beat", "poll", "match", "send", "web"} == OURS
    assert [name for name, service in SERVICES.items() if "build" in service] == ["migrate"]
    assert len({SERVICES[name]["image"] for name in OURS}) == 1
    for name in OURS - {"migrate"}:
        assert SERVICES[name]["pull_policy"] == "never"
        assert "migrate" in SERVICES[name]["depends_on"]


def test_images_can_be_pinned_by_digest() -> None:
    digest = "@sha256:" + 64 * "0"
    pinned = load({f"{name}_IMAGE": f"x:1{digest}" for name in ("PYTHON", "REDIS", "POSTGRES")})["services"]
    for image in (
        pinned["redis"]["image"],
        pinned["postgres"]["image"],
        pinned["migrate"]["build"]["args"]["PYTHON_IMAGE"],
    ):
        assert image.endswith(digest)


def test_every_queue_has_its_worker() -> None:
    routed = {route["queue"] for route in celery_app.conf.task_routes.values()}
    served = {
        service["command"][service["command"].index("--queues") + 1]
        for service in SERVICES.values()
        if "--queues" in service["command"]
    }
    assert served == routed


def test_two_services_that_hang_leave_a_sender_threads_for_others() -> None:
    command = SERVICES["send"]["command"]
    assert int(command[command.index("--concurrency") + 1]) > 2 * MAX_IN_FLIGHT
    assert THREADS["send"] > 2 * MAX_IN_FLIGHT


def test_what_the_image_and_the_program_name_is_what_the_file_sets() -> None:
    for name in OURS:
        environ = SERVICES[name]["environment"]
        assert environ[f"{settings_environment.DATABASE}_FILE"] == "/run/secrets/database_url"
        assert environ[f"{settings_environment.BROKER}_FILE"] == "/run/secrets/broker_url"
        assert settings_environment.DATABASE not in environ
    assert f"{FILE_ENV}=/tmp/alive" in (ROOT / "worker" / "Dockerfile").read_text()


def test_a_worker_has_time_to_end_what_it_is_doing() -> None:
    longest = max(DEADLINE_S, Limits().total)
    for name in ("poll", "match", "send"):
        assert seconds(SERVICES[name]["stop_grace_period"]) > longest


def test_no_secret_stands_in_the_file() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search("PASSWORD|TOKEN|SECRET|DATABASE|BROKER", name):
                assert name.endswith("_FILE")
                assert value.startswith("/run/secrets/") or (value, name in SIGN_ON) == ("", True)


def test_the_pages_get_what_signing_on_needs(tmp_path: Path) -> None:
    environ = SERVICES["web"]["environment"]
    assert {name for name in environ if name.startswith(("ALERTS_OIDC_", "ALERTS_TRUSTED_"))} == SIGN_ON
    assert sign_on(environ).issuer == sign_on(environ).header == "", "as long as nobody asks for it"
    (tmp_path / "oidc-client").write_text("a secret of the provider\n")
    given = {
        "ALERTS_OIDC_ISSUER": "https://id.example.org",
        "ALERTS_OIDC_CLIENT_ID": "alerts",
        "ALERTS_OIDC_CLIENT_SECRET_FILE": str(tmp_path / "oidc-client"),
        "ALERTS_TRUSTED_HEADER": "X-Forwarded-User",
        "ALERTS_TRUSTED_PROXIES": "172.28.0.2",
    }
    vouching = sign_on(load(given)["services"]["web"]["environment"])
    assert (vouching.issuer, vouching.client_id, vouching.header) == (
        "https://id.example.org",
        "alerts",
        "X-Forwarded-User",
    )
    assert vouching.client_secret.reveal() == "a secret of the provider"


def test_the_secrets_are_made_once_and_fit_together(tmp_path: Path) -> None:
    script = ROOT / "deploy" / "make-secrets.sh"
    directory = tmp_path / "secrets"
    first = subprocess.run([script, directory], check=True, capture_output=True, text=True)
    assert first.stdout.count("made ") == 7
    content = {file.name: file.read_text().strip() for file in directory.iterdir() if file.is_file()}
    assert {f"./secrets/{name}" for name in content} >= {each["file"] for each in COMPOSE["secrets"].values()}
    postgres = SERVICES["postgres"]["environment"]
    assert content["database_url"] == (
        f"postgresql://{postgres['POSTGRES_USER']}:{content['postgres_password']}"
        f"@postgres:5432/{postgres['POSTGRES_DB']}"
    )
    assert content["broker_url"] == f"redis://alerts:{content['redis_password']}@redis:6379/0"
    assert f">{content['redis_password']} " in content["redis_users"]
    values = [content[name] for name in ("postgres_password", "redis_password", "signing_key", "operator_token")]
    assert len(set(values)) == 4
    assert all(re.fullmatch(r"[0-9a-f]{48}", value) for value in values)
    # Others on the machine cannot come near; the containers, which get each file by itself, can read it.
    assert directory.stat().st_mode & 0o777 == 0o700
    assert all(file.stat().st_mode & 0o777 == 0o444 for file in directory.iterdir() if file.is_file())
    again = subprocess.run([script, directory], check=True, capture_output=True, text=True)
    assert again.stdout == ""
    assert {file.name: file.read_text().strip() for file in directory.iterdir() if file.is_file()} == content
