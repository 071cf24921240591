"""Run the command line as ``python -m tracemark_cli``."""

from tracemark_cli.main import main

main()
