"""`python -m alerts` is the command `alerts`."""

from alerts.cli.main import main

main()
