"""The commands of ``python -m training gleam-x``: one module ``commands_*`` for each group of them.

A group has ``register(actions)``, which adds its parsers and sets each one's ``run``, a function of
the parsed arguments. Groups load nothing heavy until one of their commands runs.
"""

import argparse
import importlib
import pkgutil
from typing import TYPE_CHECKING

import training.gleam_x

if TYPE_CHECKING:
    Actions = argparse._SubParsersAction[argparse.ArgumentParser]

PREFIX = "commands_"


def register(actions: "Actions") -> None:
    """Add the commands of all groups, in the order of their names."""
    names = sorted(module.name for module in pkgutil.iter_modules(training.gleam_x.__path__))
    for name in names:
        if name.startswith(PREFIX):
            importlib.import_module(f"training.gleam_x.{name}").register(actions)
