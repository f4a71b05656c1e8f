"""The one stylesheet, built from the tokens."""

from dataclasses import asdict
from string import Template

from gleam_app.home import resources_dir
from gleam_app.ui.theme import Tokens


def stylesheet(tokens: Tokens) -> str:
    """Qt style sheet for the whole application in these colours."""
    text = (resources_dir() / "style" / "gleam.qss").read_text(encoding="utf-8")
    return Template(text).substitute(asdict(tokens))
