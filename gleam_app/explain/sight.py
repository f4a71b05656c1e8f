"""How llama.cpp's own vision part reads pictures: each once, however often it is asked about.

What it makes of a picture does not depend on the words around it, so it is kept by the picture's hash;
the language model is given the very same numbers again, and writes the very same words.
"""

import base64
import ctypes
import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray

KEPT = 32
_LOG = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)
_SILENT = _LOG(lambda *_: None)


class Sight:
    """The vision part of one model, from an mmproj file. ``encoded`` counts pictures that were computed."""

    def __init__(self, llm: Any, mmproj: str) -> None:
        """Raises ValueError if llama.cpp does not load the file."""
        import llama_cpp
        from llama_cpp import mtmd_cpp

        self._cpp: Any = llama_cpp
        self._mtmd: Any = mtmd_cpp
        self._llm = llm
        self._kept: OrderedDict[tuple[str, int], NDArray[np.float32]] = OrderedDict()
        self.encoded = 0
        mtmd_cpp.mtmd_log_set(_SILENT, None)
        mtmd_cpp.mtmd_helper_log_set(_SILENT, None)
        settings = mtmd_cpp.mtmd_context_params_default()
        settings.print_timings = False
        settings.n_threads = llm.n_threads
        settings.flash_attn_type = llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED
        self._context = mtmd_cpp.mtmd_init_from_file(mmproj.encode(), llm.model, settings)
        if not self._context:
            raise ValueError("the file of its vision part cannot be loaded")

    @property
    def marker(self) -> str:
        """Where in a prompt a picture stands."""
        return str(self._mtmd.mtmd_default_marker().decode())

    def read(self, prompt: str, urls: Sequence[str]) -> None:
        """Put a prompt, which holds a marker for each data URL, into the model's empty context."""
        mtmd = self._mtmd
        with ExitStack() as stack:
            bitmaps = [self._bitmap(url, stack) for url in urls]
            chunks = mtmd.mtmd_input_chunks_init()
            stack.callback(mtmd.mtmd_input_chunks_free, chunks)
            text = mtmd.mtmd_input_text()
            text.text = prompt.encode()
            text.text_len = len(text.text)
            text.add_special = text.parse_special = True
            array = (mtmd.mtmd_bitmap_p_ctypes * max(1, len(bitmaps)))(*bitmaps)
            given = ctypes.byref(text)
            if mtmd.mtmd_tokenize(self._context, chunks, given, array, len(bitmaps)):
                raise ValueError("the prompt and its pictures cannot be read")
            seen: dict[str, int] = {}
            for number in range(mtmd.mtmd_input_chunks_size(chunks)):
                self._read_chunk(mtmd.mtmd_input_chunks_get(chunks, number), seen)

    def _bitmap(self, url: str, stack: ExitStack) -> Any:
        """The picture of a data URL, named by its hash."""
        data = base64.b64decode(url.partition(",")[2])
        buffer = (ctypes.c_uint8 * len(data)).from_buffer_copy(data)
        bitmap = self._mtmd.mtmd_helper_bitmap_init_from_buf(
            self._context, buffer, len(data), False
        )
        if not bitmap:
            raise ValueError("a picture cannot be decoded")
        stack.callback(self._mtmd.mtmd_bitmap_free, bitmap)
        self._mtmd.mtmd_bitmap_set_id(bitmap, hashlib.sha256(data).hexdigest().encode())
        return bitmap

    def _read_chunk(self, chunk: Any, seen: dict[str, int]) -> None:
        mtmd, llm = self._mtmd, self._llm
        count = int(mtmd.mtmd_input_chunk_get_n_tokens(chunk))
        if llm.n_tokens + count >= llm.n_ctx():
            raise ValueError("the question does not fit into the model's context")
        if mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_TEXT:
            size = ctypes.c_size_t()
            ids = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(size))
            if size.value:
                llm.eval([ids[number] for number in range(size.value)])
            return
        name = (mtmd.mtmd_input_chunk_get_id(chunk) or b"").decode()
        part = seen[name] = seen.get(name, -1) + 1  # large pictures come in several parts
        values = self._values(chunk, count, (name, part))
        past = ctypes.c_int32(llm.n_tokens)
        failed = mtmd.mtmd_helper_decode_image_chunk(
            self._context,
            llm.ctx,
            chunk,
            values.ctypes.data_as(ctypes.POINTER(ctypes.c_float)),
            llm.n_tokens,
            0,
            llm.n_batch,
            ctypes.byref(past),
            self._mtmd.mtmd_helper_post_decode_callback(),  # nobody is called back
            None,
        )
        if failed:
            raise ValueError("a picture cannot be given to the model")
        llm.n_tokens = past.value

    def _values(self, chunk: Any, count: int, key: tuple[str, int]) -> NDArray[np.float32]:
        if key not in self._kept:
            if self._mtmd.mtmd_encode_chunk(self._context, chunk):
                raise ValueError("a picture cannot be encoded")
            width = self._cpp.llama_model_n_embd_inp(self._llm.model)
            found = self._mtmd.mtmd_get_output_embd(self._context)
            self._kept[key] = np.ctypeslib.as_array(found, (count * width,)).copy()
            self.encoded += 1
            if len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]
