"""All words of the window in English and Chinese, and the switch between them."""

from collections.abc import Callable
from typing import Any, Literal

from PySide6.QtCore import QLocale, QObject, Signal

from gleam_app.ui.about.words import WORDS as ABOUT_WORDS
from gleam_app.ui.cases.words import WORDS as CASE_WORDS
from gleam_app.ui.command_words import WORDS as COMMAND_WORDS
from gleam_app.ui.crash.words import WORDS as CRASH_WORDS
from gleam_app.ui.exif.words import WORDS as EXIF_WORDS
from gleam_app.ui.goto.words import WORDS as GOTO_WORDS
from gleam_app.ui.guide.words import WORDS as GUIDE_WORDS
from gleam_app.ui.measure.words import WORDS as MEASURE_WORDS
from gleam_app.ui.overview.words import WORDS as OVERVIEW_WORDS
from gleam_app.ui.packs.words import WORDS as PACK_WORDS
from gleam_app.ui.palette.words import WORDS as PALETTE_WORDS
from gleam_app.ui.settings_dialog.words import WORDS as SETTINGS_WORDS
from gleam_app.ui.tile_sets.words import WORDS
from gleam_app.ui.tour.words import WORDS as TOUR_WORDS

Lang = Literal["en", "zh"]

# key: (English, Chinese). Placeholders are str.format fields and the same in both.
TEXT: dict[str, tuple[str, str]] = {
    "app.title": ("GLEAM Desktop", "GLEAM 桌面版"),
    # commands
    "menu.file": ("File", "文件"),
    "menu.analysis": ("Analysis", "分析"),
    "menu.view": ("View", "显示"),
    "menu.help": ("Help", "帮助"),
    "menu.tile_set": ("Tile set", "瓦片集"),
    "menu.theme": ("Theme", "主题"),
    "menu.language": ("Language", "语言"),
    "menu.coordinates": ("Coordinates", "坐标格式"),
    "command.open": ("Open picture…", "打开图像…"),
    "command.open.short": ("Open", "打开"),
    "command.paste": ("Paste picture", "粘贴图像"),
    "command.add_imagery": ("Add imagery…", "添加影像…"),
    "command.save_report": ("Save report…", "保存报告…"),
    "command.quit": ("Quit", "退出"),
    "command.locate": ("Locate", "定位"),
    "command.stop": ("Stop", "停止"),
    "command.explain": ("Explain", "解释"),
    "command.next_candidate": ("Next candidate", "下一个候选位置"),
    "command.previous_candidate": ("Previous candidate", "上一个候选位置"),
    "command.copy_coordinates": ("Copy coordinates", "复制坐标"),
    "command.show_query": ("Query panel", "查询图像面板"),
    "command.show_candidates": ("Candidates panel", "候选位置面板"),
    "command.show_compare": ("Compare panel", "对比面板"),
    "command.show_explanation": ("Explanation panel", "解释面板"),
    "command.reset_layout": ("Reset layout", "恢复默认布局"),
    "command.switch_language": ("English / 中文", "English / 中文"),
    "command.switch_theme": ("Light or dark", "浅色或深色"),
    "command.shortcuts": ("Keyboard shortcuts", "键盘快捷键"),
    "command.demo": ("Open the demo", "打开演示"),
    "theme.system": ("Like the system", "跟随系统"),
    "theme.light": ("Light", "浅色"),
    "theme.dark": ("Dark", "深色"),
    "coordinates.dd": ("Decimal degrees", "十进制度"),
    "coordinates.dms": ("Degrees, minutes, seconds", "度分秒"),
    "coordinates.ddm": ("Degrees, decimal minutes", "度与十进制分"),
    "coordinates.utm": ("UTM", "UTM"),
    "coordinates.mgrs": ("MGRS", "MGRS"),
    # words of the trade
    "view.auto": ("Automatic", "自动"),
    "view.uav": ("UAV", "无人机"),
    "view.ground": ("Ground", "地面"),
    "view.panorama": ("Panorama", "全景"),
    "view.map": ("Street map", "街道地图"),
    "view.guessed": ("Auto: {view}", "自动：{view}"),
    "view.experimental": ("experimental", "实验性"),
    "view.untrained": ("not trained", "未训练"),
    "view.unsigned": ("Taken from the ground?", "在地面拍摄？"),
    "view.unsigned.hint": (
        "Nothing in the file tells, so it is taken for a UAV photo. Click to change that to Ground.",
        "文件中没有说明，暂按无人机照片处理。点击可改为地面。",
    ),
    "verdict.verified": ("verified", "已核实"),
    "verdict.strong": ("strong", "高度可信"),
    "verdict.possible": ("possible", "可能"),
    "verdict.unverified": ("unverified", "未核实"),
    "verdict.not_found": ("not found", "未找到"),
    "verdict.ruled_out": ("ruled out", "已排除"),
    # query panel
    "query.title": ("Query", "查询图像"),
    "query.view": ("View", "视角"),
    "query.heading": ("Heading", "朝向"),
    "query.heading.unknown": ("unknown", "未知"),
    "query.heading.hint": (
        "Which way is up in the picture: degrees clockwise from north, 0 to 359. Leave it empty if unknown.",
        "图像上方的方向：从正北顺时针的度数，0 到 359。未知则留空。",
    ),
    "query.heading.hint.panorama": (
        "Where the middle of the panorama looks: degrees clockwise from north, 0 to 359. Leave it empty if unknown.",
        "全景图像中央所朝的方向：从正北顺时针的度数，0 到 359。未知则留空。",
    ),
    "query.heading.bad": ("Heading is a number from 0 to 359.", "朝向应为 0 到 359 的数字。"),
    "query.picture": ("The query's picture", "查询图像画面"),
    "query.fit": ("Fit the picture", "适合窗口"),
    "query.empty.title": ("Drop a photo here", "将照片拖到此处"),
    "query.empty.text": (
        "UAV photo, ground photo, panorama or street map. Or paste one.",
        "无人机照片、地面照片、全景或街道地图，也可粘贴。",
    ),
    "query.empty.button": ("Try the demo", "试用演示"),
    "query.loading": ("Reading {name}…", "正在读取 {name}…"),
    "query.no_exif": ("{width} × {height} · no EXIF", "{width} × {height} · 无 EXIF"),
    "query.size": ("{width} × {height}", "{width} × {height}"),
    "query.altitude": ("{metres} m above sea level", "海拔 {metres} 米"),
    "query.exif_heading": ("heading {degrees}°", "朝向 {degrees}°"),
    "query.open_title": ("Open a picture", "打开图像"),
    "query.pasted": ("Pasted picture", "粘贴的图像"),
    "query.filter": ("Pictures", "图像"),
    "query.clipboard_empty": (
        "There is no picture in the clipboard.",
        "剪贴板中没有图像。",
    ),
    "query.clipboard_hint": ("Copy a picture or a file first.", "请先复制图像或文件。"),
    # candidates panel
    "candidates.title": ("Candidates", "候选位置"),
    "candidates.empty.title": ("No candidates yet", "暂无候选位置"),
    "candidates.empty.no_query": (
        "Open a photo and choose a tile set. The places it may show are ranked here.",
        "打开照片并选择瓦片集，可能的位置将按顺序列在这里。",
    ),
    "candidates.empty.no_tiles": (
        "Choose a tile set, or add imagery of the area.",
        "请选择瓦片集，或添加该地区的影像。",
    ),
    "candidates.empty.adding": (
        "{name} is being prepared. The photo is located as soon as it is ready.",
        "正在准备 {name}，就绪后将自动定位。",
    ),
    "candidates.empty.ready": ("Press Locate to search {tiles}.", "按“定位”在 {tiles} 中搜索。"),
    "candidates.locating": ("Locating…", "正在定位…"),
    "candidates.verifying": ("First candidates. Verifying…", "初步候选，正在核实…"),
    "candidates.stopped": ("Stopped before verification.", "已在核实前停止。"),
    "candidates.count": ("{count} · {seconds} s", "{count} 个 · {seconds} 秒"),
    "candidates.summary.verified": (
        "Features in the photo line up with candidate 1.",
        "照片中的特征与候选 1 吻合。",
    ),
    "candidates.summary.strong": ("Candidate 1 is very likely.", "候选 1 很可能正确。"),
    "candidates.summary.possible": (
        "Candidate 1 is worth a look. Compare before you rely on it.",
        "候选 1 值得查看，采信前请对比。",
    ),
    "candidates.summary.unverified": (
        "Similar places only. Nothing was confirmed.",
        "仅外观相似，未能证实。",
    ),
    "candidates.summary.unverifiable": (
        "Similar places only. None can be verified.",
        "仅外观相似，此视角无法核实。",
    ),
    "candidates.summary.not_found": (
        "The place is probably not in what was searched.",
        "该地点可能不在所搜索的瓦片集中。",
    ),
    "candidates.rank": ("Candidate {rank}", "候选 {rank}"),
    "candidates.matches": ("{count} matches", "{count} 个匹配点"),
    "candidates.radius": ("±{distance}", "±{distance}"),
    "candidates.heading": ("heading {degrees}°", "朝向 {degrees}°"),
    "candidates.retrieval": ("by similarity", "按相似度"),
    "candidates.no_place": ("no coordinates", "无坐标"),
    "candidates.copied": ("Copied {position}", "已复制 {position}"),
    "candidates.unrated": ("unknown", "未知"),
    "candidates.accessible": (
        "Candidate {rank}, {verdict}, confidence {confidence}, {position}",
        "候选 {rank}，{verdict}，置信度 {confidence}，{position}",
    ),
    # map and compare, as far as the window names them
    "map.title": ("Map", "地图"),
    "compare.title": ("Compare", "对比"),
    # explanation panel
    "explain.title": ("Explanation", "解释"),
    "explain.empty.title": ("Nothing to explain yet", "暂无可解释内容"),
    "explain.empty.text": (
        "Choose a candidate: the measured evidence is listed here, and Explain puts it into words.",
        "选择候选位置后，这里会列出测得的证据；按“解释”生成文字说明。",
    ),
    "explain.empty.waiting": (
        "The evidence is measured when verification is done.",
        "核实完成后即测量证据。",
    ),
    "explain.model": ("Who explains", "由谁解释"),
    "explain.model.hint": (
        "Which language model explains; “Evidence only” needs none.",
        "由哪个语言模型解释；“仅列证据”无需模型。",
    ),
    "explain.model.automatic": ("Automatic", "自动"),
    "explain.model.evidence": ("Evidence only", "仅列证据"),
    "explain.for": ("For", "支持"),
    "explain.against": ("Against", "反对"),
    "explain.neutral": ("Also measured", "其他测量"),
    "explain.evidence": ("Evidence", "证据"),
    "explain.reading": ("Measuring…", "正在测量…"),
    "explain.starting": ("Starting the language model…", "正在启动语言模型…"),
    "explain.writing": ("Writing…", "正在生成…"),
    "explain.stopped": ("Stopped.", "已停止。"),
    "explain.done": ("{pack} · {seconds} s", "{pack} · {seconds} 秒"),
    "explain.ruled_out": ("ruled out", "已排除"),
    "explain.supported": ("supported", "有依据"),
    "explain.unsupported": ("unsupported", "无依据"),
    "explain.contradicted": ("contradicted", "与证据矛盾"),
    "explain.no_model": (
        "No language model yet.",
        "尚无语言模型。",
    ),
    "explain.fetching": (
        "The language model is still being fetched: {percent} %",
        "语言模型仍在获取中：{percent} %",
    ),
    "explain.setting_up": ("Still being set up: {what}", "仍在安装：{what}"),
    "explain.setup_failed": ("Setting up stopped: {error}", "安装已中断：{error}"),
    "explain.fetch": ("Fetch language model", "获取语言模型"),
    "explain.ready": ("Press Explain for the wording.", "按“解释”生成文字说明。"),
    # tile sets
    "tiles.none": ("No tile set", "无瓦片集"),
    "tiles.no_sets": ("No tile set yet", "尚无瓦片集"),
    "tiles.opening": ("Opening {name}", "正在打开 {name}"),
    "tiles.added": ("{name} is ready.", "{name} 已就绪。"),
    "tiles.open_title": ("Add imagery", "添加影像"),
    "tiles.filter": ("Georeferenced imagery", "带地理参考的影像"),
    "tiles.state.incomplete": ("half built", "未完成"),
    "tiles.state.damaged": ("damaged", "已损坏"),
    "tiles.state.unreadable": ("cannot be read", "无法读取"),
    "demo.missing": (
        "The demo is not part of this installation.",
        "此安装不包含演示。",
    ),
    "demo.missing.hint": ("Open a picture and add imagery instead.", "请改为打开图像并添加影像。"),
    # jobs
    "job.warm_up": ("Loading the models", "正在加载模型"),
    "job.locate": ("Locating {name}", "正在定位 {name}"),
    "job.explain": ("Explaining candidate {rank}", "正在解释候选 {rank}"),
    "job.fetch": ("Fetching {name}", "正在获取 {name}"),
    "job.more": ("+{count}", "+{count}"),
    "job.cancel": ("Cancel", "取消"),
    "job.seconds_left": ("{seconds} s left", "剩余 {seconds} 秒"),
    "job.minutes_left": ("{minutes} min left", "剩余 {minutes} 分钟"),
    # status bar
    "status.offline": ("Offline", "离线"),
    "status.offline.hint": (
        "GLEAM makes no network connection unless you fetch a pack.",
        "除非获取模型包，GLEAM 不会连接网络。",
    ),
    "status.fetching": ("Fetching", "正在获取"),
    "status.packs.hint": ("Packs in use", "正在使用的模型包"),
    # notices
    "notice.details": ("Details", "详情"),
    "notice.copy": ("Copy", "复制"),
    "notice.close": ("Close", "关闭"),
    "notice.unexpected": ("Something unexpected went wrong.", "出现意外错误。"),
    "notice.unexpected.hint": (
        "You can go on working. Copy the details if you report it.",
        "您可以继续工作。如需反馈，请复制详情。",
    ),
    # the list of shortcuts
    "shortcuts.title": ("Keyboard shortcuts", "键盘快捷键"),
    **ABOUT_WORDS,
    **CASE_WORDS,
    **EXIF_WORDS,
    **GOTO_WORDS,
    **MEASURE_WORDS,
    **OVERVIEW_WORDS,
    **COMMAND_WORDS,
    **PALETTE_WORDS,
    **SETTINGS_WORDS,
    **GUIDE_WORDS,
    **TOUR_WORDS,
    **CRASH_WORDS,
    **PACK_WORDS,
    **WORDS,
}


