"""Chinese words for scene facts, and sentences to put them in. As in English: no digits, no Latin letters."""

ZONES = {
    "centre": "中部",
    "upper": "上部",
    "lower": "下部",
    "left": "左侧",
    "right": "右侧",
    "upper left": "左上部",
    "upper right": "右上部",
    "lower left": "左下部",
    "lower right": "右下部",
}
DIRECTIONS = {
    "ns": ("南北",),
    "ew": ("东西",),
    "nesw": ("东北至西南",),
    "nwse": ("西北至东南",),
}
COLOURS = {
    "red": "红色", "brown": "棕色", "tan": "米黄色", "dark": "深灰色", "grey": "灰色",
    "light": "浅色", "green": "绿色", "blue": "蓝色",
}  # fmt: skip

# (kind, value) -> clauses; {at} is the place in the picture, empty where it is not known
NOUNS: dict[tuple[str, str], tuple[str, ...]] = {
    ("water", "present"): ("{at}有水域", "{at}可见水面"),
    ("water", "none"): ("没有水域", "未见水面"),
    ("pool", "present"): ("{at}有游泳池", "{at}可见泳池"),
    ("pool", "none"): ("没有游泳池", "未见泳池"),
    ("sports", "present"): ("{at}有运动场", "{at}有球场"),
    ("sports", "none"): ("没有运动场", "未见球场"),
    ("car_park", "present"): ("{at}有停车场", "{at}可见停车场"),
    ("car_park", "none"): ("没有停车场", "未见停车场"),
    ("wood", "present"): ("{at}有树林", "{at}有一片林地"),
    ("wood", "none"): ("没有树林", "未见林地"),
    ("park", "present"): ("{at}有公园", "{at}可见公园"),
    ("field", "present"): ("{at}有农田", "{at}可见田地"),
    ("field", "none"): ("没有农田", "未见田地"),
    ("green", "present"): ("{at}有绿地", "{at}有一片绿地"),
    ("buildings", "none"): ("没有建筑物", "未见建筑物"),
    ("buildings", "some"): ("可见建筑物",),
    ("buildings", "few"): ("有零星几栋建筑物", "建筑物很少"),
    ("buildings", "several"): ("有若干建筑物", "有一些建筑物"),
    ("buildings", "many"): ("有许多建筑物", "建筑物众多"),
    ("trees", "none"): ("没有树木", "未见树木"),
    ("trees", "few"): ("有少量树木", "树木稀疏"),
    ("trees", "many"): ("有许多树木", "树木茂密"),
    ("roof_form", "flat"): ("屋顶基本为平顶",),
    ("roof_form", "pitched"): ("屋顶基本为坡顶",),
    ("storeys", "low"): ("以低层建筑为主",),
    ("storeys", "mid"): ("以多层建筑为主",),
    ("storeys", "tall"): ("以高层建筑为主",),
    ("junction", "none"): ("没有道路交叉口", "未见道路交叉口"),
    ("junction", "tee"): ("{at}有丁字路口", "{at}可见丁字路口"),
    ("junction", "cross"): ("{at}有十字路口", "{at}可见十字路口"),
    ("junction", "star"): ("{at}有多岔路口",),
    ("bend", "straight"): ("主路笔直", "主路平直"),
    ("bend", "curved"): ("主路弯曲", "主路蜿蜒"),
    **{
        ("road", way): tuple(f"主路{runs}{words}走向" for runs in ("呈", "为") for words in named)
        for way, named in DIRECTIONS.items()
    },
    **{
        ("street", way): tuple(f"街道呈{words}走向" for words in named)
        for way, named in DIRECTIONS.items()
    },
    **{
        ("roofs", value): (f"屋顶以{word}为主", f"屋顶多为{word}")
        for value, word in COLOURS.items()
    },
}  # fmt: skip

# {one}, {two}: the pictures' names; {in}: "中", where the list does not begin with a place itself
FIRST = {
    "uav": ("无人机照片", "航拍照片"),
    "ground": ("地面照片", "街景照片"),
    "panorama": ("全景图", "街景全景图"),
    "map": ("街道地图", "地图"),
}
KIND = {
    "uav": ("无人机照片", "航拍照片"),
    "ground": ("地面拍摄的照片", "街景照片"),
    "panorama": ("全景图", "街景全景图"),
    "map": ("街道地图",),
}
SECOND = ("卫星图像", "卫星图块")

IMAGE_1 = (
    "第一幅图像是{kind}，画面{in}{seen}",
    "第一幅图像为{kind}，图{in}{seen}",
    "{one}{in}{seen}",
    "从{one}可以看到，画面{in}{seen}",
)
IMAGE_1_ALONE = ("第一幅图像是{kind}",)
IMAGE_2 = (
    "第二幅图像是卫星图块，画面{in}{seen}",
    "第二幅图像为卫星影像，图{in}{seen}",
    "{two}{in}{seen}",
    "从上方看，{two}{in}{seen}",
)
IMAGE_2_ALONE = ("第二幅图像是卫星图块", "第二幅图像为卫星影像")
SHARED_MATCH = (
    "两幅图像的共同之处是{seen}",
    "两幅图像有以下相同点：{seen}",
    "两者一致之处在于{seen}",
    "两幅图像相互吻合：{seen}",
)
SHARED_OTHER = (
    "两幅图像虽有相似之处，例如{seen}，但这在许多地方都很常见",
    "两者固然有相同点，即{seen}，但仅凭这些不足为证",
)
NEITHER = ("两幅图像中均{seen}", "两幅图像都{seen}")
DIFFERING = (
    "{one}{in_a}{a}，而{two}{in_b}{b}",
    "{one}{in_a}{a}，{two}{in_b}{b}",
    "{two}{in_b}{b}，而{one}{in_a}{a}",
)
ONE_DIFFERENCE = (
    "两者也有不同之处：{one}{in_a}{a}，而{two}{in_b}{b}",
    "不过并非处处相同，{one}{in_a}{a}，而{two}{in_b}{b}",
)
MORE = ("", "", "此外，", "另外，", "同时，")
VERDICT = {
    True: (
        "两幅图像显示的是同一地点",
        "综合来看，两幅图像拍摄的是同一地点",
        "因此，两幅图像对应同一地点",
        "由此可以确认，两者为同一地点",
    ),
    False: (
        "两幅图像显示的不是同一地点",
        "因此，两幅图像并非同一地点",
        "综合来看，两者不是同一地点",
        "由此可见，两幅图像对应不同的地点",
    ),
}
EVEN_SO = "尽管如此，"
