"""What is done with an installed program to prove it: shell scripts for the bare system of ``_bare``.

They do what an analyst does. ``/mnt/shared`` is the folder that the prover sees too; a script that
ends with another code than 0 has proven nothing.
"""

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from _bare import USER
from _tiny_pack import ID

SHARED = "/mnt/shared"
STICK = f"{SHARED}/stick 资料"  # what the analyst brings: a model, a pack, the archive
AWAY = "/mnt/other disk/Домой 家"  # a home on a disk of its own, with a space and other letters
UNPACKED = f"{SHARED}/{USER}/Программы 程序"
INSTALLED = "/usr/lib/gleam"
DEMO = f"{INSTALLED}/_internal/resources/demo"
CASE = "fall 案.gleamcase"
PACK = "starter.gleampack"
FORMATS = ("geojson", "kml", "csv", "html", "pdf", "gpkg", "kmz")
TRACE = "strace -f --seccomp-bpf -qq -e trace=connect,sendto,sendmsg,sendmmsg -o"
SCREEN = "xvfb-run -a -s '-screen 0 1366x768x24' "


@dataclass(frozen=True)
class Session:
    """``title`` is what is proven if ``script`` succeeds as ``user``."""

    title: str
    script: str
    user: str = USER


def sessions(model: bool) -> Iterator[Session]:
    """All of them, in order; the first installs. ``model``: a language model lies on the stick."""
    yield Session("installed", f"dpkg -i {SHARED}/gleam.deb && command -v gleam", "root")
    yield Session("no Python, no compiler, no network", _nothing_else(), "root")
    yield Session("menu entry and file types", _known_to_the_desktop(), "root")
    out = f"{SHARED}/{USER}"
    line = command_line(model, FORMATS)
    yield Session(
        "command line, plain user, home on another disk",
        f"export OUT={out}/cli; {_home(AWAY)}; {TRACE} {out}/cli.strace sh -c {shlex.quote(line)}",
    )
    away = f"{_home(AWAY)}; " + (f"gleam packs install {_stick('*.gguf')}; " if model else "")
    yield Session("window, offscreen, plain user", away + _drive(f"{out}/offscreen"))
    yield Session("window, Xvfb, plain user", away + _drive(f"{out}/xvfb", SCREEN))
    yield Session("a pack whose encoder is a model of transformers", _transformers(out))
    yield Session("a case by double click, the browser engine locked in", _double_click_case(out))
    yield Session("a pack by double click", _double_click_pack(out))
    yield Session("archive, unpacked under a name of other letters", _archive(out))
    out = f"{SHARED}/root"
    line = command_line(False, FORMATS)
    read_only = f"mount --bind {INSTALLED} {INSTALLED}; mount -o remount,bind,ro {INSTALLED}; "
    yield Session(
        "command line, root, program on a read-only disk",
        f"set -e; {read_only}! touch {INSTALLED}/x 2>/dev/null; "
        f"export OUT={out}/cli; {_home('/root/h')}; {line}",
        "root",
    )
    yield Session("window, offscreen, root", read_only + away + _drive(f"{out}/offscreen"), "root")
    yield Session("removed, the user's data left alone", _removed(), "root")


def command_line(model: bool, formats: tuple[str, ...]) -> str:
    """The demo's photo located, explained and exported into ``$OUT``, in ``$GLEAM_HOME``."""
    photo = f"{DEMO}/queries/photo-05.jpg --tiles demo"
    lines = [
        "set -eu",
        'mkdir -p "$OUT"',
        'gleam doctor >"$OUT/doctor.txt"',
        f"gleam tiles add {DEMO}/map.tif --name demo",
        f'gleam locate {photo} --case "$OUT/{CASE}" --json >"$OUT/locate.json"',
        'grep -q \'"verdict": "verified"\' "$OUT/locate.json"',
    ]
    lines += [
        f'gleam explain {photo} --lang {lang} --json >"$OUT/explain-{lang}.json"'
        for lang in ("en", "zh")
    ]
    if model:
        told = "sed -n 's/^Installed \\([^ ]*\\) .*/\\1/p'"
        lines.append(f"model=$(gleam packs install {_stick('*.gguf')} | {told})")
        lines += [
            f'gleam explain {photo} --model "$model" --lang {lang} --json >"$OUT/model-{lang}.json"'
            for lang in ("en", "zh")
        ]
    lines += [
        f'gleam export "$OUT/{CASE}" --format {name} --out "$OUT/export 出.{name}"'
        for name in formats
    ]
    lines += [f'test -s "$OUT/export 出.{name}"' for name in formats]
    return "\n".join(lines)


