"""Knowledge as it was: its files, packed into the store with the first assessment under them."""

from __future__ import annotations

import json
import shutil
import tempfile
import zlib
from pathlib import Path, PurePosixPath

from sqlalchemy import Connection, select

from reall.library.files import PACKAGED, fingerprint, fingerprint_of, knowledge_files
from reall.library.knowledge import Knowledge, cache_folder, open_knowledge
from reall.service.store import audit
from reall.service.store.engine import saying_what_failed
from reall.service.store.errors import NotKeepable, StoreDamaged
from reall.service.store.records import Action, Detail
from reall.service.store.schema import KNOWLEDGE


def is_kept(connection: Connection, mark: str) -> bool:
    """Say whether the files of this knowledge are in the store."""
    return connection.execute(select(KNOWLEDGE.c.version).where(KNOWLEDGE.c.fingerprint == mark)).first() is not None


def pack(root: Path, knowledge: Knowledge) -> bytes:
    """Pack the files below `root`. Raises `NotKeepable` when they are not those of `knowledge`."""
    if fingerprint(root) != knowledge.fingerprint:
        raise NotKeepable(
            "the files of the knowledge were changed since they were opened",
            why="The assessment could not be given again under the knowledge that it rests on.",
            next="Start the program again, and assess again.",
        )
    files = {path.relative_to(root).as_posix(): path.read_bytes().decode("utf-8") for path in knowledge_files(root)}
    return zlib.compress(json.dumps(files).encode())


def keep(connection: Connection, knowledge: Knowledge, packed: bytes, *, by: str) -> None:
    """Write packed files with their audit entry, unless somebody else did meanwhile."""
    if is_kept(connection, knowledge.fingerprint):
        return
    entry = audit.append(
        connection,
        Action.KNOWLEDGE_KEPT,
        by=by,
        target=knowledge.fingerprint,
        detail={Detail.VERSION: knowledge.version},
    )
    row = {
        "fingerprint": knowledge.fingerprint, "version": knowledge.version, "files": packed,
        "at": entry.at, "actor": by, "audit_seq": entry.seq,
    }  # fmt: skip
    connection.execute(KNOWLEDGE.insert().values(row))


def packed_files(connection: Connection, mark: str) -> bytes:
    """Give the packed files of a knowledge that an assessment refers to."""
    return bytes(connection.execute(select(KNOWLEDGE.c.files).where(KNOWLEDGE.c.fingerprint == mark)).scalar_one())


def reopen(mark: str, packed: bytes) -> Knowledge:
    """Open kept knowledge: the program's own where it is the same, else from a private folder in the user's cache.

    Raises `StoreDamaged` when the files are not those that were kept.
    """
    if fingerprint(PACKAGED) == mark:
        return open_knowledge()
    folder = cache_folder() / f"kept-{mark}"
    if not folder.is_dir() or fingerprint(folder) != mark:
        _unpack(mark, packed, folder)
    return open_knowledge(folder)


def _unpack(mark: str, packed: bytes, folder: Path) -> None:
    """Write aside, then rename, so that a half-written folder is never opened; what was changed by hand goes."""
    files = unpacked(mark, packed)
    with saying_what_failed(str(folder)):
        folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        aside = Path(tempfile.mkdtemp(prefix=folder.name, dir=folder.parent))
        for name, text in files.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="")
        shutil.rmtree(folder, ignore_errors=True)
        try:
            aside.rename(folder)
        except FileExistsError:  # made meanwhile by another process
            shutil.rmtree(aside)


def unpacked(mark: str, packed: bytes) -> dict[str, str]:
    """Give names and texts of packed files. Raises `StoreDamaged` when they are not those of this fingerprint."""
    try:
        files = json.loads(zlib.decompress(packed))
        same = fingerprint_of((name, text.encode()) for name, text in files.items()) == mark
    except (zlib.error, ValueError, AttributeError):
        same = False
    if not same or not all(map(_inside, files)):
        raise StoreDamaged(
            f"the kept knowledge {mark[:12]} is not what was kept",
            next="Restore the newest backup into a new store (`reall store restore`).",
        )
    kept: dict[str, str] = files
    return kept


def _inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and "\\" not in name
