"""Qt's own words (buttons and file dialogs, menus of fields and of the map page) in the window's language."""

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

from gleam_app.ui.strings import language

_CATALOGUES = ("qtbase", "qtwebengine")  # they come with Qt
_MISSING = {  # from them, as far as this window shows it
    "&Look in:": "查找范围(&L)：",
    "Files of &type:": "文件类型(&T)：",
    "Drive": "磁盘",
    "Folder": "文件夹",
    "Control": "Ctrl",
    "Keyboard": "键盘",
}


class _Rest(QTranslator):
    """What Qt's catalogues leave in English."""

    def isEmpty(self) -> bool:
        return False

    def translate(
        self, context: str, source: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        """None: not one of these."""
        return (
            _MISSING.get(source)
            if context.startswith(("QFile", "QAbstractFile", "QShortcut"))
            else None
        )


class QtWords(QObject):
    """Installs Qt's Chinese catalogues while the window is Chinese; one for the application."""

    def __init__(self, application: QCoreApplication) -> None:
        super().__init__(application)
        self._application = application
        self._translators: list[QTranslator] = []
        language.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        for translator in self._translators:
            self._application.removeTranslator(translator)
        self._translators = _chinese(self) if language.code == "zh" else []
        for translator in self._translators:
            self._application.installTranslator(translator)


def _chinese(owner: QObject) -> list[QTranslator]:
    locale = QLocale(QLocale.Language.Chinese, QLocale.Country.China)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    made: list[QTranslator] = [_Rest(owner)]  # asked last
    for name in _CATALOGUES:
        translator = QTranslator(owner)
        if translator.load(locale, name, "_", folder):
            made.append(translator)
    return made
