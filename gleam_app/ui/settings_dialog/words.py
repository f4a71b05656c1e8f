"""The words of the settings dialog in English and Chinese."""

# key: (English, Chinese). Placeholders are str.format fields and the same in both.
WORDS: dict[str, tuple[str, str]] = {
    "command.settings": ("Settings…", "设置…"),
    "settings.title": ("Settings", "设置"),
    "settings.general": ("General", "常规"),
    "settings.performance": ("Performance", "性能"),
    "settings.privacy": ("Privacy", "隐私"),
    "settings.folders": ("Data folders", "数据文件夹"),
    "settings.shortcuts": ("Shortcuts", "快捷键"),
    "settings.looking": ("Looking…", "正在查看…"),
    "settings.unknown": ("Cannot be told on this system.", "此系统无法提供。"),
    # general
    "settings.language.system": ("Like the system / 跟随系统", "跟随系统 / Like the system"),
    "settings.units": ("Units", "单位"),
    "settings.units.example": ("For example {examples}", "例如 {examples}"),
    "units.metric": ("Metric", "公制"),
    "units.imperial": ("Imperial", "英制"),
    "units.nautical": ("Nautical", "海制"),
    # performance
    "settings.threads": ("Threads", "线程数"),
    "settings.threads.hint": (
        "How many compute at once. Fewer leave more to other programs. The language model takes it on"
        " when it next starts.",
        "同时进行计算的线程数。越少，留给其他程序的越多。语言模型在下次启动时采用。",
    ),
    "settings.threads.auto": ("Automatic", "自动"),
    "settings.device": ("What computes", "计算设备"),
    "settings.processor": (
        "Processor: {name}, {cores} cores. {way}",
        "处理器：{name}，{cores} 核。{way}",
    ),
    "settings.integers": (
        "It is fast at 8-bit integers, so pictures are embedded in these.",
        "其擅长 8 位整数运算，因此用整数计算图像特征。",
    ),
    "settings.floats": (
        "Pictures are embedded in floating point.",
        "以浮点数计算图像特征。",
    ),
    "settings.graphics.unused": (
        "Graphics: {names}. This version computes on the processor only.",
        "显卡：{names}。此版本仅使用处理器计算。",
    ),
    "settings.graphics.none": (
        "Graphics: none that PyTorch {torch} can compute on.",
        "显卡：没有 PyTorch {torch} 可用于计算的显卡。",
    ),
    "settings.memory": ("Memory", "内存"),
    "settings.memory.use": (
        "The window holds {own}, the map and the language model {children}.",
        "窗口占用 {own}，地图与语言模型占用 {children}。",
    ),
    "settings.memory.measure": ("As of just now", "当前数值"),
    "settings.memory.again": ("Measure again", "重新测量"),
    # privacy
    "settings.privacy.promise": (
        "GLEAM connects to nothing by itself: no updates, no statistics, no map from the network."
        " Pictures, positions and cases stay on this computer.",
        "GLEAM 不会自行连接网络：没有更新检查，没有统计，不使用网络地图。图像、位置与案件都留在本机。",
    ),
    "settings.privacy.so_far": ("Since the program was started", "自程序启动以来"),
    "settings.privacy.nothing_yet": ("Nothing has connected.", "没有任何连接。"),
    "settings.privacy.refused": (
        "Requests of the map page to the network: {count}, all refused.",
        "地图页面的联网请求：{count} 次，均已拒绝。",
    ),
    "settings.privacy.could": ("What could connect", "可能的连接"),
    "settings.privacy.could.hint": (
        "Only fetching a pack, and only when you start it. It sends the name of the file and, as any"
        " connection does, this computer's network address.",
        "只有获取模型包，且仅在您启动时。它会发送文件名，并像任何连接一样暴露本机网络地址。",
    ),
    "settings.privacy.ask": ("List the packs and hosts", "列出模型包与主机"),
    "settings.privacy.pack": ("{title}: {size} from {hosts}", "{title}：{size}，来自 {hosts}"),
    "settings.privacy.none": (
        "Nothing: every pack is here already.",
        "没有：所有模型包均已在本机。",
    ),
    "settings.privacy.others": ("Other programs", "其他程序"),
    "settings.privacy.others.text": (
        "“Open in the desktop's map program” hands one position to another program of yours, when you"
        " choose it. What that program connects to is up to it.",
        "选择“用系统地图程序打开”时，会把一个位置交给您的另一个程序；该程序连接什么由它决定。",
    ),
    # data folders
    "settings.folder.home": ("Everything", "全部数据"),
    "settings.folder.packs": ("Packs", "模型包"),
    "settings.folder.tiles": ("Tile sets", "瓦片集"),
    "settings.folder.cases": ("Untitled cases", "未命名案件"),
    "settings.folder.logs": ("Logs", "日志"),
    "settings.folder.open": ("Open folder", "打开文件夹"),
    "settings.move": ("Moving the data", "移动数据"),
    "settings.move.how": (
        "Close GLEAM, move the folder, and set the environment variable GLEAM_HOME to where it is now."
        " Tile sets find their imagery where it lies; imagery that moved is found again in the list of"
        " tile sets.",
        "关闭 GLEAM，移动该文件夹，并将环境变量 GLEAM_HOME 设为新位置。瓦片集仍在原处查找影像；"
        "已移动的影像可在瓦片集列表中重新定位。",
    ),
    # shortcuts
    "settings.keys.search": ("Search commands or keys", "搜索命令或按键"),
    "settings.keys.reset_all": ("Reset all", "全部重置"),
    "settings.keys.new": ("New keys", "新按键"),
    "settings.keys.remove": ("Remove", "移除"),
    "settings.keys.reset": ("Reset", "重置"),
    "settings.keys.take": ("Use them here", "改用于此"),
    "settings.keys.changed": ("Changed by you", "您已更改"),
    "settings.keys.hint": (
        "Press the new keys in the field. Single letters do nothing while you write.",
        "在输入框中按下新的按键。书写文字时单个字母不会触发命令。",
    ),
    "settings.keys.needed": (
        "{keys} is needed to move about and to write.",
        "{keys} 用于移动和输入，不能更改。",
    ),
    "settings.keys.held": ("{keys} belongs to “{command}”.", "{keys} 已用于“{command}”。"),
}
