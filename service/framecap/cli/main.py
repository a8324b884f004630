"""The `framecap` command."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

import click

from framecap.cli.exits import Exit, report_failure
from framecap.errors import CaptureError
from framecap.events.status import to_status

COMMANDS: Final[Mapping[str, str]] = {
    "capture": "Capture frames of a video into files. Needs no service.",
    "explain": "Show how a capture would decode, without capturing.",
    "probe": "Show what a video contains.",
    "serve": "Run the service.",
    "worker": "Work on the tasks of a service that has the same data directory.",
    "submit": "Submit captures to a service, as tasks in the background.",
    "tasks": "List tasks, or show some.",
    "watch": "Watch tasks to their end.",
    "cancel": "Cancel tasks.",
    "retry": "Retry ended tasks.",
    "delete": "Delete ended tasks.",
    "usage": "Show what captures used.",
    "health": "Ask a running service whether it is well.",
    "demo": "Start a service, capture from a sample video, show the images.",
}
"""Every command and its line in the help, in order. `framecap.cli.NAME` holds the command NAME."""


class Commands(click.Group):
    """Loads a command only when it is run, so that no command pays for the imports of another."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Returns the names, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Returns the command of that name, if there is one."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"framecap.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Runs the command; ends it silently when the reader of standard output is gone."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # The interpreter's flush at exit must not fail on the broken pipe again.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return Exit.FAILED

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Writes the commands' lines of the help without loading any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 done, 2 the request is wrong, 3 the video is, 4 anything else, "
    "130 interrupted.",
)
@click.version_option(version("framecap"), message="framecap %(version)s")
def cli() -> None:
    """Captures frames from video."""


def run(arguments: Sequence[str]) -> int:
    """Runs one command line and returns its exit status."""
    try:
        return int(cli.main(list(arguments), prog_name="framecap", standalone_mode=False) or 0)
    except CaptureError as error:
        return report_failure(to_status(error))
    except click.exceptions.Abort:
        return Exit.INTERRUPTED
    except click.UsageError as error:
        error.show()
        return Exit.REQUEST
    except click.ClickException as error:
        print(f"framecap: {error.format_message()}", file=sys.stderr)
        return Exit.FAILED
    except Exception:
        traceback.print_exc()
        return Exit.FAILED


def main() -> None:
    """Runs the process's command line and ends the process."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
