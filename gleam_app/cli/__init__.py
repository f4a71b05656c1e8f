"""The command line: the services without a window. A module for each command.

One JSON document on stdout with ``--json``; people's text on stdout without; progress and errors on
stderr. Exit codes: 0 done, 2 usage, 3 bad input or missing pack, 130 cancelled.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType

from gleam_app import __version__
from gleam_app.cli import doctor, evaluate, explain, export, locate, packs, tiles
from gleam_app.cli.arguments import Arguments, with_signs
from gleam_app.cli.output import ProgressLine, complain, prepare_output
from gleam_app.errors import Cancelled, GleamError, disk_trouble
from gleam_app.jobs.work import Work
from gleam_app.services import Services

_ALL = (
    tiles.COMMAND,
    locate.COMMAND,
    explain.COMMAND,
    evaluate.COMMAND,
    export.COMMAND,
    packs.COMMAND,
    doctor.COMMAND,
)
COMMANDS = {command.name: command for command in _ALL}


def parse(argv: list[str]) -> Arguments:
    """Parse the arguments; ``command`` is None when the window is meant. Exits with 2 on wrong usage."""
    if argv and argv[0] in COMMANDS:
        return _command_parser().parse_args(with_signs(argv))
    parser = argparse.ArgumentParser(
        prog="gleam",
        description="Find out, offline, where a picture was taken. Opens the window.",
        epilog=f"Commands: {', '.join(COMMANDS)}. 'gleam COMMAND --help' tells more.",
    )
    parser.add_argument("images", nargs="*", metavar="IMAGE", help="pictures to open")
    parser.add_argument("--case", metavar="FILE", help="the case to open")
    parser.add_argument("--demo", action="store_true", help="open with the bundled demo loaded")
    parser.add_argument("--version", action="version", version=f"GLEAM Desktop {__version__}")
    parsed = parser.parse_args(argv)
    parsed.command = None
    return parsed


def _command_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gleam")
    commands = parser.add_subparsers(dest="command", required=True)
    for command in COMMANDS.values():
        command.define(commands.add_parser(command.name, help=command.purpose))
    return parser


def run(arguments: Arguments, services: Services) -> int:
    """Run one command; every error for people ends here as one line on stderr."""
    work = Work(on_progress=ProgressLine())
    prepare_output()
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, _canceller(work))
    try:
        return COMMANDS[arguments.command].run(arguments, services, work)
    except GleamError as error:
        complain(error)
        return error.exit_code
    except BrokenPipeError:  # whoever read our output has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # so that Python's last flush is quiet
        return 0
    except OSError as error:
        trouble = disk_trouble(error)
        complain(trouble)
        return trouble.exit_code
    except (Cancelled, KeyboardInterrupt):
        print("Cancelled.", file=sys.stderr)
        return 130
    finally:
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, handler)


def _canceller(work: Work) -> Callable[[int, FrameType | None], None]:
    def cancel(_number: int, _frame: FrameType | None) -> None:
        if work.cancelled:
            raise KeyboardInterrupt
        work.cancel()

    return cancel
