"""The words of what a file says of its camera, in English and Chinese; part of the window's table."""

# key: (English, Chinese). Placeholders are str.format fields and the same in both.
WORDS: dict[str, tuple[str, str]] = {
    "command.file_facts": ("What the file says", "文件信息"),
    "exif.more": ("What the file says", "查看文件信息"),
    "exif.back": ("Back to the picture", "返回图像"),
    # what it implies
    "exif.implies": ("What that implies", "由此推断"),
    "exif.says.down_covers": (
        "About {height} above the take-off point, looking straight down: covers about {across} × {down}.",
        "距起飞点约 {height}，垂直向下：覆盖约 {across} × {down}。",
    ),
    "exif.says.down": (
        "About {height} above the take-off point, looking straight down.",
        "距起飞点约 {height}，垂直向下拍摄。",
    ),
    "exif.says.oblique": (
        "About {height} above the take-off point, looking {degrees}° below the horizon.",
        "距起飞点约 {height}，俯角 {degrees}°。",
    ),
    "exif.says.oblique_far": (
        "About {height} above the take-off point, looking {degrees}° below the horizon: at ground about"
        " {far} ahead.",
        "距起飞点约 {height}，俯角 {degrees}°：对准前方约 {far} 处的地面。",
    ),
    "exif.says.ahead": ("Looking towards the horizon.", "朝向地平线拍摄。"),
    "exif.says.up": ("Looking above the horizon.", "朝向地平线以上拍摄。"),
    "exif.says.height": ("About {height} above the take-off point.", "距起飞点约 {height}。"),
    "exif.says.down_alone": (
        "Looking straight down; how high above ground is not written.",
        "垂直向下拍摄；未注明离地高度。",
    ),
    "exif.says.oblique_alone": (
        "Looking {degrees}° below the horizon; how high above ground is not written.",
        "俯角 {degrees}°；未注明离地高度。",
    ),
    "exif.says.sea": (
        "{height} above sea level; how high above ground is not written.",
        "海拔 {height}；未注明离地高度。",
    ),
    "exif.says.towards": ("The camera looks towards {bearing}.", "相机朝向 {bearing}。"),
    "exif.says.top": ("Up in the picture is towards {bearing}.", "图像上方朝向 {bearing}。"),
    "exif.says.magnetic": (
        "That counts from magnetic north, which may differ by some degrees.",
        "以磁北为准，可能有数度偏差。",
    ),
    "exif.says.view": (
        "The lens sees about {across}° × {down}°.",
        "镜头视角约 {across}° × {down}°。",
    ),
    "exif.says.panorama": ("A panorama of about {degrees}°.", "约 {degrees}° 的全景。"),
    "exif.says.nothing": (
        "Nothing about place, height or direction.",
        "未涉及位置、高度或方向。",
    ),
    # against the answer
    "exif.contradicts": (
        "The file's GPS is {distance} from candidate {rank}; up to {allowed} would fit.",
        "文件中的 GPS 与候选 {rank} 相距 {distance}；{allowed} 以内才相符。",
    ),
    "exif.contradicts.aim": (
        "By its file the camera looked at ground {distance} from candidate {rank}; up to {allowed} would fit.",
        "按文件记录，相机所对地面与候选 {rank} 相距 {distance}；{allowed} 以内才相符。",
    ),
    "exif.contradicts.advice": (
        "One of the two is wrong. Compare closely before you accept.",
        "两者必有一误，采纳前请仔细对比。",
    ),
    "exif.agrees": (
        "Candidate {rank} fits the file's position: {distance} apart, up to {allowed} would fit.",
        "候选 {rank} 与文件中的位置相符：相距 {distance}，{allowed} 以内即相符。",
    ),
    "exif.agrees.heading": (
        "Candidate {rank} fits the file's heading: {measured} as aligned, {written} as written; up to"
        " {allowed}° apart would fit.",
        "候选 {rank} 与文件中的朝向相符：对齐后测得 {measured}，文件记为 {written}；相差 {allowed}° 以内即相符。",
    ),
    "exif.contradicts.heading": (
        "By its file, up in the picture is towards {written}; aligned with candidate {rank} it is"
        " {measured}. These are {degrees}° apart, up to {allowed}° would fit.",
        "按文件记录，图像上方朝向 {written}，与候选 {rank} 对齐后测得 {measured}：相差 {degrees}°；"
        "{allowed}° 以内才相符。",
    ),
    "exif.contradicts.heading.advice": (
        "A weak sign by itself: near metal a compass may be far off.",
        "仅此一点说明力有限：靠近金属时，罗盘可能偏差很大。",
    ),
    # doubts
    "exif.doubts": ("With caution", "谨慎看待"),
    "exif.doubt.stripped": (
        "No camera, time or position. Many programs and messengers leave them out when they save.",
        "没有相机、时间或位置。许多程序和聊天软件保存时会去除这些信息。",
    ),
    "exif.doubt.editor": (
        "Last written by “{text}”, which can change any of this.",
        "最后由“{text}”写入，该程序可更改上述任何内容。",
    ),
    "exif.doubt.rewritten": (
        "The file says that it was changed after it was taken, at {text}.",
        "文件注明拍摄后于 {text} 有改动。",
    ),
    "exif.doubt.positions": (
        "It holds two positions, {distance} apart; one may have been changed.",
        "文件含两处位置，相距 {distance}；其中一处可能被更改。",
    ),
    "exif.doubt.clock": (
        "The camera's clock and the GPS time are {time} apart.",
        "相机时钟与 GPS 时间相差 {time}。",
    ),
    "exif.doubt.cropped": (
        "The picture was cropped: its shape is not the one the camera wrote.",
        "图像经过裁剪：长宽比与相机记录不同。",
    ),
    "exif.doubt.resized": (
        "The picture is smaller than the camera wrote it.",
        "图像比相机记录的尺寸小。",
    ),
    "exif.hours": ("{hours} h {minutes} min", "{hours} 小时 {minutes} 分"),
    "exif.minutes": ("{minutes} min", "{minutes} 分"),
    # what is in the file
    "exif.in_file": ("In the file", "文件内容"),
    "exif.camera": ("Camera", "相机"),
    "exif.lens": ("Lens", "镜头"),
    "exif.taken": ("Taken", "拍摄时间"),
    "exif.no_zone": ("{time} (camera's clock, zone not written)", "{time}（相机时钟，未注明时区）"),
    "exif.zone": ("{time}, UTC{offset}", "{time}，UTC{offset}"),
    "exif.gps_time": ("GPS time", "GPS 时间"),
    "exif.position": ("Position", "位置"),
    "exif.accuracy": ("GPS accuracy", "GPS 精度"),
    "exif.within": ("±{distance}", "±{distance}"),
    "exif.altitude": ("Altitude", "海拔"),
    "exif.relative": ("Above take-off", "距起飞点高度"),
    "exif.heading": ("Camera direction", "相机朝向"),
    "exif.aircraft": ("Aircraft heading", "机头朝向"),
    "exif.pitch": ("Gimbal pitch, roll", "云台俯仰、横滚"),
    "exif.focal": ("Focal length", "焦距"),
    "exif.focal.both": ("{mm} mm ({full} mm full frame)", "{mm} mm（等效 {full} mm）"),
    "exif.focal.full": ("{full} mm full frame", "等效 {full} mm"),
    "exif.focal.own": ("{mm} mm", "{mm} mm"),
    "exif.zoom": ("Digital zoom", "数码变焦"),
    "exif.size": ("Size", "尺寸"),
    "exif.size.as_taken": ("{now}; as taken {taken}", "{now}；拍摄时 {taken}"),
    "exif.software": ("Software", "软件"),
    # what can be done with it
    "exif.unused": (
        "Locating reads none of this. The answer comes from the picture alone.",
        "定位不读取以上任何信息，结果仅来自图像本身。",
    ),
    "exif.show": ("Show on the map", "在地图上显示"),
    "exif.copy": ("Copy position", "复制坐标"),
    "exif.near": ("Search only around the GPS position", "仅在 GPS 位置附近搜索"),
    "exif.radius": ("Within", "范围"),
    "exif.near.bar": (
        "Searching only within {distance} of the file's GPS position",
        "仅在文件 GPS 位置 {distance} 范围内搜索",
    ),
    "exif.near.bar.place": (
        "Searching only within {distance} of a position on the map",
        "仅在地图上某处 {distance} 范围内搜索",
    ),
    "exif.near.stop": ("Search everywhere", "搜索全部范围"),
    "exif.on_map": ("GPS of the file", "文件中的 GPS"),
    "exif.on_map.tip": (
        "Where the file has the camera. Not used for locating.",
        "文件所记的相机位置，不用于定位。",
    ),
    "why.no_gps": ("The file holds no GPS position", "文件中没有 GPS 位置"),
}
