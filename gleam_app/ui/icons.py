"""Line icons from ``resources/icons``, drawn in the theme's colours at any size and density."""

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QByteArray, QObject, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QImage, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from gleam_app.home import resources_dir
from gleam_app.ui.theme import theme

ICON_PX = 20


@lru_cache(maxsize=512)
def icon_image(name: str, colour: str, pixels: int) -> QImage:
    """The icon as an image of ``pixels`` x ``pixels`` with ``currentColor`` replaced."""
    svg = (resources_dir() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(svg.replace("currentColor", colour).encode()))
    image = QImage(pixels, pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    renderer.render(painter, QRectF(0, 0, pixels, pixels))
    painter.end()
    return image


def icon_pixmap(name: str, colour: str, size: int = ICON_PX, ratio: float = 1.0) -> QPixmap:
    """The icon ``size`` logical pixels wide for a screen of this density."""
    pixmap = QPixmap.fromImage(icon_image(name, colour, round(size * ratio)))
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def paint_icon(painter: QPainter, name: str, colour: str, x: float, y: float, size: int) -> None:
    """Draw the icon with its top left corner at (x, y), sharp on the painter's device."""
    ratio = painter.device().devicePixelRatioF()
    image = icon_image(name, colour, round(size * ratio))
    painter.drawImage(QRectF(x, y, size, size), image)


def make_icon(name: str, role: str = "text") -> QIcon:
    """A QIcon in the token ``role``, greyed when disabled."""
    icon = QIcon()
    for ratio in (1.0, 2.0, 3.0):
        for mode, colour in (
            (QIcon.Mode.Normal, getattr(theme.tokens, role)),
            (QIcon.Mode.Disabled, theme.tokens.disabled),
        ):
            icon.addPixmap(icon_pixmap(name, colour, ICON_PX, ratio), mode)
    return icon


class _IconBinding(QObject):
    """Gives its parent a fresh icon whenever the theme changes; goes with its parent."""

    def __init__(
        self, owner: QObject, setter: Callable[[QIcon], object], name: str, role: str
    ) -> None:
        super().__init__(owner)
        self._setter, self._name, self._role = setter, name, role
        theme.changed.connect(self.apply)
        self.apply()

    def change(self, name: str, role: str) -> None:
        """Another icon for the same place."""
        if (name, role) != (self._name, self._role):
            self._name, self._role = name, role
            self.apply()

    def apply(self) -> None:
        self._setter(make_icon(self._name, self._role))


def bind_icon(
    owner: QObject, setter: Callable[[QIcon], object], name: str, role: str = "text"
) -> None:
    """Keep ``setter`` (for example ``button.setIcon``) supplied with the icon, whatever the theme.

    One icon an owner: called again, it changes which one.
    """
    known = owner.findChild(_IconBinding, options=Qt.FindChildOption.FindDirectChildrenOnly)
    if isinstance(known, _IconBinding):
        known.change(name, role)
    else:
        _IconBinding(owner, setter, name, role)


def icon_size() -> QSize:
    return QSize(ICON_PX, ICON_PX)
