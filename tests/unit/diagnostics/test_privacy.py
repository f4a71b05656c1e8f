"""Nothing of the person's work is in what is written down of an error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gleam_app.diagnostics.privacy import code_place, in_safe_words, trace_of

SECRETS = (
    "/home/anna/Cases/Kharkiv bridge/IMG_0042.JPG",
    "C:\\Users\\anna\\Pictures\\Kharkiv.heic",
    "Kharkiv bridge.jpg",
    "50.00467, 36.23137",
    "N 50° 0' 16.8\" E 36° 13' 52.9\"",
    "37U CR 12345 67890",
    "哈尔科夫大桥.jpg",
    "harbour",
)


def failing(secret: str) -> BaseException:
    """An error as the program's own code raises it, caused by another one."""
    try:
        try:
            raise FileNotFoundError(2, "No such file or directory", secret)
        except FileNotFoundError as cause:
            raise KeyError(f"{secret} is missing") from cause
    except KeyError as error:
        return error


@pytest.mark.parametrize("secret", SECRETS)
def test_a_trace_names_places_in_the_code_and_nothing_else(secret: str) -> None:
    told = "\n".join(trace_of(failing(secret)))
    for part in (secret, *secret.replace("\\", "/").replace("/", " ").split()):
        if len(part) > 2:
            assert part.casefold() not in told.casefold(), told
    assert "builtins.KeyError" in told and "FileNotFoundError" in told
    assert "test_privacy.py" in told and "in failing" in told


@given(st.text(alphabet="äöüßéабвгд漢字0123456789", min_size=1))
def test_letters_of_other_alphabets_and_numbers_never_pass(text: str) -> None:
    assert not set(in_safe_words(f"cannot open {text} for reading")) & set(text)


def test_what_python_says_of_our_code_stays_readable() -> None:
    try:
        none: object = None
        none.resolution_m  # type: ignore[attr-defined]  # noqa: B018
    except AttributeError as error:
        assert trace_of(error)[0] == (
            "builtins.AttributeError: 'NoneType' object has no attribute 'resolution_m'"
        )
    text = "unsupported operand type(s) for +: 'int' and 'str'"
    assert in_safe_words(text).startswith("unsupported operand type(")
    assert in_safe_words(text).endswith("for +: 'int' and 'str'")


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/opt/x/anna/gleam_app/ui/app.py", "gleam_app/ui/app.py"),
        ("C:\\Users\\anna\\lib\\site-packages\\torch\\nn\\modules.py", "torch/nn/modules.py"),
        ("/home/anna/private/script.py", "script.py"),
        ("<string>", "<string>"),
    ],
)
def test_code_is_named_from_its_package_on(path: str, place: str) -> None:
    assert code_place(path) == place
