"""The log of a run for TensorBoard, where that is installed; nothing else needs it."""

import math
import tempfile
from pathlib import Path

from gleam_app.errors import GleamError
from gleam_app.imagery.exif import clean_text
from training.gleam_c.runlog import RunLog
from training.gleam_c.trainer import LOG

EVENTS = "events.out.tfevents.gleam-c"  # TensorBoard looks for the middle word


def write_board(work: Path, out: Path) -> int:
    """Write the figures of the run in ``work`` as an event file into ``out``; how many there were.

    A file that was written there before is replaced. Raises GleamError where TensorBoard is not
    installed, or there is no run.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise GleamError(
            "TensorBoard is not installed.",
            "pip install tensorboard; without it, log.svg in the run's folder shows the curves.",
        ) from None
    records = RunLog(work / LOG).records()
    if not records:
        raise GleamError(f"{clean_text(work.name)} holds no run.", "Name the folder given to fit.")
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    with tempfile.TemporaryDirectory(dir=out, prefix=".") as staged:
        with SummaryWriter(staged) as writer:
            for record in records:
                for name, value in record.items():
                    if name != "step" and _is_figure(value):
                        writer.add_scalar(name, value, record["step"])
                        count += 1
        (written,) = Path(staged).iterdir()
        written.replace(out / EVENTS)
    return count


def _is_figure(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
