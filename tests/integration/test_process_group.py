"""`alerts run`: its children are watched, restarted and stopped; what goes wrong is one line."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import httpx
import pytest
import redis
from kit.feeds import Entry, FeedServer
from kit.program import Program, until
from kit.rawserver import silent_server
from kit.receiver import Receiver, keys
from kit.system import settings, write

from alerts.channels.send import DEADLINE_S
from alerts.embedded import Supervisor
from alerts.runtime.bulkhead import MAX_IN_FLIGHT
from alerts.runtime.task_requests import SEND_BATCH

pytestmark = pytest.mark.servers

LOWEST = 19
"""There is no lower priority, and the tests may be run with one themselves."""

CHILDREN = ("broker", "poll", "match", "send", "beat")


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with FeedServer() as made:
        made.put("wire", [])
        yield made


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as made:
        yield made


@pytest.fixture
def config(server: FeedServer, receiver: Receiver, tmp_path: Path) -> Path:
    content = settings({"wire": f"{server.url}/wire"}, {"hook": receiver.channel()})
    content["sources"][0]["interval"] = "1s"
    return write(tmp_path / "config", content)


def outage(number: int) -> Entry:
    who = ("Acme Networks", "Globex Corporation")[number % 2]
    now = datetime.now(UTC).replace(microsecond=0)
    return Entry(f"o{number}", f"{who} hit by outage", f"It is number {number}.", "", now)


def test_a_killed_child_is_noticed_restarted_and_said_and_work_goes_on(
    config: Path, server: FeedServer, receiver: Receiver, tmp_path: Path
) -> None:
    with Program(config, tmp_path / "state") as program:
        assert program.says("watching"), program.err
        assert program.up(*CHILDREN)
        for name in ("beat", "poll", "match", "send", "broker"):
            assert until(partial(between_polls, tmp_path / "state"), 30)
            was = program.children()[name]
            os.kill(was, signal.SIGKILL)
            assert program.says(f"{name} was killed by signal 9; starting it again"), program.err
            assert until(partial(program.replaced, name, was), 30), name
        server.put("wire", [outage(0)])
        assert receiver.wait_for(1, 40), program.err
        # Again, all at once.
        assert until(partial(between_polls, tmp_path / "state"), 30)
        for pid in program.children().values():
            os.kill(pid, signal.SIGKILL)
        server.put("wire", [outage(1), outage(0)])
        assert receiver.wait_for(2, 60), program.err
        took = program.stop()
        assert took < 12
        assert program.process.returncode == 128 + signal.SIGTERM
        assert until(lambda: not program.left(), 2), program.left()
    assert keys(receiver.alerts()) == [("acme", "priority", "low", "medium"), ("globex", "priority", "low", "medium")]
    assert "Traceback" not in program.err
    assert program.out == ""


def _cores(pid: int) -> int:
    """How many cores the threads of a process may use."""
    return len(set().union(*(os.sched_getaffinity(int(thread.name)) for thread in Path(f"/proc/{pid}/task").iterdir())))


def test_a_worker_is_on_one_core_and_those_who_tell_go_before_those_who_bring_work(
    config: Path, server: FeedServer, receiver: Receiver, tmp_path: Path
) -> None:
    with Program(config, tmp_path / "state") as program:
        assert program.up(*CHILDREN)
        server.put("wire", [outage(0)])
        assert receiver.wait_for(1, 40), program.err  # all of them work
        children = program.children()
        usual = os.getpriority(os.PRIO_PROCESS, children["beat"])
        nice = {name: os.getpriority(os.PRIO_PROCESS, children[name]) - usual for name in CHILDREN}
        assert until(lambda: all(_cores(children[name]) == 1 for name in ("poll", "match", "send")), 10)
        assert _cores(children["broker"]) == len(os.sched_getaffinity(0))
        program.stop()
    wanted = {"broker": 0, "poll": 10, "match": 5, "send": 0, "beat": 0}
    assert nice == {name: min(more, LOWEST - usual) for name, more in wanted.items()}


def test_a_child_that_cannot_be_started_again_is_tried_until_it_can(tmp_path: Path) -> None:
    said: list[str] = []
    command, hidden = tmp_path / "command", tmp_path / "hidden"
    command.write_text("#!/bin/sh\nexec sleep 60\n")
    command.chmod(0o700)
    supervisor = Supervisor(dict(os.environ), said.append)
    child, other = supervisor.add("it", [str(command)]), supervisor.add("other", ["sleep", "60"])
    assert child.process is not None
    command.rename(hidden)
    os.kill(child.process.pid, signal.SIGKILL)
    supervisor.watch(lambda: any("it cannot be started: No such file" in line for line in said))
    assert child.process is None
    assert other.process is not None
    assert other.process.poll() is None
    hidden.rename(command)
    supervisor.watch(lambda: child.process is not None)
    supervisor.shut_down()
    assert said[0] == "it was killed by signal 9; starting it again in 1 s"


def test_a_worker_that_starts_while_the_configuration_is_broken_goes_on_with_the_last_good_one(
    config: Path, server: FeedServer, receiver: Receiver, tmp_path: Path
) -> None:
    with Program(config, tmp_path / "state") as program:
        assert program.says("watching"), program.err
        assert program.up(*CHILDREN)
        server.put("wire", [outage(0)])
        assert receiver.wait_for(1, 30), program.err
        (config / "broken.yaml").write_text("nonsense: 1\n", encoding="utf-8")
        for name in ("poll", "match", "send"):
            os.kill(program.children()[name], signal.SIGKILL)
        assert program.says("match was killed by signal 9", 5), program.err
        server.put("wire", [outage(1), outage(0)])
        assert receiver.wait_for(2, 40), program.err
    assert program.says("broken.yaml:1:1: unknown key 'nonsense'"), program.err


def test_files_that_a_power_cut_damaged_do_not_keep_the_broker_from_starting(
    config: Path, server: FeedServer, receiver: Receiver, tmp_path: Path
) -> None:
    """The broker's content is worth nothing: what was queued is found again in the database."""
    state = tmp_path / "state"
    with Program(config, state) as program:
        assert program.says("watching"), program.err
        server.put("wire", [outage(0)])
        assert receiver.wait_for(1, 40), program.err
        for pid in [*program.children().values(), program.process.pid]:
            os.kill(pid, signal.SIGKILL)
        program.process.wait()
        assert until(lambda: not program.left(), 5), program.left()
    _damage(state / "broker")
    server.put("wire", [outage(1), outage(0)])
    with Program(config, state) as program:
        assert program.says("watching", 30), program.err
        assert receiver.wait_for(2, 60), program.err
        assert "broker" not in program.err, program.err


