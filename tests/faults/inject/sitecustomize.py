"""Python imports this at its start where PYTHONPATH names this folder: fault points in the program become calls."""

import os

if os.environ.get("ALERTS_FAULTS"):
    import faultpoints

    faultpoints.install()
