"""The words of the guide's window, in English and Chinese; part of the window's one table."""

# key: (English, Chinese). Placeholders are str.format fields and the same in both.
WORDS: dict[str, tuple[str, str]] = {
    "command.guide": ("Guide", "使用指南"),
    "guide.title": ("Guide", "使用指南"),
    "guide.search": ("Search the guide", "搜索指南"),
    "guide.contents": ("Contents", "目录"),
    "guide.text": ("Text of the section", "本节正文"),
    "guide.nothing": ("No section has these words.", "没有包含这些文字的章节。"),
    "guide.help": ("What is this panel for?", "此面板有什么用？"),
}
