"""`make test-image`: the image and the Compose file in a real container engine, from the build to the last container.

Builds the image, twice with one line changed between; runs it alone, as `docker run` is documented; brings Compose up;
sees beat tick and an item of a local feed become one message at a local receiver; kills every container and sees it
recover and one more item arrive; takes everything down. Takes about six minutes on two cores. Exit status 0 with a
notice where there is no engine, 1 with the failing step where something is wrong.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from image.engine import CommandError, Engine, engine

ROOT = Path(__file__).parents[2]
PROJECT = "alerts-image-test"
IMAGE = "institution-alerts:image-test"
LONE = f"{PROJECT}-lone"
SERVICES = ("redis", "postgres", "beat", "poll", "match", "send", "web")
NAMES = ("Acme", "Globex", "Initech", "Umbrella", "Stark", "Wayne", "Tyrell", "Cyberdyne")
"""One institution for the first item and one for each service that is killed: each is told of once."""


class BrokenPromiseError(Exception):
    """What was promised and did not happen."""


def config() -> str:
    content: dict[str, Any] = {
        "sources": [
            {
                "id": "wire",
                "url": "http://stand:8000/feed",
                "publisher": "Wire",
                "reliability": "A",
                "interval": "1s",
                "allow_private": True,
            }
        ],
        "institutions": [{"id": name.lower(), "name": f"{name} Networks", "tags": ["infra"]} for name in NAMES],
        "topics": [
            {
                "id": "outage",
                "signal": "continuity",
                "any": ["outage*"],
                "severity": {"priority": 0.6, "policy": 0.0, "continuity": 0.3},
            }
        ],
        "subscribers": [
            {
                "id": "desk",
                "tier": "leadership-alliance",
                "channels": {"hook": "${file:/run/secrets/channels/hook}"},
                "group": "0s",
                "watch": [{"tags": ["infra"], "on": ["level"], "axes": ["priority"], "at_least": "medium"}],
            }
        ],
    }
    return str(yaml.safe_dump(content, sort_keys=False))


STAND = {
    "services": {
        "stand": {
            "image": IMAGE,
            "pull_policy": "never",
            "command": ["python", "/stand/stand.py"],
            "healthcheck": {"test": ["CMD", "python", "-m", "worker.healthcheck", "http://127.0.0.1:8000/feed"]},
            "volumes": ["./tests/image:/stand:ro"],
            "networks": ["outside"],
        }
    }
}


class Trial:
    """The steps, each of which prints one line."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._began = time.monotonic()
        variables = {"ALERTS_VERSION": "image-test", "ALERTS_LISTEN": "127.0.0.1:18321", "ALERTS_REVISION": "test"}
        env = ["env", *(f"{name}={value}" for name, value in variables.items())]
        files = ["--file", f"{engine.checkout}/docker-compose.yml", "--file", f"{engine.checkout}/stand.yml"]
        self._compose = [*env, "docker", "compose", "--project-name", PROJECT, *files]

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self._began:6.1f} s  {text}", flush=True)

    def compose(self, *arguments: str) -> str:
        return self._engine.run(*self._compose, *arguments)

    def until(self, found: Callable[[], bool], what: str, seconds: float = 120) -> None:
        """Waits; raises BrokenPromiseError with the logs where it does not come true."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                if found():
                    return
            except (CommandError, json.JSONDecodeError):  # while a container is away
                pass
            if time.monotonic() > deadline:
                raise BrokenPromiseError(f"{what}: not within {seconds:.0f} s\n{self._logs()}")
            time.sleep(0.5)

    def _logs(self) -> str:
        containers = self._engine.run("docker", "ps", "--all", "--quiet", "--filter", f"name={PROJECT}").split()
        logs = [self._engine.run("docker", "logs", "--tail", "20", each) for each in containers]
        return "\n".join([self._engine.run("docker", "ps", "--all"), *logs])

    # --- steps

    def prepare(self) -> None:
        checkout = self._engine.checkout
        self._engine.run("rm", "-rf", f"{checkout}/config", f"{checkout}/secrets")
        self._engine.run(f"{checkout}/deploy/make-secrets.sh", f"{checkout}/secrets")
        self._engine.write("config/alerts.yaml", config())
        self._engine.write("secrets/channels/hook", "json://stand:8000/hook\n")
        self._engine.write("stand.yml", str(yaml.safe_dump(STAND)))
        self.say(self._engine.run("docker", "version", "--format", "engine {{.Server.Version}}").strip())

    def build(self) -> None:
        """The image; and again after a change of the program, which leaves the layer of the dependencies as it is."""
        self.compose("build")
        first = self._layers()
        self.say(f"built: {self._size()}")
        self._engine.run(
            "sh", "-c", 'echo "# changed" >> "$1"', "sh", f"{self._engine.checkout}/src/alerts/embedded.py"
        )
        self.compose("build")
        second = self._layers()
        changed = [number for number, (one, other) in enumerate(zip(first, second, strict=True)) if one != other]
        if len(changed) != 1:
            raise BrokenPromiseError(f"a change of one line changed {len(changed)} layers of {len(first)}: {changed}")
        self.say(f"built again after a change of one line: 1 layer of {len(first)} is new")

    def _layers(self) -> list[str]:
        layers: list[str] = json.loads(
            self._engine.run("docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", IMAGE)
        )
        return layers

    def _size(self) -> str:
        label = '{{index .Config.Labels "org.opencontainers.image.version"}}'
        inspect = f"{{{{.Size}}}} bytes, user {{{{.Config.User}}}}, version {label}"
        return self._engine.run("docker", "image", "inspect", "--format", inspect, IMAGE).strip()

    def run_alone(self) -> None:
        """`docker run -p`: one container with everything in it serves its pages."""
        checkout = self._engine.checkout
        self._engine.run(
            *("docker", "run", "--detach", "--name", LONE, "--read-only", "--tmpfs", "/tmp", "--init"),
            *("--cap-drop", "ALL", "--publish", "127.0.0.1:18322:8321", "--volume", f"{LONE}:/state"),
            *("--volume", f"{checkout}/config:/config:ro"),
            *("--volume", f"{checkout}/secrets/channels:/run/secrets/channels:ro", IMAGE),
        )
        self.until(lambda: "ok" in self._fetch("http://127.0.0.1:18322/healthz"), "docker run -p serves the pages", 60)
        self.until(lambda: self._state(LONE) == "healthy", "the lone container is healthy", 90)
        self._engine.run("docker", "rm", "--force", LONE)
        self._engine.run("docker", "volume", "rm", LONE)
        self.say("docker run -p: healthy, pages served on the published port")

    def _fetch(self, url: str) -> str:
        script = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1], timeout=5).read().decode())"
        return self._engine.run("python3", "-c", script, url)

    def _state(self, container: str) -> str:
        return self._engine.run("docker", "inspect", "--format", "{{.State.Health.Status}}", container).strip()

    def up(self) -> None:
        self.compose("up", "--detach", "--wait", "--no-build")
        self.say(f"docker compose up --wait: {len(SERVICES)} services are healthy, migrate ended with 0")

    def ticks(self) -> None:
        def last() -> str:
            status = self.compose("exec", "-T", "web", "sh", "-c", "alerts status --json || true")
            return str(json.loads(status.strip().splitlines()[-1])["last_tick"])

        first = last()
        self.until(lambda: last() > first, "beat ticks", 30)
        self.say(f"beat ticks: {first}, then {last()}")

    def tells(self, number: int) -> None:
        """One item becomes one message."""
        self._stand("/publish", f"{NAMES[number]} Networks hit by outage")
        self.until(lambda: len(self._received()) > number, f"a message about {NAMES[number]}")
        told = [each["alerts"][0]["institution"] for each in self._received()]
        if told != [name.lower() for name in NAMES[: number + 1]]:
            raise BrokenPromiseError(f"told of {told}")

    def _received(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self._stand("/received"))
        return found

    def _stand(self, path: str, body: str = "") -> str:
        script = (
            "import sys, urllib.request as u;"
            "print(u.urlopen('http://127.0.0.1:8000' + sys.argv[1], sys.argv[2].encode() or None, 5).read().decode())"
        )
        return self.compose("exec", "-T", "stand", "python", "-c", script, path, body)

    def survives(self, number: int, service: str) -> None:
        """Every process of a container is killed; it comes back by itself, and the next item becomes one message."""
        container = self.compose("ps", "--quiet", service).strip()
        began = time.monotonic()
        with contextlib.suppress(CommandError):  # the shell goes with them
            self.compose("exec", "-T", service, "sh", "-c", "kill -9 -1")
        count = "{{.RestartCount}}"
        self.until(
            lambda: (
                self._engine.run("docker", "inspect", "--format", count, container).strip() != "0"
                and self._state(container) == "healthy"
            ),
            f"{service} comes back after kill -9",
        )
        took = time.monotonic() - began
        self.tells(number)
        self.say(f"{service}: killed, healthy again after {took:.0f} s, the next item became one message")

    def down(self) -> None:
        self.compose("down", "--volumes", "--remove-orphans", "--timeout", "80")
        left = self._engine.run(
            "docker", "ps", "--all", "--quiet", "--filter", f"label=com.docker.compose.project={PROJECT}"
        )
        volumes = self._engine.run("docker", "volume", "ls", "--quiet", "--filter", f"name={PROJECT}")
        if left.strip() or volumes.strip():
            raise BrokenPromiseError(f"left behind: {left} {volumes}")
        self._engine.run("docker", "image", "rm", IMAGE)
        self.say("taken down: no container, no volume, no image is left")

    def clean_up(self) -> None:
        """Removes what a step that failed has left."""
        for command in (
            [*self._compose, "down", "--volumes", "--remove-orphans", "--timeout", "5"],
            ["docker", "rm", "--force", "--volumes", LONE],
            ["docker", "volume", "rm", "--force", LONE],
        ):
            with contextlib.suppress(CommandError):  # it is gone already
                self._engine.run(*command)


def main() -> int:
    with engine(ROOT) as found:
        if found is None:
            print(
                "test-image: skipped, no container engine is here: neither does `docker info` work, nor does "
                "ENGINE_TOOLS name a folder of tools that start one",
                file=sys.stderr,
            )
            return 0
        trial = Trial(found)
        try:
            trial.prepare()
            trial.build()
            trial.run_alone()
            trial.up()
            trial.ticks()
            trial.tells(0)
            trial.say("one item of the feed became one message at the receiver")
            for number, service in enumerate(SERVICES, start=1):
                trial.survives(number, service)
            trial.down()
        except (CommandError, BrokenPromiseError) as error:
            print(f"test-image: failed: {error}", file=sys.stderr)
            return 1
        finally:
            trial.clean_up()
    return 0


if __name__ == "__main__":
    sys.exit(main())
