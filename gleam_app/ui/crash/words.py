"""The words about defects of the program in English and Chinese."""

WORDS: dict[str, tuple[str, str]] = {
    "crash.title": ("Something unexpected went wrong", "出现意外错误"),
    "crash.now": (
        "Something in the program went wrong. Your case is saved, and you can go on working.",
        "程序内部出错。您的案件已保存，可以继续工作。",
    ),
    "crash.again": (
        "{count} things in the program went wrong. Your case is saved, and you can go on working.",
        "程序内部出现 {count} 个错误。您的案件已保存，可以继续工作。",
    ),
    "crash.last_run": (
        "The program ended by itself last time. What you did until then is kept in your case.",
        "程序上次意外结束。此前的工作已保存在您的案件中。",
    ),
    "crash.hint": (
        "If you report it: this text is all that the report holds. It names no picture, no place, no "
        "folder, and is sent nowhere by itself.",
        "如需反馈：报告只包含以下文字，不含图像名称、位置或文件夹，也不会自动发送。",
    ),
    "crash.preparing": ("Putting the report together…", "正在生成报告…"),
    "crash.save": ("Save report…", "保存报告…"),
    "crash.save.title": ("Save the report", "保存报告"),
    "crash.saved": ("The report is saved.", "报告已保存。"),
    "crash.show": ("What the report holds", "报告内容"),
    "crash.go_on": ("Go on", "继续"),
    "crash.filter": ("Text", "文本"),
}
