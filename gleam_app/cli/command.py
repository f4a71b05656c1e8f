"""What a command is: its name, what it is for, its arguments, and what it does."""

import argparse
from collections.abc import Callable
from dataclasses import dataclass

from gleam_app.cli.arguments import Arguments
from gleam_app.jobs.work import Work
from gleam_app.services import Services


@dataclass(frozen=True)
class Command:
    """``define`` adds the arguments to a parser; ``run`` returns the exit code."""

    name: str
    purpose: str
    define: Callable[[argparse.ArgumentParser], None]
    run: Callable[[Arguments, Services, Work], int]