def _nothing_else() -> str:
    return (
        "! command -v python3 && ! command -v gcc && ! command -v cc "
        "&& test -z \"$(grep : /proc/net/dev | grep -v ' lo:')\""
    )


def _known_to_the_desktop() -> str:
    share = "/usr/share"
    kinds = ("case", "pack")
    return " && ".join(
        [
            f"desktop-file-validate {share}/applications/gleam.desktop",
            *(f"grep -q '\\*.gleam{kind}$' {share}/mime/globs2" for kind in kinds),
            *(
                f"grep -q ^application/x-gleam-{kind}=gleam.desktop {share}/applications/mimeinfo.cache"
                for kind in kinds
            ),
            f"test -s {share}/icons/hicolor/48x48/apps/gleam.png",
        ]
    )


def _drive(out: str, screen: str = "") -> str:
    """The driven demo, watched by strace; what it says is kept beside what it sees."""
    platform = "" if screen else "export QT_QPA_PLATFORM=offscreen; "
    return f"{platform}{TRACE} {out}.strace {screen}gleam --drive-demo {out} >{out}.txt"


def _double_click_case(out: str) -> str:
    """Opened as a file manager does; then a process of the engine must be behind filter and namespace.

    ``Seccomp: 2`` is the filter; a second number under ``NSpid`` is the namespace.
    """
    locked = (
        "locked=0; for status in /proc/[0-9]*/status; do "
        'if grep -q "^Name:.*QtWebEngine" $status && grep -q "^Seccomp:.*2$" $status '
        '&& test "$(grep ^NSpid: $status | wc -w)" -gt 2; then locked=1; fi; done; test $locked = 1; '
    )
    copied = f'cp -r "{out}/cli/{CASE}" /tmp/; '
    return f"set -e; {_home(AWAY)}; {copied}" + _on_screen(
        f'gio open "/tmp/{CASE}"; '
        'timeout 120 xdotool search --sync --onlyvisible --name "fall 案"; sleep 8; '
        f"{locked}scrot {out}/double-click-case.png"
    )


def _double_click_pack(out: str) -> str:
    return f"set -e; {_home('/tmp/h')}; cp {_stick(PACK)} /tmp/; " + _on_screen(
        f"gio open /tmp/{PACK}; tries=0; "
        'until test -e "$GLEAM_HOME/packs/starter/pack.json"; do '
        "tries=$((tries + 1)); test $tries -lt 120; sleep 1; done; sleep 8; "
        f"scrot {out}/double-click-pack.png"
    )


def _on_screen(script: str) -> str:
    return f"{SCREEN}sh -ec {shlex.quote(script)}"


def _transformers(out: str) -> str:
    """What transformers loads by name, far from any analysis, is there too: it fails or it finds."""
    found = f"{out}/transformers.json"
    return "; ".join(
        [
            "set -e",
            _home("/tmp/h"),
            f"gleam packs install {_stick(f'{ID}.gleampack')}",
            f"gleam tiles add {DEMO}/map.tif --name tiny --pack {ID}",
            f"gleam locate {DEMO}/queries/photo-05.jpg --tiles tiny --json >{found}",
            f"grep -q '\"tiny 1.0\"' {found}",
        ]
    )


def _archive(out: str) -> str:
    """The archive's program from where it was unpacked, with its own model of the world."""
    gleam = f"{shlex.quote(UNPACKED)}/gleam/gleam"
    demo = f"{shlex.quote(UNPACKED)}/gleam/_internal/resources/demo"
    return "; ".join(
        [
            "set -e",
            _home("/tmp/h"),
            f"{gleam} doctor",
            f"{gleam} tiles add {demo}/map.tif --name demo",
            f"{gleam} locate {demo}/queries/photo-05.jpg --tiles demo --json >{out}/archive.json",
            f'grep -q \'"verdict": "verified"\' {out}/archive.json',
        ]
    )


def _removed() -> str:
    kept = f"/home/{USER}/.local/share/gleam/kept"
    return (
        f"mkdir -p $(dirname {kept}) && echo mine >{kept} && dpkg --purge gleam-desktop "
        f"&& test -s {kept} && ! command -v gleam && test ! -e {INSTALLED}"
    )


def _home(folder: str) -> str:
    return f"export GLEAM_HOME={shlex.quote(folder)}"


def _stick(pattern: str) -> str:
    return f"{shlex.quote(STICK)}/{pattern}"
