"""The `tracemark` command."""

import sys
from typing import NoReturn

import click

import tracemark as tm
from tracemark_cli.demo import demo
from tracemark_cli.detect import detect
from tracemark_cli.embed import embed
from tracemark_cli.keygen import keygen
from tracemark_cli.ledger import ledger
from tracemark_cli.outcome import Outcome, reason
from tracemark_cli.signs import in_one_line
from tracemark_cli.streams import ReaderGoneError, open_streams

__all__ = ["main", "tracemark"]

EPILOG = """\b
Exit codes:
  0  a recipient was identified; all was done
  1  nothing was found
  2  the command was not understood
  3  inconclusive
  4  some files failed
  5  the key could not be used, or the ledger
  70  the program failed, which is worth reporting
  130  interrupted; the same command goes on
  141  whoever read the results has gone

Results go to stdout, everything else to stderr."""


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(tm.__version__, prog_name="tracemark")
def tracemark() -> None:
    """Give everybody a personal copy of a photo; learn whose copy leaked."""


for command in (keygen, embed, detect, ledger, demo):
    tracemark.add_command(command)


def main() -> NoReturn:
    """Run the command line and exit with its code."""
    sys.stdin, sys.stdout, sys.stderr = open_streams()
    try:
        code = tracemark.main(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        click.echo("tracemark: interrupted", err=True)
        sys.exit(Outcome.INTERRUPTED)
    except ReaderGoneError:
        sys.exit(Outcome.PIPE_CLOSED)
    except (tm.TracemarkError, MemoryError) as error:
        click.echo(f"tracemark: {in_one_line(reason(error))}", err=True)
        sys.exit(Outcome.FILES_FAILED)
    except Exception as error:
        # Python would end with 1, which says that nothing was found.
        what = in_one_line(f"{type(error).__name__}: {error}")
        click.echo(f"tracemark: this is a fault of the program, please report it: {what}", err=True)
        sys.exit(Outcome.PROGRAM_FAILED)
