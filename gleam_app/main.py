"""Composition root: decides which face to show and gives it the services."""

import os
import sys
from pathlib import Path

# Must stand before torch or llama.cpp load: their idle OpenMP threads would otherwise spin against
# each other and make both many times slower.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

EXPLAIN_WORKER, PRINT_PAGE, DRIVE = "--explain-worker", "--print-page", "--drive-demo"


def main(argv: list[str] | None = None) -> int:
    """``gleam``: the window without a sub-command, else the command line. Returns the exit code."""
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except KeyboardInterrupt:  # before or after a command that would have said so itself
        return 130


def _run(arguments: list[str]) -> int:
    if arguments[:1] == [EXPLAIN_WORKER]:  # a frozen app has no other way to start a child
        from gleam_app.explain.worker import main as serve

        return serve()
    if arguments[:1] == [PRINT_PAGE] and len(arguments) == 3:  # page.html, pages.pdf
        from gleam_app.ui.printing import print_page

        return print_page(Path(arguments[1]), Path(arguments[2]))
    if arguments[:1] == [DRIVE] and len(arguments) == 2:  # how a built program is proven
        import importlib

        drive = importlib.import_module("drive_demo").main  # of packaging/; a build carries it
        return int(drive(Path(arguments[1]).resolve()))
    from gleam_app import cli

    parsed = cli.parse(arguments)
    from gleam_app.services import Services

    services = Services()
    try:
        if parsed.command is not None:
            return cli.run(parsed, services)
        from gleam_app.ui import app

        images = [Path(image) for image in parsed.images]
        case = Path(parsed.case) if parsed.case else None
        return app.run(services, images, demo=parsed.demo, case=case)
    finally:
        services.close()


if __name__ == "__main__":
    sys.exit(main())
