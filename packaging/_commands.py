"""The commands of bootstrap.py: run, test, bench, shell."""

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import _checks
import _steps as steps
from _console import Console, SetupError
from _environment import LOGS, ROOT, VENV, environment, venv_python
from _machine import has_screen

LARGE_MODEL = "qwen2.5-coder-1.5b"
SMALL_MODEL = "qwen2.5-coder-0.5b"
TEST_HOME = ROOT / ".bootstrap" / "home"


def main(words: Sequence[str]) -> int:
    """Parse the command line and carry it out; returns the exit code."""
    known, rest = list(words), []
    if words and words[0] in ("test", "bench") and not {"-h", "--help"} & set(words):
        known, rest = known[:1], known[1:]  # pytest knows best what its words mean
    options = _parser().parse_args(known)
    options.rest = rest
    try:
        code: int = options.command(options)
    except SetupError as error:
        print("\n" + error.explain(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Run the same command to go on from here.", file=sys.stderr)
        return 130
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="bootstrap.py", description="Sets GLEAM Desktop up in this folder and runs it."
    )
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def add(name: str, function: object, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(command=function)
        return command

    run = add("run", run_app, "open the window with the demo; without a screen, drive it offscreen")
    run.add_argument("--offscreen", action="store_true", help="drive the demo even with a screen")
    add("test", run_tests, "all checks and tests; with further words only pytest, with those")
    add("bench", run_benchmarks, "measure speed against named baselines; further words as for test")
    add("shell", open_shell, "a shell with the environment active")
    if "finish" in sys.argv[1:2]:  # started by run, for itself
        commands.add_parser("finish").set_defaults(command=finish)
    return parser


def run_app(options: argparse.Namespace) -> int:
    """The window with the demo loaded, as early as possible; the language model comes behind it."""
    console = Console()
    screen = has_screen() and not options.offscreen
    seen_later = [] if screen else [steps.font_step()]
    steps.carry_out([*steps.prepare_window(screen), *seen_later], console)
    if screen:
        steps.finish_in_background(_language_model(LARGE_MODEL))
        return _become([venv_python(), "-m", "gleam_app.main", "--demo"])
    steps.finish_in_background(_language_model(LARGE_MODEL))
    return _drive_demo(console)


def _drive_demo(console: Console) -> int:
    """The window without a screen; what it found goes to stdout, Qt's murmuring to a log."""
    env = environment()
    env["QT_QPA_PLATFORM"] = "offscreen"
    command = [venv_python(), ROOT / "packaging" / "drive_demo.py", ROOT / "demo-out"]
    log = LOGS / "demo.log"
    with log.open("w", encoding="utf-8") as murmur:
        code = subprocess.run(command, cwd=ROOT, env=env, stderr=murmur, check=False).returncode
    if code != 0:
        console.say(f"The demo did not go through. See {log.relative_to(ROOT)}")
    return code


def run_tests(options: argparse.Namespace) -> int:
    """Everything a change must pass, with a home of its own for the packs."""
    os.environ["GLEAM_HOME"] = str(TEST_HOME)
    _prepare_tests()
    return _checks.check_everything(Console(), options.rest)


def run_benchmarks(options: argparse.Namespace) -> int:
    """The benchmarks, one process, nothing else of ours running beside."""
    os.environ["GLEAM_HOME"] = str(TEST_HOME)
    _prepare_tests()
    return _checks.run_pytest(options.rest or ["tests/benchmarks"])


def open_shell(_options: argparse.Namespace) -> int:
    """The user's shell, with the environment's programs first."""
    console = Console()
    steps.carry_out([*steps.prepare_window(has_screen()), steps.tools_step()], console)
    shell = os.environ.get("COMSPEC" if sys.platform == "win32" else "SHELL") or (
        "cmd.exe" if sys.platform == "win32" else "/bin/sh"
    )
    print(f"{shell} with {VENV.name} active; leave with exit.", file=sys.stderr)
    return subprocess.run([shell], cwd=ROOT, env=environment(), check=False).returncode


def finish(_options: argparse.Namespace) -> int:
    """The background part of ``run``."""
    return steps.finish(_language_model(LARGE_MODEL))


def _prepare_tests() -> None:
    console = Console()
    first = [*steps.prepare_window(screen=False), steps.tools_step()]
    steps.carry_out(first, console)
    steps.carry_out_together(_language_model(SMALL_MODEL), console)
    # tests make fresh homes; there they get the model by a link instead of a download
    os.environ["GLEAM_PACK_CACHE"] = str(TEST_HOME / "packs" / SMALL_MODEL)


def _language_model(pack: str) -> list[steps.Step]:
    """The model (network) and the engine (processor), which are made at the same time."""
    return [steps.pack_step(pack), steps.engine_step()]


def _become(argv: Sequence[str | Path]) -> int:
    """Go on as another program: nothing of the set-up stays in memory."""
    words = [str(word) for word in argv]
    env = environment()
    if sys.platform == "win32":  # exec there would give the prompt back at once
        return subprocess.run(words, env=env, check=False).returncode
    sys.stdout.flush()
    sys.stderr.flush()
    os.execve(words[0], words, env)
    raise AssertionError("unreachable")
