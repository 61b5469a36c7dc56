"""`make fuzz`: atheris lets coverage lead it from the seeds; what it breaks is kept as a seed and printed.

python tests/fuzz/run.py TARGET SECONDS
"""

from __future__ import annotations

import hashlib
import logging
import sys
import tempfile
import traceback
from pathlib import Path

import atheris

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[2] / "src")]
with atheris.instrument_imports(include=["alerts"]):
    from fuzz.targets import SEEDS, TARGETS


def main() -> None:
    name, seconds = sys.argv[1], sys.argv[2]
    logging.getLogger("alerts").setLevel(logging.CRITICAL)
    target, seeds = TARGETS[name], SEEDS / name

    def attempt(data: bytes) -> None:
        try:
            target(data)
        except Exception:
            found = seeds / f"broke-{hashlib.sha256(data).hexdigest()[:12]}"
            found.write_bytes(data)
            traceback.print_exc()
            print(f"{name}: broken by {found}; mend it and keep the file", flush=True)
            raise

    with tempfile.TemporaryDirectory(prefix="alerts-fuzz-") as corpus:
        options = [f"-max_total_time={seconds}", "-max_len=4096", "-timeout=30", "-rss_limit_mb=4096"]
        atheris.Setup([sys.argv[0], corpus, str(seeds), *options, f"-artifact_prefix={corpus}/"], attempt)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
