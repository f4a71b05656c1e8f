"""How far a job is, in words."""

from gleam_app.jobs.work import Progress
from gleam_app.ui.strings import tr


def time_left(progress: Progress | None) -> str:
    """What is left of a job, coarse as the estimate is; empty while unknown."""
    if progress is None or progress.seconds_left is None:
        return ""
    seconds = progress.seconds_left
    if seconds < 60:
        return tr("job.seconds_left", seconds=max(1, round(seconds)))
    return tr("job.minutes_left", minutes=round(seconds / 60))


def progress_words(progress: Progress | None) -> list[str]:
    """Percentage and time left, as far as they are known."""
    fraction = progress.fraction if progress is not None else None
    share = "" if fraction is None else f"{100 * fraction:.0f} %"
    return [part for part in (share, time_left(progress)) if part]
