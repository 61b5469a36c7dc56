"""A real browser, by the WebDriver protocol, without a library for it."""

from __future__ import annotations

import importlib.resources
import importlib.util
import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_OPTIONS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-dev-shm-usage")


def missing() -> str:
    """Why there is no browser to test with; empty where there is one."""
    if shutil.which("chromedriver") is None:
        return "no chromedriver (Debian: apt-get install chromium chromium-driver)"
    return "" if _browser() else "no chromium (Debian: apt-get install chromium)"


def axe() -> str:
    """The source of axe-core: from AXE_CORE, node_modules, or the wheel among the tools; empty where it is in none."""
    for place in (os.environ.get("AXE_CORE", ""), "node_modules/axe-core/axe.min.js"):
        if place and Path(place).is_file():
            return Path(place).read_text(encoding="utf-8")
    if importlib.util.find_spec("axe_core_python") is None:
        return ""
    return importlib.resources.files("axe_core_python").joinpath("axe.min.js").read_text(encoding="utf-8")


def _browser() -> str | None:
    return shutil.which("chromium") or shutil.which("google-chrome")


class Chromium:
    """One window. A context manager."""

    def __enter__(self) -> Self:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        port = self._url.rpartition(":")[2]
        self._driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while True:
            try:
                self._ask("GET", "/status")
                break
            except (urllib.error.URLError, ConnectionError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
        options = {"binary": _browser(), "args": list(_OPTIONS)}
        asked = {"capabilities": {"alwaysMatch": {"browserName": "chrome", "goog:chromeOptions": options}}}
        self._session = "/session/" + self._ask("POST", "/session", asked)["sessionId"]
        self.devtools("Emulation.setFocusEmulationEnabled", enabled=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._ask("DELETE", self._session)
        finally:
            self._driver.terminate()
            self._driver.wait(10)

    def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self._url + path, data, {"Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["value"]

    def devtools(self, command: str, **parameters: Any) -> Any:
        return self._ask("POST", f"{self._session}/goog/cdp/execute", {"cmd": command, "params": parameters})

    def open(self, url: str) -> None:
        self._ask("POST", f"{self._session}/url", {"url": url})
        # Keys that arrive before the page has the focus and its first frame are dropped.
        self.run(
            "return new Promise(done => { const frame = () => requestAnimationFrame(() =>"
            " document.hasFocus() ? requestAnimationFrame(() => done(true)) : frame()); frame(); })"
        )

    def run(self, script: str, *arguments: Any) -> Any:
        return self._ask("POST", f"{self._session}/execute/sync", {"script": script, "args": list(arguments)})

    def wait_for(self, script: str) -> Any:
        """Runs a script that calls its last argument with the result."""
        return self._ask("POST", f"{self._session}/execute/async", {"script": script, "args": []})

    def screen(self, width: int, height: int, *, dark: bool = False) -> None:
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 700
        )
        scheme = "dark" if dark else "light"
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])

    def press(self, key: str) -> None:
        for kind in ("keyDown", "keyUp"):
            code = {"Tab": 9, "Enter": 13}.get(key, 0)
            text = {"text": key} if len(key) == 1 and kind == "keyDown" else {}
            self.devtools("Input.dispatchKeyEvent", type=kind, key=key, windowsVirtualKeyCode=code, **text)
