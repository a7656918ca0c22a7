"""A stand-in for an object store on loopback: as much of the S3 protocol as reading Parquet needs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape


class _Handler(BaseHTTPRequestHandler):
    root: Path
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._object(body=False)

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        query = parse_qs(address.query)
        if "list-type" in query:
            self._list(unquote(address.path).strip("/").split("/")[0], query.get("prefix", [""])[0])
        else:
            self._object(body=True)

    def _object(self, *, body: bool) -> None:
        file = self.root / unquote(urlsplit(self.path).path).strip("/")
        if not file.is_file():
            self._answer(404, b"<Error><Code>NoSuchKey</Code></Error>" if body else b"", "application/xml")
            return
        content, status = file.read_bytes(), 200
        if wanted := self.headers.get("Range"):
            first, last = wanted.removeprefix("bytes=").split("-")
            content, status = content[int(first) : int(last) + 1], 206
        self._answer(status, content, "binary/octet-stream", body=body)

    def _list(self, bucket: str, prefix: str) -> None:
        folder = self.root / bucket
        keys = sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())
        found = "".join(
            f"<Contents><Key>{escape(k)}</Key><Size>{(folder / k).stat().st_size}</Size>"
            f"<LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>x</ETag></Contents>"
            for k in keys
            if k.startswith(prefix)
        )
        page = (
            f'<?xml version="1.0"?><ListBucketResult><Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>'
            f"<KeyCount>{len(keys)}</KeyCount><MaxKeys>1000</MaxKeys><IsTruncated>false</IsTruncated>{found}</ListBucketResult>"
        )
        self._answer(200, page.encode(), "application/xml")

    def _answer(self, status: int, content: bytes, kind: str, *, body: bool = True) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", "Thu, 01 Jan 2026 00:00:00 GMT")
        self.end_headers()
        if body:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the standard library
        """Stay silent."""


@contextmanager
def object_store(root: Path) -> Iterator[str]:
    """Serve the folders of `root` as buckets; give the endpoint."""
    handler = type("Handler", (_Handler,), {"root": root})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
