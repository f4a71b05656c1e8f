"""The child process that holds the language model: JSON lines in on stdin, out on stdout.

In:  ``{"do": "load", "model": path, "mmproj": path|null, "adapter": path|null, "context": n, "threads": n}``
     ``{"do": "judge", "messages": [...], "words": [...]}``
     ``{"do": "write", "messages": [...], "grammar": text, "max_tokens": n}``
     ``{"do": "stop"}``
Out: ``{"is": "ready"}``, ``{"is": "odds", "logits": [...]}`` of the words,
     ``{"is": "text", "text": ..., "log_probability": x, "tokens": n}``, ``{"is": "end", "reason": "done"|"stopped"}``,
     ``{"is": "error", "message": ...}``
It ends when its stdin does, so it never outlives its parent.
"""

import json
import os
import queue
import signal
import threading
from typing import IO, Any


class Worker:
    """Obeys one parent. ``replies`` is the private copy of stdout; nothing else may write there."""

    def __init__(self, requests: IO[str], replies: IO[str]) -> None:
        self._requests = requests
        self._replies = replies
        self._todo: queue.Queue[dict[str, Any]] = queue.Queue()
        self._stop = threading.Event()
        self._reader: Any = None

    def run(self) -> None:
        """Serve until the parent closes its end."""
        threading.Thread(target=self._listen, daemon=True).start()
        while True:
            request = self._todo.get()
            try:
                todo = {"load": self._load, "judge": self._judge, "write": self._write}
                todo[request["do"]](request)
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

        from gleam_app.explain.reading import Reader

        self._reader = None
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
        self._reader = Reader(llm, request["mmproj"])
        self._say({"is": "ready"})

    def _judge(self, request: dict[str, Any]) -> None:
        self._reader.read(request["messages"])
        self._say({"is": "odds", "logits": self._reader.odds(request["words"])})

    def _write(self, request: dict[str, Any]) -> None:
        self._reader.read(request["messages"])
        reason = "done"
        for piece in self._reader.write(request["grammar"], request["max_tokens"]):
            if self._stop.is_set():
                reason = "stopped"
                break
            self._say({"is": "text", **piece._asdict()})
        self._say({"is": "end", "reason": reason})


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