def _damage(broker: Path) -> None:
    """Appends zero bytes to each file, and adds a damaged append-only file and dump where there are none."""
    for file in broker.rglob("*"):
        if file.is_file():
            with file.open("ab") as tail:
                tail.write(bytes(4096))
    (broker / "appendonlydir").mkdir(exist_ok=True)
    incremental = broker / "appendonlydir" / "appendonly.aof.1.incr.aof"
    if not incremental.exists():
        incremental.write_bytes(b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n" + bytes(4096))
        manifest = broker / "appendonlydir" / "appendonly.aof.manifest"
        manifest.write_text("file appendonly.aof.1.incr.aof seq 1 type i\n", encoding="utf-8")
    (broker / "dump.rdb").write_bytes(bytes(4096))


def test_on_postgresql_with_a_broker_of_its_own_and_the_broker_emptied(
    config: Path, server: FeedServer, receiver: Receiver, tmp_path: Path, postgres_url: str, broker_url: str
) -> None:
    globally = ["--database", postgres_url, "--broker", broker_url]
    with Program(config, tmp_path / "state", globally=globally) as program, redis.Redis.from_url(broker_url) as broker:
        assert program.says("watching"), program.err
        assert program.up("poll", "match", "send", "beat")
        assert "broker" not in program.children()
        server.put("wire", [outage(0)])
        for _ in range(10):
            broker.flushall()
            time.sleep(0.1)
        assert receiver.wait_for(1, 40), program.err
        server.put("wire", [outage(1), outage(0)])
        assert receiver.wait_for(2, 40), program.err
        assert program.stop() < 12
        assert until(lambda: not program.left(), 1), program.left()
    assert keys(receiver.alerts()) == [("acme", "priority", "low", "medium"), ("globex", "priority", "low", "medium")]
    assert not (tmp_path / "state" / "alerts.db").exists()


def test_two_services_that_begin_to_hang_at_once_delay_neither_matching_nor_a_third(
    server: FeedServer, receiver: Receiver, tmp_path: Path
) -> None:
    """What hangs holds its threads until it is given up, and news that comes meanwhile arrives all the same."""
    with silent_server("127.0.0.2") as one, silent_server("127.0.0.3") as other:
        hanging = {
            f"{name}{number}": f"json://{host}:{port}/{number}"
            for name, host, port in (("one", "127.0.0.2", one.port), ("other", "127.0.0.3", other.port))
            for number in range(MAX_IN_FLIGHT * SEND_BATCH)  # a task takes some of each
        }
        content = settings({"wire": f"{server.url}/wire"}, {**hanging, "hook": receiver.channel()})
        content["sources"][0]["interval"] = "1s"
        config = write(tmp_path / "config", content)
        with Program(config, tmp_path / "state") as program:
            assert program.says("watching"), program.err
            assert program.up(*CHILDREN)
            server.put("wire", [outage(0)])
            # Each service has got as many sends as one may hold.
            assert until(lambda: (len(one.taken), len(other.taken)) == (MAX_IN_FLIGHT, MAX_IN_FLIGHT), 30), program.err
            server.put("wire", [outage(1), outage(0)])
            assert until(lambda: len(keys(receiver.alerts())) == 2, DEADLINE_S), program.err
            assert under_way(tmp_path / "state", hanging) >= 2 * MAX_IN_FLIGHT, "and both still hang"
    assert "Traceback" not in program.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_everything_and_leaves_nothing_running(
    config: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with Program(config, tmp_path / "state") as program:
        assert program.says("watching"), program.err
        assert program.up(*CHILDREN)
        assert program.stop(number) < 12
        assert program.process.returncode == 128 + number
        assert until(lambda: not program.left(), 1), program.left()
    assert program.err.splitlines()[-1] == "alerts: stopping"
    assert program.out == ""


def test_the_pages_are_served_and_come_back(config: Path, tmp_path: Path) -> None:
    port = _closed_port()
    with Program(config, tmp_path / "state", port=port) as program:
        assert program.says(f"pages at http://127.0.0.1:{port}/"), program.err
        assert program.up(*CHILDREN, "web")
        assert until(lambda: "Acme Networks" in _page(port), 20), program.err
        os.kill(program.children()["web"], signal.SIGKILL)
        assert program.says("web was killed by signal 9; starting it again", 5), program.err
        assert until(lambda: "Acme Networks" in _page(port), 20), program.err
        assert program.stop() < 12
        assert until(lambda: not program.left(), 1), program.left()
    assert program.out == ""


def _page(port: int) -> str:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/institutions", timeout=5).text
    except httpx.TransportError:
        return ""


def test_the_pages_listen_where_they_are_told_to(config: Path, tmp_path: Path) -> None:
    """Another address of the loopback network stands for that of a container."""
    port = _closed_port()
    with Program(config, tmp_path / "state", "--host", "127.0.0.2", port=port) as program:
        assert program.says(f"pages at http://127.0.0.2:{port}/"), program.err
        assert httpx.get(f"http://127.0.0.2:{port}/healthz", timeout=5).text == "ok\n"
        with pytest.raises(httpx.ConnectError):
            httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5)


def test_a_port_that_is_taken_is_said_before_anything_starts(config: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Program(config, tmp_path / "state", port=port) as program:
            assert program.process.wait(20) == 1
            (line,) = program.err.splitlines()
            assert line.startswith(f"alerts: port {port} on 127.0.0.1: ")
            assert "--port" in line
    assert not (tmp_path / "state" / "alerts.db").exists()


def test_state_and_configuration_may_be_named_relative_to_where_one_stands(
    config: Path, server: FeedServer, receiver: Receiver, tmp_path: Path, alerts_command: list[str]
) -> None:
    """As `make run` does: nothing is given, ./config and ./.alerts are meant."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("ALERTS_")}
    server.put("wire", [outage(0)])
    process = subprocess.Popen(
        [*alerts_command, "run", "--port", "0"],
        cwd=config.parent,
        env=environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert receiver.wait_for(1, 40)
    finally:
        process.terminate()
        _, said = process.communicate(timeout=20)
    assert process.returncode == 128 + signal.SIGTERM, said
    assert (tmp_path / ".alerts" / "broker" / "broker.log").is_file()


def test_a_signal_right_after_the_start_stops_it_too(config: Path, tmp_path: Path) -> None:
    for delay in (0.3, 0.8, 1.5):
        with Program(config, tmp_path / f"state-{delay}") as program:
            time.sleep(delay)
            assert program.stop() < 12
            assert until(program.gone, 1), program.left()
            assert "Traceback" not in program.err


def test_children_end_with_a_supervisor_that_is_killed(config: Path, tmp_path: Path) -> None:
    with Program(config, tmp_path / "state") as program:
        assert program.says("watching"), program.err
        assert program.up(*CHILDREN)
        program.process.kill()
        program.process.wait()
        assert until(lambda: not program.left(), 15), program.left()


def test_a_second_run_on_the_same_state_is_refused_in_one_line(
    config: Path, tmp_path: Path, alerts_command: list[str]
) -> None:
    with Program(config, tmp_path / "state") as program:
        assert program.says("watching"), program.err
        second = subprocess.run(
            [*alerts_command, "--config", config, "--state", tmp_path / "state", "run"],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert second.returncode == 1
        assert second.stdout == ""
        (line,) = second.stderr.splitlines()
        assert "another `alerts run` uses this state" in line
        assert program.process.poll() is None


def test_the_demonstration_tells_the_whole_story_within_a_minute(alerts_command: list[str]) -> None:
    began = time.monotonic()
    done = subprocess.run(
        [*alerts_command, "run", "--demo", "--once"], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    told = [line.strip() for line in done.stdout.splitlines()]
    moved = [line.removeprefix("moved ").strip() for line in told if line.startswith("moved")]
    # The newsroom speaks for itself: 0.40 x 0.90 (direct A) x 0.80 (publisher's salience) = 0.288
    assert moved[0] == "Anthropic, priority (Now): low → medium, score 0.29"
    # What a regulator does raises those whom it concerns, and nothing for itself.
    assert any(each.startswith("DeepSeek, policy (Quarter): medium → high") for each in moved)
    assert not [each for each in moved if each.startswith("Bureau of Industry and Security")]
    # The desk asks for rises to high.
    high = [each for each in moved if "→ high" in each or "→ critical" in each]
    assert len(high) >= 3
    alerts = [each for each in told if each.startswith("alert ")]
    assert 3 <= len(alerts) <= len(high), "one for each assessment, whatever the number of axes that moved"
    assert 3 <= done.stdout.count("You get this because") <= len(alerts)
    assert told[-1] == f"8 items, {len(moved)} level changes, {len(alerts)} alerts."
    print(f"\nthe demonstration took {time.monotonic() - began:.1f} s")


def test_the_demonstration_live_uses_the_real_process_group(tmp_path: Path) -> None:
    with Program(tmp_path / "none", tmp_path / "state", "--demo") as program:
        assert program.up(*CHILDREN)
        assert until(lambda: "You get this because" in program.out, 40), program.err
        assert program.stop(signal.SIGINT) < 12
        assert until(lambda: not program.left(), 1), program.left()
    assert program.err == ""


def _run(alerts_command: list[str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*alerts_command, *arguments], capture_output=True, text=True, timeout=60, check=False)


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("once", [True, False])
@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--database", "postgresql://u:hunter2@127.0.0.1:{port}/x"], "is it running and reachable?"),
        (["--database", "mysql://u:hunter2@h/x"], "'mysql' is not supported"),
        (["--database", "hunter2"], "cannot be read"),
        (["--database", "sqlite:////proc/none/x.db"], "cannot be made"),
        (["--state", "/proc/none"], "/proc/none"),
    ],
)
def test_what_cannot_start_says_why_in_one_line(
    config: Path, tmp_path: Path, alerts_command: list[str], options: list[str], says: str, once: bool
) -> None:
    options = [option.format(port=_closed_port()) for option in options]
    given = [] if "--state" in options else ["--state", str(tmp_path / "state")]
    done = _run(alerts_command, "--config", config, *given, *options, "run", *(["--once"] if once else []))
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("alerts: ")
    assert says in line
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("options", "name", "value", "says"),
    [
        (["run"], "ALERTS_LOG", "loud", "ALERTS_LOG is 'loud'; write DEBUG, INFO, WARNING or ERROR"),
        (["run", "--once"], "ALERTS_LOG", "loud", "ALERTS_LOG is 'loud'; write DEBUG"),
        (["run"], "ALERTS_TICK", "soon", "ALERTS_TICK is 'soon'; write a number of seconds above 0"),
        (["run"], "ALERTS_TICK", "0", "ALERTS_TICK is '0'; write a number of seconds above 0"),
        (["run"], "ALERTS_BASE_URL", "nonsense", "ALERTS_BASE_URL: 'nonsense' is no address"),
        (["run"], "ALERTS_BASE_URL", "https://[x", "ALERTS_BASE_URL: 'https://[x' is no address"),
        (["run"], "ALERTS_HEARTBEAT_URL", "https://[hunter2", "ALERTS_HEARTBEAT_URL is no address"),
        (["run"], "ALERTS_SECRET", "hunter2", "ALERTS_SECRET has 7 characters; give at least 16"),
        (["run"], "ALERTS_OPERATOR_TOKEN", "hunter2", "ALERTS_OPERATOR_TOKEN has 7 characters"),
    ],
)
def test_a_variable_that_makes_no_sense_is_refused_in_one_line(
    config: Path,
    tmp_path: Path,
    alerts_command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    name: str,
    value: str,
    says: str,
) -> None:
    monkeypatch.setenv(name, value)
    done = _run(alerts_command, "--config", config, "--state", tmp_path / "state", *options)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"alerts: {says}")
    assert "hunter2" not in line
    assert done.returncode in {1, 2}


def test_a_broker_that_cannot_be_used_says_so_in_one_line(
    config: Path, tmp_path: Path, alerts_command: list[str]
) -> None:
    for url, says in (
        (f"redis://:hunter2@127.0.0.1:{_closed_port()}/0", "is it running and reachable?"),
        ("amqp://u:hunter2@h", "redis://"),
        ("redis://:hunter2/x@127.0.0.1:6379/0", "percent-encoding"),
        ("redis://u:hunter2[@127.0.0.1:6379/0", "percent-encoding"),
        ("redis://127.0.0.1:6379?password=hunter2", "is it running and reachable?"),
        ("redis://127.0.0.1:6379?passwd=hunter2", "option"),
        ("hunter2", "redis://"),
    ):
        done = _run(alerts_command, "--config", config, "--state", tmp_path / "state", "--broker", url, "run")
        assert done.returncode == 1, done.stderr
        *warnings, line = done.stderr.splitlines()
        assert all("in the list of processes" in each for each in warnings)
        assert says in line
        assert "hunter2" not in done.stderr


def test_without_a_network_once_says_so_for_each_source_and_ends(tmp_path: Path, alerts_command: list[str]) -> None:
    config = write(
        tmp_path / "config",
        settings({"wire": f"http://127.0.0.1:{_closed_port()}/x", "herald": "http://no-host.invalid/"}),
    )
    done = _run(alerts_command, "--config", config, "--state", tmp_path / "state", "run", "--once")
    lines = done.stderr.splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == ["wire", "herald"]
    assert all("no connection" in line for line in lines[:2])
    assert lines[2] == "polled 2 sources: 0 new items, 2 failed"
    (last,) = lines[3:]
    assert last.startswith("alerts: every source failed")
    assert done.returncode == 1
    assert done.stdout == ""


def test_once_counts_the_sources_that_failed_and_is_content_with_the_others(
    tmp_path: Path, alerts_command: list[str]
) -> None:
    with FeedServer() as feeds:
        feeds.put("wire", [Entry("a", "Acme Networks hit by outage")])
        urls = {"wire": f"{feeds.url}/wire", "herald": f"{feeds.url}/nothing"}
        config = write(tmp_path / "config", settings(urls))
        done = _run(alerts_command, "--config", config, "--state", tmp_path / "state", "run", "--once")
    first, last = done.stderr.splitlines()
    assert first.startswith("herald: ")
    assert "404" in first
    assert last == "polled 2 sources: 1 new item, 1 failed"
    assert done.returncode == 0


def test_once_without_sources_is_no_failure(tmp_path: Path, alerts_command: list[str]) -> None:
    config = write(tmp_path / "config", settings({}))
    done = _run(alerts_command, "--config", config, "--state", tmp_path / "state", "run", "--once")
    assert done.stderr == "polled 0 sources: 0 new items, 0 failed\n"
    assert done.returncode == 0


def test_a_broken_configuration_starts_nothing(tmp_path: Path, alerts_command: list[str]) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "a.yaml").write_text("sources:\n  - id: x\n    uri: nonsense\n", encoding="utf-8")
    for options in (["run"], ["run", "--once"]):
        done = _run(alerts_command, "--config", tmp_path / "config", "--state", tmp_path / "state", *options)
        assert done.returncode == 1
        assert all(line.startswith(f"{tmp_path / 'config' / 'a.yaml'}:") for line in done.stderr.splitlines())
        assert not (tmp_path / "state").exists()


def test_the_configuration_is_edited_under_load_with_a_bad_edit_in_the_middle(
    config: Path, server: FeedServer, receiver: Receiver, tmp_path: Path
) -> None:
    good = (config / "alerts.yaml").read_text(encoding="utf-8")
    wider = good.replace("- id: globex\n", "- id: initech\n  name: Initech Systems\n  tags: [infra]\n- id: globex\n")
    assert wider != good
    edits = {3: good.replace("reliability: B", "reliability: Z"), 10: wider}
    shown: list[Entry] = []
    with Program(config, tmp_path / "state") as program:
        assert program.says("watching"), program.err
        children = program.up(*CHILDREN) and program.children()
        shown.insert(0, outage(0))
        server.put("wire", shown)
        assert receiver.wait_for(1, 40), program.err
        for number in range(1, 16):
            if number in edits:
                (config / "new").write_text(edits[number], encoding="utf-8")
                (config / "new").replace(config / "alerts.yaml")
            shown.insert(0, outage(number))
            if number == 12:
                now = datetime.now(UTC).replace(microsecond=0)
                shown.insert(0, Entry("i1", "Initech Systems hit by outage", "All of it.", "", now))
            server.put("wire", shown)
            time.sleep(0.4)
        assert until(lambda: {each[0] for each in keys(receiver.alerts())} == {"acme", "globex", "initech"}, 40)
        titles = [entry.title for entry in shown]
        assert until(lambda: len(stored(tmp_path / "state")) == len(titles), 20), program.err
        assert "alerts.yaml:5" in program.err, "the bad edit is told with its line"
        assert program.children() == children, "nothing was restarted"
    assert sorted(stored(tmp_path / "state")) == sorted(titles)
    assert "Traceback" not in program.err


def between_polls(state: Path) -> bool:
    """Whether no source is being polled, nor will be within half a second.

    A poll that is killed keeps its source for the rest of its lease, three minutes: what is tested here is the rest.
    """
    soon = (time.time() + 0.5) * 1e6
    with sqlite3.connect(state / "alerts.db") as connection:
        rows = connection.execute("SELECT lease_until, next_poll_at FROM sources").fetchall()
    return all(lease is None and due > soon for lease, due in rows)


def stored(state: Path) -> list[str]:
    with sqlite3.connect(state / "alerts.db") as connection:
        return [title for (title,) in connection.execute("SELECT title FROM revisions")]


def under_way(state: Path, channels: Iterable[str]) -> int:
    with sqlite3.connect(state / "alerts.db") as connection:
        leased = connection.execute("SELECT channel FROM deliveries WHERE state = 'leased'")
        return sum(channel in channels for (channel,) in leased)
