"""The child process that holds the language model: JSON lines in on stdin, out on stdout.

In:  ``{"do": "load", "model": path, "mmproj": path|null, "adapter": path|null, "context": n, "threads": n}``
     ``{"do": "write", "messages": [...], "grammar": text, "max_tokens": n}``
     ``{"do": "stop"}``
Out: ``{"is": "ready"}``, ``{"is": "text", "text": ...}``, ``{"is": "end", "reason": "done"|"stopped"|"length"}``,
     ``{"is": "error", "message": ...}``
It ends when its stdin does, so it never outlives its parent.
"""

import json
import os
import queue
import signal
import threading
from typing import IO, Any

from gleam_app.explain.chat import fit_parts, fit_text

TEMPLATE = "tokenizer.chat_template"


class Worker:
    """Obeys one parent. ``replies`` is the private copy of stdout; nothing else may write there."""

    def __init__(self, requests: IO[str], replies: IO[str]) -> None:
        self._requests = requests
        self._replies = replies
        self._todo: queue.Queue[dict[str, Any]] = queue.Queue()
        self._stop = threading.Event()
        self._llm: Any = None
        self._template: str | None = None

    def run(self) -> None:
        """Serve until the parent closes its end."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            request = self._todo.get()
            try:
                if request["do"] == "load":
                    self._load(request)
                else:
                    self._write(request)
            except Exception as error:  # whatever llama.cpp raises is reported to the parent
                self._say({"is": "error", "message": f"{type(error).__name__}: {error}"})

    def _listen(self) -> None:
        for line in self._requests:
            request = json.loads(line)
            if request["do"] == "stop":
                self._stop.set()
            else:
                self._stop.clear()
                self._todo.put(request)
        os._exit(0)  # even in the middle of a long computation

    def _say(self, reply: dict[str, Any]) -> None:
        self._replies.write(json.dumps(reply) + "\n")
        self._replies.flush()

    def _load(self, request: dict[str, Any]) -> None:
        import llama_cpp

        self._llm = None
        llm = llama_cpp.Llama(
            request["model"],
            lora_path=request.get("adapter"),
            n_ctx=request["context"],
            n_threads=request["threads"],
            n_threads_batch=request["threads"],
            n_gpu_layers=-1 if llama_cpp.llama_supports_gpu_offload() else 0,
            seed=0,
            verbose=False,
        )
        if request["mmproj"]:
            llm.chat_handler = chat_handler(request["mmproj"], llm.metadata)
        self._llm = llm
        self._template = llm.metadata.get(TEMPLATE) or None
        self._say({"is": "ready"})

    def _write(self, request: dict[str, Any]) -> None:
        import llama_cpp

        # a cached prefix would change the batches and with them the last bits: start afresh
        self._llm.reset()
        chunks = self._llm.create_chat_completion(
            self._fitted(request["messages"]),
            temperature=0.0,
            repeat_penalty=1.0,
            seed=0,
            max_tokens=request["max_tokens"],
            grammar=llama_cpp.LlamaGrammar.from_string(request["grammar"], verbose=False),
            stream=True,
        )
        reason = "done"
        for chunk in chunks:
            if self._stop.is_set():
                reason = "stopped"
                break
            choice = chunk["choices"][0]
            text = choice["delta"].get("content")
            if text:
                self._say({"is": "text", "text": text})
            if choice["finish_reason"] == "length":
                reason = "length"
        self._say({"is": "end", "reason": reason})

    def _fitted(self, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages as the model's own chat template takes them, if it has one."""
        if self._template is None:
            return messages
        if self._llm.chat_handler is None:
            return fit_text(self._template, messages)
        # the handler of pictures reads the template there, each time
        self._llm.metadata[TEMPLATE], fitted = fit_parts(self._template, messages)
        return fitted


def chat_handler(mmproj: str, metadata: dict[str, str]) -> Any:
    """What feeds pictures to the model: by the model's own chat template if it has one, else LLaVA 1.5's."""
    from llama_cpp import llama_chat_format

    if metadata.get(TEMPLATE):
        return llama_chat_format.MTMDChatHandler(clip_model_path=mmproj, verbose=False)
    return llama_chat_format.Llava15ChatHandler(clip_model_path=mmproj, verbose=False)


def main() -> int:
    """Serve on stdin and stdout; llama.cpp's own chatter goes nowhere."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C in a terminal is for the parent
    replies = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    Worker(os.fdopen(0, encoding="utf-8"), replies).run()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
