"""The words of going to a position and of copying one, in English and Chinese; part of the window's table."""

# key: (English, Chinese). Placeholders are str.format fields and the same in both.
WORDS: dict[str, tuple[str, str]] = {
    "menu.map": ("Map", "地图"),
    "command.go_to": ("Go to…", "转到…"),
    "command.copy_cursor": ("Copy the position under the pointer", "复制指针处坐标"),
    "command.copy_gps": ("Copy the file's GPS position", "复制文件中的 GPS 坐标"),
    "goto.title": ("Go to a position", "转到坐标"),
    "goto.placeholder": (
        "Latitude, longitude; DMS, UTM or MGRS",
        "纬度, 经度；度分秒、UTM 或 MGRS",
    ),
    "goto.hint": (
        "Any format, latitude first; Enter goes there.",
        "任意格式，纬度在前；按回车转到。",
    ),
    "goto.read": ("Read as {lat}, {lon}", "读作 {lat}，{lon}"),
    "goto.lat_n": ("{degrees}° north", "北纬 {degrees}°"),
    "goto.lat_s": ("{degrees}° south", "南纬 {degrees}°"),
    "goto.lon_e": ("{degrees}° east", "东经 {degrees}°"),
    "goto.lon_w": ("{degrees}° west", "西经 {degrees}°"),
    "goto.swap": ("Swap", "互换"),
    "goto.swap.inside": (
        "Longitude first? Then it lies in the loaded imagery:",
        "经度在前？如此则位于已加载影像内：",
    ),
    "goto.swap.only": (
        "That latitude is beyond 90°. Longitude first?",
        "纬度超过 90°。经度在前？",
    ),
    "goto.go": ("Go", "转到"),
    "goto.close": ("Close (Esc)", "关闭（Esc）"),
    "goto.mark.remove": ("Click to remove this mark", "点击移除此标记"),
    "map.menu.copy": ("Copy {position}", "复制 {position}"),
    "map.menu.mark": ("Put a mark here", "在此处做标记"),
    "map.menu.measure": ("Measure from here", "从此处开始测量"),
    "map.menu.near": ("Search only around here", "仅在此处附近搜索"),
    "map.menu.within": ("Within {distance}", "{distance} 以内"),
    "goto.arrived": ("The map is at {position}.", "地图已转到 {position}。"),
    "goto.copied": ("Copied {position}", "已复制 {position}"),
    "goto.copied.centre": (
        "Copied the middle of the map: {position}",
        "已复制地图中心：{position}",
    ),
}
