"""Sets GLEAM Desktop up and runs it: ``python3 packaging/bootstrap.py run | test | bench | shell``.

Needs nothing but Python 3.11 or newer. Everything it makes lies in ``.venv/`` (environment, stamps,
logs) and ``.bootstrap/`` (what tests use); remove both to start over. This file keeps to syntax that
an old Python can read, so that it can say what is wrong; the work is in the ``_*.py`` beside it.
"""

import sys

if sys.version_info < (3, 11):  # noqa: UP036 - that is the point of this check
    have = ".".join(str(number) for number in sys.version_info[:3])
    sys.exit(f"GLEAM Desktop needs Python 3.11 or newer; {sys.executable} is Python {have}.")

from _commands import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
