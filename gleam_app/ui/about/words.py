"""The words of the About window in English and Chinese."""

WORDS: dict[str, tuple[str, str]] = {
    "command.about": ("About GLEAM Desktop", "关于 GLEAM 桌面版"),
    "about.title": ("About GLEAM Desktop", "关于 GLEAM 桌面版"),
    "about.purpose": (
        "Finds out where a picture was taken. Nothing leaves this computer.",
        "查明图像的拍摄地点。任何数据都不会离开本机。",
    ),
    "about.version": ("Version", "版本"),
    "about.commit": ("Commit", "提交"),
    "about.date": ("Built from", "源码日期"),
    "about.packs": ("Packs", "模型包"),
    "about.no_packs": ("None", "无"),
    "about.copy": ("Copy", "复制"),
    "about.licence": (
        "GLEAM Desktop is free software under the MIT licence. It holds work of others:",
        "GLEAM 桌面版是 MIT 许可证下的自由软件，其中包含他人的成果：",
    ),
    "about.components": ("Components", "组件"),
    "about.text": ("Licence", "许可证"),
    "about.no_text": (
        "Its makers supply no licence text with it; they name this licence: {licence}",
        "其作者未随附许可证文本；声明的许可证为：{licence}",
    ),
    "about.no_licence": ("not named", "未注明"),
}
