"""The model as the app runs it, by llama.cpp: what parity with torch and the losses of quantisation are
measured on."""

import ctypes
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gleam_app.errors import GleamError

Picture = NDArray[np.uint8]
BATCH = 512
_SILENT = ctypes.CFUNCTYPE(None, ctypes.c_int, ctypes.c_char_p, ctypes.c_void_p)(lambda *_: None)


class Runtime:
    """A GGUF language model, its tower, and perhaps an adapter. Close it, or use ``with``."""

    def __init__(
        self,
        model: Path,
        mmproj: Path | None = None,
        adapter: Path | None = None,
        context: int = 2048,
        threads: int = 2,
    ) -> None:
        import llama_cpp
        from llama_cpp import mtmd_cpp

        self._mtmd = mtmd_cpp
        self._cpp: Any = llama_cpp
        self.llm = llama_cpp.Llama(
            str(model),
            lora_path=str(adapter) if adapter else None,
            n_ctx=context,
            n_batch=BATCH,
            n_threads=threads,
            n_threads_batch=threads,
            n_gpu_layers=0,
            logits_all=False,
            verbose=False,
        )
        self._context: Any = None
        if mmproj is not None:
            mtmd_cpp.mtmd_log_set(_SILENT, None)
            mtmd_cpp.mtmd_helper_log_set(_SILENT, None)
            settings = mtmd_cpp.mtmd_context_params_default()
            settings.use_gpu, settings.print_timings = False, False
            settings.n_threads, settings.warmup = threads, False
            self._context = mtmd_cpp.mtmd_init_from_file(
                str(mmproj).encode(), self.llm.model, settings
            )
            if not self._context:
                raise GleamError(f"llama.cpp does not load {mmproj.name}.")

    def __enter__(self) -> "Runtime":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the models."""
        if self._context:
            self._mtmd.mtmd_free(self._context)
            self._context = None
        self.llm.close()

    @property
    def marker(self) -> str:
        """Where in a text a picture stands."""
        return str(self._mtmd.mtmd_get_marker(self._context).decode())

    def picture_tokens(self, picture: Picture) -> NDArray[np.float32]:
        """What the tower makes of uint8 (H, W, 3) RGB: (tokens, features)."""
        chunks = self._chunks(self.marker, [picture])
        try:
            for number in range(self._mtmd.mtmd_input_chunks_size(chunks)):
                chunk = self._mtmd.mtmd_input_chunks_get(chunks, number)
                if self._mtmd.mtmd_input_chunk_get_type(chunk) != 1:
                    continue
                if self._mtmd.mtmd_encode_chunk(self._context, chunk):
                    raise GleamError("llama.cpp failed to encode a picture.")
                count = self._mtmd.mtmd_input_chunk_get_n_tokens(chunk)
                found = self._mtmd.mtmd_get_output_embd(self._context)
                features = self._cpp.llama_model_n_embd(self.llm.model)
                values = np.ctypeslib.as_array(found, (count * features,))
                return values.reshape(count, features).copy()
        finally:
            self._mtmd.mtmd_input_chunks_free(chunks)
        raise GleamError("llama.cpp found no picture.")

    def text_tokens(self, text: str, pictures: Sequence[Picture]) -> list[list[int] | None]:
        """How llama.cpp reads a prompt: token ids of each piece of text, None for a picture."""
        chunks, found = self._chunks(text, pictures), list[list[int] | None]()
        for number in range(self._mtmd.mtmd_input_chunks_size(chunks)):
            chunk = self._mtmd.mtmd_input_chunks_get(chunks, number)
            count = ctypes.c_size_t()
            ids = self._mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(count))
            found.append([ids[i] for i in range(count.value)] if ids else None)
        self._mtmd.mtmd_input_chunks_free(chunks)
        return found

    def next_logits(self, text: str, pictures: Sequence[Picture] = ()) -> NDArray[np.float32]:
        """Logits (vocabulary,) of the token that follows ``text``, which holds a marker a picture."""
        self.llm.reset()
        context = self.llm.ctx
        self._cpp.llama_memory_clear(self._cpp.llama_get_memory(context), True)
        if self._context is None:
            tokens = self.llm.tokenize(text.encode(), add_bos=False, special=True)
            self.llm.eval(tokens)
        else:
            chunks, past = self._chunks(text, pictures), ctypes.c_int32(0)
            failed = self._mtmd.mtmd_helper_eval_chunks(
                self._context, context, chunks, 0, 0, BATCH, True, ctypes.byref(past)
            )
            self._mtmd.mtmd_input_chunks_free(chunks)
            if failed:
                raise GleamError("llama.cpp failed to read a prompt.")
        logits = self._cpp.llama_get_logits_ith(context, -1)
        return np.ctypeslib.as_array(logits, (self.llm.n_vocab(),)).copy()

    def _chunks(self, text: str, pictures: Sequence[Picture]) -> Any:
        mtmd = self._mtmd
        bitmaps = []
        for picture in pictures:
            pixels = np.ascontiguousarray(picture)
            data = (ctypes.c_uint8 * pixels.size).from_buffer_copy(pixels.tobytes())
            bitmaps.append(mtmd.mtmd_bitmap_init(pixels.shape[1], pixels.shape[0], data))
        chunks = mtmd.mtmd_input_chunks_init()
        wanted = mtmd.mtmd_input_text()
        wanted.text = text.encode()
        wanted.text_len = len(wanted.text)
        wanted.add_special, wanted.parse_special = False, True
        array = (mtmd.mtmd_bitmap_p_ctypes * max(1, len(bitmaps)))(*bitmaps)
        failed = mtmd.mtmd_tokenize(
            self._context, chunks, ctypes.byref(wanted), array, len(bitmaps)
        )
        for bitmap in bitmaps:
            mtmd.mtmd_bitmap_free(bitmap)
        if failed:
            mtmd.mtmd_input_chunks_free(chunks)
            raise GleamError("llama.cpp cannot read a prompt.")
        return chunks
