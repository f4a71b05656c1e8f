"""A bare Debian to prove a package in: made once with debootstrap, used through namespaces.

The system holds what the package asks apt for and the instruments that watch it (Xvfb, strace), and
neither Python nor a compiler. A session in it has no network, sees the system as its real root (so
that Chromium's sandbox works as it does on a user's machine), and leaves no mark on the next one: what
it writes goes to an overlay that is thrown away.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

import _deb
from _console import Console, SetupError, run_logged
from _state import Stamps, fingerprint

INSTRUMENTS = (
    "xvfb", "xauth", "xdotool", "scrot", "strace", "fonts-noto-cjk", "shared-mime-info",
    "desktop-file-utils", "libglib2.0-bin",
)  # fmt: skip
FORBIDDEN = ("python3", "python", "gcc", "cc", "c++", "make", "pip")
SUITE = "bookworm"
USER = "analyst"  # the plain user, 1000

# Runs as root in fresh mount, network and process namespaces: $1 base, $2 overlay folder, $3 folder
# that is shared with the caller, $4 user, the rest the command.
_ENTER = r"""
set -eu
base=$1 over=$2 shared=$3 user=$4; shift 4
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$base,upperdir=$over/upper,workdir=$over/work" "$over/root"
cd "$over/root"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys 2>/dev/null || true
mount -t tmpfs tmpfs dev
for node in null zero full random urandom tty; do touch dev/$node; mount --bind /dev/$node dev/$node; done
ln -s /proc/self/fd dev/fd; mkdir dev/shm dev/pts; mount -t tmpfs tmpfs dev/shm; chmod 1777 dev/shm
mount -t tmpfs tmpfs tmp; chmod 1777 tmp; mkdir -p tmp/.X11-unix; chmod 1777 tmp/.X11-unix
mkdir -p mnt/shared "mnt/other disk"; mount --bind "$shared" mnt/shared
mount -t tmpfs tmpfs "mnt/other disk"; chmod 1777 "mnt/other disk"
mkdir -p mnt/old; pivot_root . mnt/old; cd /; umount -l /mnt/old
if [ "$user" = root ]; then home=/root; exec env -i HOME=$home USER=root LANG=C.UTF-8 \
  PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$@"; fi
exec setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs env -i HOME=/home/$user USER=$user \
  LANG=C.UTF-8 PATH=/usr/local/bin:/usr/bin:/bin "$@"
"""


class BareSystem:
    """``folder/base`` is the system, ``folder/over`` what this proof has changed in it."""

    def __init__(self, folder: Path, console: Console) -> None:
        self._folder = folder
        self._base, self._over = folder / "base", folder / "over"
        self._console = console

    def ready(self) -> None:
        """Make the system if there is none for these packages; needs root and a Debian mirror."""
        wanted = [name.split(" ")[0] for name in _deb.depends().split(", ")] + list(INSTRUMENTS)
        stamps = Stamps(self._folder / "base.json")
        mark = fingerprint(SUITE, wanted)
        if not stamps.holds("base", mark):
            self._console.begin("Bare Debian")
            log = self._folder / "base.log"
            if not (self._base / "etc/debian_version").exists():
                command: list[str | Path] = ["debootstrap", "--variant=minbase", SUITE, self._base]
                self._must(command, log)
            resolver = self._base / "etc/resolv.conf"
            shutil.copy("/etc/resolv.conf", resolver)
            inside: list[str | Path] = ["chroot", self._base]
            quiet = ["env", "DEBIAN_FRONTEND=noninteractive", *inside, "apt-get"]
            self._must([*quiet, "update"], log)
            self._must([*quiet, "install", "-y", "--no-install-recommends", *wanted], log)
            resolver.write_text("", "utf-8")
            if not (self._base / "home" / USER).exists():
                self._must([*inside, "useradd", "--create-home", "--uid", "1000", USER], log)
            stamps.set("base", mark)
            self._console.done(SUITE)
        for name in FORBIDDEN:
            for place in ("usr/bin", "usr/local/bin"):
                if (self._base / place / name).exists():
                    raise SetupError(f"the bare system has {name}: it would prove nothing.")

    def reset(self) -> None:
        """Forget what was installed and written."""
        shutil.rmtree(self._over, ignore_errors=True)
        for name in ("upper", "work", "root"):
            (self._over / name).mkdir(parents=True)

    def run(
        self,
        command: Sequence[str],
        shared: Path,
        log: Path,
        user: str = "root",
        seconds: float = 900,
    ) -> int:
        """Run ``command`` inside as ``user``; ``shared`` is its ``/mnt/shared``. Returns its exit code.

        Output goes to ``log``. There is no network: not even the loopback device is up.
        """
        words = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--ipc", "--uts"]
        words += ["sh", "-c", _ENTER, "enter"]
        words += [str(self._base), str(self._over), str(shared), user, *command]
        with log.open("ab") as sink:
            sink.write(f"\n$ ({user}) {' '.join(command)}\n".encode())
            sink.flush()
            try:
                return subprocess.run(
                    words, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT,
                    timeout=seconds, check=False,
                ).returncode  # fmt: skip
            except subprocess.TimeoutExpired:
                return 124

    def _must(self, command: Sequence[str | Path], log: Path) -> None:
        if run_logged(command, log, {**os.environ, "LC_ALL": "C"}) != 0:
            raise SetupError(
                "the bare Debian could not be made.", "Root and a mirror are needed.", log
            )
