"""The words of the command palette in English and Chinese."""

# key: (English, Chinese). Placeholders are str.format fields and the same in both.
WORDS: dict[str, tuple[str, str]] = {
    "command.palette": ("Find a command…", "查找命令…"),
    "palette.title": ("Commands", "命令"),
    "palette.hint": (
        "Command, query, tile set or coordinates",
        "命令、查询图像、瓦片集或坐标",
    ),
    "palette.nothing": ("Nothing fits “{typed}”.", "没有与“{typed}”相符的内容。"),
    "palette.keys": ("↑↓ choose · Enter run · Esc close", "↑↓ 选择 · Enter 执行 · Esc 关闭"),
    "palette.query": ("Query", "查询图像"),
    "palette.tile_set": ("Tile set", "瓦片集"),
    "palette.go_to": ("Go to {position}", "前往 {position}"),
    "palette.map": ("Map", "地图"),
    "palette.accessible": ("{title}, {kind}, {keys}", "{title}，{kind}，{keys}"),
}
