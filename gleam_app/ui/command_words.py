"""More words of commands: those about one candidate, and why a command cannot be used."""

# key: (English, Chinese). Placeholders are str.format fields and the same in both.
WORDS: dict[str, tuple[str, str]] = {
    # what is missing
    "why.no_query": ("Open a picture first", "请先打开图像"),
    "why.no_queries": ("There are no queries yet", "尚无查询图像"),
    "why.no_tile_set": ("Choose a tile set first", "请先选择瓦片集"),
    "why.locating": ("Locating is under way", "正在定位"),
    "why.explaining": ("An explanation is being written", "正在撰写解释"),
    "why.idle": ("Nothing is under way", "没有正在进行的任务"),
    "why.no_candidate": ("No candidate is selected", "未选择候选位置"),
    "why.no_place": ("The candidate has no coordinates", "该候选位置没有坐标"),
    "why.not_aligned": (
        "Only a candidate aligned by geometry can be swiped",
        "仅经几何对齐的候选位置可卷帘对比",
    ),
    "why.read_only": ("The case is read only", "案件为只读"),
    "why.not_in_case": ("Locate the query first", "请先定位该查询图像"),
    "why.undecided": ("Nothing is decided yet", "尚未作出决定"),
    "why.nothing_to_undo": ("Nothing to undo", "没有可撤销的操作"),
    "why.nothing_to_redo": ("Nothing to redo", "没有可重做的操作"),
    "why.none_waiting": ("No query is waiting", "没有等待中的查询图像"),
    # about one candidate
    "menu.copy_as": ("Copy coordinates as", "坐标复制为"),
    "command.copy_dd": ("Copy as degrees (DD)", "复制为十进制度（DD）"),
    "command.copy_dms": ("Copy as degrees, minutes, seconds (DMS)", "复制为度分秒（DMS）"),
    "command.copy_ddm": ("Copy as degrees and minutes (DDM)", "复制为度分（DDM）"),
    "command.copy_utm": ("Copy as UTM", "复制为 UTM"),
    "command.copy_mgrs": ("Copy as MGRS", "复制为 MGRS"),
    "command.copy_geo": ("Copy as a geo: link", "复制为 geo: 链接"),
    "command.open_elsewhere": ("Open in the desktop's map program", "用系统地图程序打开"),
    "command.show_on_map": ("Show candidate on the map", "在地图上显示候选位置"),
    "command.swipe": ("Swipe between query and candidate", "卷帘对比查询图像与候选位置"),
    "candidates.no_map_program": (
        "No program opens geo: links here; the link is copied.",
        "本机没有可打开 geo: 链接的程序；链接已复制。",
    ),
}
