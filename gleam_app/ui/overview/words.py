"""The words of the map of all queries, in English and Chinese; part of the window's table."""

# key: (English, Chinese). Placeholders are str.format fields and the same in both.
WORDS: dict[str, tuple[str, str]] = {
    "command.all_queries": ("All queries on the map", "在地图上显示全部查询图像"),
    "overview.title": ("All queries", "全部查询图像"),
    "overview.accepted": ("accepted", "已采纳"),
    "overview.rejected": ("rejected", "已否决"),
    "overview.without": ("{count} without a place", "{count} 张无位置"),
}
