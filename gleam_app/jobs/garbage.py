"""Python's search for unreachable cycles, kept away from what stays anyway.

A full search goes through every object while it holds Python's lock: with the model libraries loaded there are
300,000 of them, and every other thread stands still for 50 to 130 ms, each time for nothing.
"""

import gc


def rest() -> None:
    """No search from here on: what is loaded now stays."""
    gc.disable()


def settle() -> None:
    """What is there by now is not looked at again; what is made from here on is, as usual."""
    gc.freeze()
    gc.enable()
