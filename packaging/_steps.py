"""The set-up as a list of steps. Each is done once, recorded, and taken up again after a break."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import _environment as environment
import _machine as machine
from _console import Console, SetupError, run_logged
from _environment import LOGS, ROOT, VENV
from _state import SetupState, Stamps, fingerprint, gleam_home, lock

LOCK = VENV / "bootstrap.lock"
Action = Callable[[Path, Callable[[str], None]], str]


@dataclass(frozen=True)
class Step:
    """``action(log, update)`` returns a note. Done again when ``version`` or ``inputs`` change."""

    name: str
    title: str
    version: int
    inputs: str
    action: Action

    @property
    def mark(self) -> str:
        return fingerprint(self.name, self.version, self.inputs)


def prepare_window(screen: bool) -> list[Step]:
    """All that locating needs. The order matters: torch first, so that nothing else picks its build."""
    return [
        Step("system" + ("-screen" if screen else ""), "System", 1, machine.SYSTEM, _system(screen)),
        Step("venv", "Python environment", 1, sys.base_prefix, environment.make_venv),
        Step("torch", "torch", 1, environment.requirement("torch"), environment.install_torch),
        Step("libraries", "Libraries", 1, repr(environment.libraries()), environment.install_libraries),
        Step("app", "App", 1, fingerprint(ROOT, environment.project()), environment.install_app),
        pack_step("needed"),
    ]  # fmt: skip


def tools_step() -> Step:
    return Step("tools", "Tools for tests", 1, repr(environment.tools()), environment.install_tools)


def engine_step() -> Step:
    needs = fingerprint(environment.requirement(environment.ENGINE), environment.ENGINE_FLAGS)
    return Step("engine", "Language engine", 1, needs, environment.install_engine)


def pack_step(*ids: str) -> Step:
    manifests = sorted((ROOT / "resources" / "packs").glob("*/pack.json"))
    inputs = fingerprint(gleam_home(), *(path.read_bytes() for path in manifests))
    title = "Encoder, matcher" if ids == ("needed",) else "Language model"

    def action(log: Path, update: Callable[[str], None]) -> str:
        return fetch_packs(log, update, *ids)

    return Step("packs-" + "-".join(ids), title, 1, inputs, action)


def _system(screen: bool) -> Action:
    def action(log: Path, update: Callable[[str], None]) -> str:
        if machine.SYSTEM == "Linux":
            return machine.check_linux(screen, log, update)
        return machine.check_other()

    return action


def font_step() -> Step:
    return Step(
        "font", "Font for Chinese", 1, "", lambda log, _update: machine.install_cjk_font(log)
    )


def fetch_packs(log: Path, update: Callable[[str], None], *ids: str) -> str:
    """Fetch packs with the app's own store, which checks every hash and resumes."""
    end: dict[str, Any] = {}

    def on_line(line: str) -> None:
        try:
            told = json.loads(line)
        except ValueError:
            return
        if "error" in told or "fetched" in told:
            end.update(told)
        elif told.get("total"):
            share = 100 * told["done"] / told["total"]
            update(f"{told['what']}: {share:.0f} % of {told['total'] / 1e6:.0f} MB")
        elif "what" in told:
            update(str(told["what"]))

    script = Path(__file__).with_name("_fetch_packs.py")
    env = environment.environment()
    code = run_logged([environment.venv_python(), script, *ids], log, env, on_line=on_line)
    if code != 0:
        raise SetupError(
            str(end.get("error", "packs could not be fetched.")), end.get("hint", ""), log
        )
    return ", ".join(end.get("fetched", [])) or "ready"


def pending(steps: list[Step]) -> list[Step]:
    stamps = Stamps(VENV / "bootstrap-stamps.json")
    return [step for step in steps if not stamps.holds(step.name, step.mark)]


