"""The one stylesheet, built from the tokens."""

from dataclasses import asdict
from string import Template

from gleam_app.home import resources_dir
from gleam_app.ui.theme import DARK, Tokens


def stylesheet(tokens: Tokens) -> str:
    """Qt style sheet for the whole application in these colours."""
    folder = resources_dir() / "style"
    # the icon "check" in the text's colour, drawn beforehand: style sheets colour no icons
    check = folder / ("check-dark.png" if tokens == DARK else "check-light.png")
    text = (folder / "gleam.qss").read_text(encoding="utf-8")
    return Template(text).substitute(asdict(tokens), check=check.as_posix())
