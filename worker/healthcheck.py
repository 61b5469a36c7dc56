"""The health check of a container: exit status 0 while the process does its work, else 1 with one line.

`python -m worker.healthcheck` looks at the file that ALERTS_ALIVE names, `python -m worker.healthcheck URL`
asks a web process. Imports nothing large: it runs every few seconds."""

import http.client
import os
import sys
import time
import urllib.request
from pathlib import Path

FILE_ENV = "ALERTS_ALIVE"
MAX_AGE_SECONDS = 60.0
TIMEOUT_SECONDS = 5.0


def main(arguments: list[str]) -> int:
    problem = _page(arguments[0]) if arguments else _file(os.environ.get(FILE_ENV, ""))
    if problem:
        print(problem, file=sys.stderr)  # noqa: T201
    return 1 if problem else 0


def _file(name: str) -> str:
    if not name:
        return f"{FILE_ENV} is not set: the process has no file to show that it lives"
    try:
        age = time.time() - Path(name).stat().st_mtime
    except OSError as error:
        return f"{name}: {error.strerror}: the process has not connected to its broker yet"
    return "" if age <= MAX_AGE_SECONDS else f"{name}: no sign of life for {age:.0f} s"


def _page(url: str) -> str:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=TIMEOUT_SECONDS):  # the container's own address
            return ""
    except http.client.HTTPException as error:
        return f"{url}: no HTTP ({type(error).__name__})"
    except (OSError, ValueError) as error:
        return f"{url}: {error}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