def carry_out(steps: list[Step], console: Console) -> None:
    """Do what is not done yet, one process at a time for this checkout."""
    if not pending(steps):
        return
    waiting = [False]

    def on_wait() -> None:
        if not waiting[0]:
            waiting[0] = True
            console.say("  Another set-up of this checkout is at work; waiting for it.")

    with lock(LOCK, on_wait):
        stamps = Stamps(VENV / "bootstrap-stamps.json")
        console.say(f"Setting up in {VENV}  (logs: {LOGS.relative_to(ROOT)})")
        for step in steps:
            if stamps.holds(step.name, step.mark):
                continue
            console.begin(step.title)
            log = _fresh_log(step)
            if step.name == "venv":
                stamps.clear()
            console.done(step.action(log, console.update))
            stamps.set(step.name, step.mark)


def _fresh_log(step: Step) -> Path:
    log = LOGS / f"{step.name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text("", "utf-8")
    return log


def carry_out_together(steps: list[Step], console: Console) -> None:
    """Do the engine (processor) and the model (network) at the same time; raises the first failure."""
    todo = pending(steps)
    if len(todo) < 2:
        carry_out(todo, console)
        return
    *aside, main = todo
    failures: list[Exception] = []
    stamps = Stamps(VENV / "bootstrap-stamps.json")
    guard = threading.Lock()

    began = time.monotonic()

    def do(step: Step, update: Callable[[str], None]) -> None:
        try:
            note = step.action(_fresh_log(step), update)
        except Exception as error:  # raised again below, where a thread's would be lost
            failures.append(error)
            return
        with guard:
            stamps.set(step.name, step.mark)
        console.say(f"  {step.title:<24} {note:<48} {time.monotonic() - began:6.1f} s")

    with lock(LOCK, lambda: None):
        console.begin(main.title)
        threads = [
            threading.Thread(target=do, args=(step, lambda _t: None), daemon=True) for step in aside
        ]
        for thread in threads:
            thread.start()
        do(main, console.update)
        for thread, step in zip(threads, aside, strict=True):
            console.begin(step.title)
            thread.join()
    if failures:
        raise failures[0]


def finish_in_background(steps: list[Step]) -> None:
    """Start a process of its own that does ``steps`` behind the open window."""
    if not pending(steps):
        SetupState(gleam_home()).clear()
        return
    LOGS.mkdir(parents=True, exist_ok=True)
    script = Path(__file__).with_name("bootstrap.py")
    detached: dict[str, Any] = {"start_new_session": True}
    if machine.SYSTEM == "Windows":
        flags = ("CREATE_NEW_PROCESS_GROUP", "BELOW_NORMAL_PRIORITY_CLASS")
        detached = {"creationflags": sum(getattr(subprocess, flag) for flag in flags)}
    with (LOGS / "background.log").open("a", encoding="utf-8") as log:
        subprocess.Popen(
            [sys.executable, str(script), "finish"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
            **detached,
        )


def finish(steps: list[Step]) -> int:
    """The background process: report to the app what is still being made."""
    state = SetupState(gleam_home())
    if hasattr(os, "nice"):
        os.nice(10)
    try:
        with lock(VENV / "bootstrap-background.lock"):
            return _finish(steps, state)
    except BlockingIOError:
        return 0  # another one is at it


def _finish(steps: list[Step], state: SetupState) -> int:
    console = _StateConsole(state)
    try:
        carry_out_together(steps, console)
    except SetupError as error:
        state.report(str(error), error=str(error), hint=error.hint)
        print(error.explain(), flush=True)
        return 1
    state.clear()
    return 0


class _StateConsole(Console):
    """Tells the app instead of a person."""

    def __init__(self, state: SetupState) -> None:
        super().__init__()
        self.live = False
        self._state = state
        self._what = ""

    def begin(self, title: str) -> None:
        self._what = title
        super().begin(title)
        self._state.report(title)

    def update(self, text: str) -> None:
        numbers = [int(word) for word in text.split() if word.isdigit()]
        done, total = (numbers[0], numbers[1]) if len(numbers) >= 2 else (0, 0)
        self._state.report(f"{self._what}: {text}" if text else self._what, done, total)
