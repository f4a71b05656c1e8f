"""The words of measuring, in English and Chinese; part of the window's table."""

# key: (English, Chinese). Placeholders are str.format fields and the same in both.
WORDS: dict[str, tuple[str, str]] = {
    "command.measure": ("Measure on the map", "在地图上测量"),
    "measure.title": ("Measure", "测量"),
    "measure.distance_mode": ("Distance", "距离"),
    "measure.area_mode": ("Area", "面积"),
    "measure.hint": (
        "Click on the map. Keys: arrows, Enter, Backspace, Esc.",
        "在地图上点击。按键：方向键、回车、退格、Esc。",
    ),
    "measure.length": ("Distance", "距离"),
    "measure.leg": ("last leg", "末段"),
    "measure.bearing": ("bearing", "方位角"),
    "measure.area": ("Area", "面积"),
    "measure.perimeter": ("perimeter", "周长"),
    "measure.figure": ("{word} {figure}", "{word} {figure}"),
    "measure.take_back": ("Take the last point back (Backspace)", "撤回上一点（退格）"),
    "measure.clear": ("Start again", "重新开始"),
    "measure.copy": ("Copy the figures and points", "复制数值和各点"),
    "measure.close": ("End measuring (Esc)", "结束测量（Esc）"),
    "measure.copied": ("Copied: {figures}", "已复制：{figures}"),
}
