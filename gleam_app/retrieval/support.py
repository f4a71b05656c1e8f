"""What people are told where the encoder was hardly, or never, trained for the view of a query."""

from typing import Any, Literal

from gleam_app.imagery.views import Support, View

Lang = Literal["en", "zh"]

_PICTURES: dict[View, dict[Lang, str]] = {
    "uav": {"en": "UAV photos", "zh": "无人机照片"},
    "ground": {"en": "ground photos", "zh": "地面照片"},
    "panorama": {"en": "panoramas", "zh": "全景图像"},
    "map": {"en": "street maps", "zh": "街道地图"},
}
_SENTENCES: dict[Support, dict[Lang, str]] = {
    "experimental": {
        "en": "Experimental for {}: trained on simulated imagery only.",
        "zh": "对{}为实验性支持：仅用模拟影像训练。",
    },
    "untrained": {
        "en": "This encoder was not trained for {}. Do not rely on the order of its candidates.",
        "zh": "此编码器未针对{}训练，候选位置的排序不可采信。",
    },
}


def caution(support: Support, view: View, lang: Lang = "en") -> str:
    """One sentence on what the encoder lacks for ``view``; empty where it lacks nothing."""
    if support == "trained":
        return ""
    return _SENTENCES[support][lang].format(_PICTURES[view][lang])


def warnings_json(support: Support, view: View) -> list[dict[str, Any]]:
    """The ``warnings`` of a query in the JSON contract: each an ``id`` for programs, a ``text`` for people."""
    text = caution(support, view)
    return [{"id": f"view_{support}", "text": text}] if text else []
