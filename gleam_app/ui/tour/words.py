"""The words of the tour, in English and Chinese; part of the window's one table."""

# key: (English, Chinese). Placeholders are str.format fields and the same in both.
WORDS: dict[str, tuple[str, str]] = {
    "command.tour": ("Tour", "导览"),
    "tour.count": ("{number} of {total}", "{number} / {total}"),
    "tour.next": ("Next", "下一步"),
    "tour.back": ("Back", "上一步"),
    "tour.skip": ("Skip the tour", "跳过导览"),
    "tour.done": ("Done", "完成"),
    "tour.demo": ("Open the demo", "打开演示"),
    "tour.query.title": ("Begin with a picture", "从一张图像开始"),
    "tour.query.text": (
        "Drop a photo, a panorama or a street map here; several at once become a list. The demo brings"
        " a drone photo and the imagery for it.",
        "将照片、全景或街道地图拖到此处；多张图像会成为列表。演示包含一张无人机照片及其影像。",
    ),
    "tour.imagery.title": ("Imagery, then Locate", "先选影像，再定位"),
    "tour.imagery.text": (
        "A place can only be found in imagery that you loaded: choose a tile set here or drop a GeoTIFF"
        " on the window. Locate compares the picture with it.",
        "只有在您加载的影像中才能找到位置：在此选择瓦片集，或将 GeoTIFF 拖到窗口。“定位”会将图像与其比较。",
    ),
    "tour.candidates.title": ("Candidates, and how sure they are", "候选位置及其把握"),
    "tour.candidates.text": (
        "The places it may be, best first, here and on the map. Read the verdict before the rank:",
        "可能的位置，最好的在前，在此处和地图上显示。先看结论，再看次序：",
    ),
    "tour.verdict.verified": ("its details fit exactly", "细节恰在应在之处"),
    "tour.verdict.strong": ("very likely", "很可能正确"),
    "tour.verdict.possible": ("compare before relying on it", "值得查看，请先对比"),
    "tour.verdict.unverified": ("looks alike, no more", "仅外观相似"),
    "tour.verdict.not_found": ("not in this imagery, it seems", "可能不在此影像中"),
    "tour.compare.title": ("See for yourself", "亲自查看"),
    "tour.compare.text": (
        "The picture beside the map, or laid over it. Swipe and blend show whether roofs, paths and"
        " trees fit.",
        "图像与地图并排或叠加。用卷帘和混合查看屋顶、道路和树木是否吻合。",
    ),
    "tour.explain.title": ("What speaks for it, and what against", "支持与反对的证据"),
    "tour.explain.text": (
        "The measured evidence is listed here. Explain puts it into sentences, on this computer, and"
        " each one is checked against the evidence.",
        "这里列出测得的证据。“解释”在本机将其写成文字，每句都与证据核对。",
    ),
    "tour.decide.title": ("Decide, and hand it on", "作出决定并交付"),
    "tour.decide.text": (
        "Accept a place or reject them all, with a note. Everything is kept in the case as you go;"
        " Export writes reports, maps and tables. The guide is one key away: {keys}.",
        "采纳一个位置或全部否决，并写下备注。一切都随时保存在案件中；“导出”生成报告、地图和表格。随时按 {keys} 查看指南。",
    ),
}