class Language(QObject):
    """The language in use; ``changed`` comes after the switch."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.code: Lang = "en"

    def choose(self, code: str) -> None:
        """Switch at once; an empty code follows the desktop."""
        if code not in ("en", "zh"):
            chinese = QLocale.system().language() == QLocale.Language.Chinese
            code = "zh" if chinese else "en"
        self.code = "zh" if code == "zh" else "en"
        self.changed.emit()


language = Language()


def tr(key: str, **values: Any) -> str:
    """The text of ``key`` in the language in use, placeholders filled in."""
    text = TEXT[key][1 if language.code == "zh" else 0]
    return text.format(**values) if values else text


class _TextBinding(QObject):
    """Gives its parent fresh text whenever the language changes; goes with its parent."""

    def __init__(
        self,
        owner: QObject,
        setter: Callable[[str], object],
        key: str,
        shape: Callable[[str], str],
    ) -> None:
        super().__init__(owner)
        self._setter, self._key, self._shape = setter, key, shape
        language.changed.connect(self.apply)
        self.apply()

    def apply(self) -> None:
        self._setter(self._shape(tr(self._key)))


def bind_text(
    owner: QObject,
    setter: Callable[[str], object],
    key: str,
    shape: Callable[[str], str] = lambda text: text,
) -> None:
    """Keep ``setter`` (for example ``label.setText``) supplied with ``key`` in the language in use.

    ``shape`` may add what is not words, a shortcut for example.
    """
    _TextBinding(owner, setter, key, shape)
