"""Reading a recipe: a TOML file of a known folder, checked against its model."""

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from gleam_app.errors import GleamError

Model = TypeVar("Model", bound=BaseModel)


def read_recipe_file(model: type[Model], folder: Path, name: str) -> Model:
    """A recipe by the name of its file in ``folder``, or by the path of a TOML file.

    Raises GleamError naming the line or the entry that is wrong.
    """
    path = Path(name) if name.endswith(".toml") else folder / f"{name}.toml"
    try:
        return model.model_validate(tomllib.loads(path.read_text("utf-8")))
    except OSError:
        known = ", ".join(sorted(file.stem for file in folder.glob("*.toml")))
        raise GleamError(f"There is no recipe {name!r}.", f"Choose one of: {known}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise GleamError(f"{path.name} is not valid TOML: {error}.") from None
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(step) for step in first["loc"]) or "recipe"
        raise GleamError(f"{path.name}: {place}: {first['msg']}.") from None
