"""Local features and their matching, from a ``matcher`` pack.

XFeat (Potje et al., CVPR 2024) finds and describes points, LighterGlue (LightGlue, Lindenberger et al.,
ICCV 2023, trained for XFeat) pairs them. Network code from kornia; weights from the pack.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.packs.manifest import Pack
from gleam_app.packs.weights import load_tensors, loading

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, eq=False)
class Features:
    """Points of one picture: ``points`` float (N, 2) as (x, y) pixels, ``descriptors`` float (N, 64)."""

    points: "torch.Tensor"
    descriptors: "torch.Tensor"
    width: int
    height: int


class Matcher:
    """Finds and pairs local features. Use from one thread at a time."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        with loading(pack, "matcher"):
            self._load(pack)

    def _load(self, pack: Pack) -> None:
        from kornia.feature import LightGlue, XFeat

        architecture = pack.manifest.architecture
        self.top_k = int(architecture.get("top_k", 1024))
        self._xfeat: Any = XFeat(
            top_k=self.top_k,
            detection_threshold=float(architecture.get("detection_threshold", 0.05)),
        )
        self._xfeat.net.load_state_dict(load_tensors(pack, "extractor"), strict=True)
        self._xfeat.eval()
        self._glue: Any = LightGlue(features=None, **architecture["lightglue"])
        missing, unexpected = self._glue.load_state_dict(
            load_tensors(pack, "matcher"), strict=False
        )
        learned = [name for name in missing if "confidence_thresholds" not in name]
        if learned or unexpected:
            raise ValueError("weights of another network")
        self._glue.eval()

    def features(
        self,
        pixels: NDArray[np.uint8],
        mask: NDArray[np.bool_] | None = None,
        points: int | None = None,
    ) -> Features:
        """Up to ``points`` (default: the pack's ``top_k``) of uint8 (H, W, 3) RGB, inside ``mask`` (H, W)."""
        import torch

        x = torch.from_numpy(np.ascontiguousarray(pixels)).permute(2, 0, 1)[None].float() / 255.0
        with torch.inference_mode():
            found = self._xfeat.detectAndCompute(x, top_k=points or self.top_k)[0]
        places, descriptors = found["keypoints"].float(), found["descriptors"].float()
        height, width = pixels.shape[:2]
        if mask is not None and len(places):
            columns = places[:, 0].round().long().clamp(0, width - 1)
            rows = places[:, 1].round().long().clamp(0, height - 1)
            kept = torch.from_numpy(mask)[rows, columns]
            places, descriptors = places[kept], descriptors[kept]
        return Features(places, descriptors, width, height)

    def match(self, a: Features, b: Features) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Paired points of both pictures, each float32 (M, 2) as (x, y) pixels."""
        import torch

        if len(a.points) < 4 or len(b.points) < 4:
            return np.empty((0, 2), np.float32), np.empty((0, 2), np.float32)
        with torch.inference_mode():
            pairs = self._glue({"image0": _side(a), "image1": _side(b)})["matches"][0]
        return a.points[pairs[:, 0]].numpy(), b.points[pairs[:, 1]].numpy()


def _side(features: Features) -> dict[str, "torch.Tensor"]:
    import torch

    return {
        "keypoints": features.points[None],
        "descriptors": features.descriptors[None],
        "image_size": torch.tensor([[features.width, features.height]]),
    }
