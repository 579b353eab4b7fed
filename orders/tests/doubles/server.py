"""An HTTP server in a thread, with faults that the next requests meet."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# Before the effect or after it; the caller cannot tell which.
FAULTS = frozenset({"error_before", "error_after", "hang_after", "drop_after", "rubbish_after"})
HANG_SECONDS = 1.5


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Answer:
    status: int
    body: bytes
    content_type: str = "application/json"


@dataclass
class Double:
    """Subclasses answer in `handle`; `faults` are met in turn, one a request."""

    url: str = ""
    faults: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def handle(self, request: Request) -> Answer:
        raise NotImplementedError

    @contextmanager
    def running(self) -> Iterator[str]:
        double = self

        class Handler(BaseHTTPRequestHandler):
            def _serve(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                headers = {name.lower(): value for name, value in self.headers.items()}
                asked = Request(self.command, self.path, headers, self.rfile.read(length))
                with double.lock:
                    fault = double.faults.pop(0) if double.faults else ""
                    double.requests.append(asked)
                    answer = Answer(500, b"{}") if fault == "error_before" else None
                    answer = answer or double.handle(asked)
                if fault == "error_after":
                    answer = Answer(502, b"<html>bad gateway</html>")
                elif fault == "rubbish_after":
                    answer = Answer(200, b"not what you think")
                elif fault == "hang_after":
                    threading.Event().wait(HANG_SECONDS)
                elif fault == "drop_after":
                    self.close_connection = True
                    return
                try:
                    self.send_response(answer.status)
                    self.send_header("content-type", answer.content_type)
                    self.send_header("content-length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                except OSError:
                    # Whoever asked has gone: that is what a time-out looks like from here.
                    pass

            do_GET = do_POST = _serve

            def log_message(self, *_args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        try:
            yield self.url
        finally:
            server.shutdown()
            server.server_close()
            thread.join(5)
