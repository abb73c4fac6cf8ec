"""The files of a box as the service may touch them: by descriptors, never through a link that the box put there."""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import msgspec

from proto import errors

DEEPEST = 10
NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC
READ = os.O_RDONLY | os.O_NONBLOCK | NO_LINK
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """A file below a folder."""

    path: str
    size: int
    state: str
    """Changes when the file does."""
    modified: float = 0.0


class Folder:
    """A folder of a box, held open."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a folder whose own name the box cannot change."""
        try:
            return cls(os.open(path, os.O_RDONLY | os.O_DIRECTORY | NO_LINK))
        except OSError as error:
            raise errors.Missing("This conversation has no box yet.") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)

    def files(self, most: int, below: str = "") -> list[Found]:
        """The regular files below it, by path; at most so many. Hidden folders are left out where `below` is none."""
        found: list[Found] = []
        with self._inner(below.split("/") if below else []) as begin:
            for folder, names, files, descriptor in os.fwalk(dir_fd=begin, follow_symlinks=False):
                names[:] = [name for name in names if not name.startswith(".")]
                if folder.count("/") >= DEEPEST:
                    names.clear()
                names.sort()
                for name in sorted(files):
                    state = _state(name, descriptor)
                    if state is not None and stat.S_ISREG(state.st_mode) and len(found) < most:
                        found.append(_found(posixpath.normpath(f"{below}/{folder}/{name}").removeprefix("/"), state))
        return found

    def size(self, name: str) -> int:
        """The size of a file directly in the folder; -1 when there is none."""
        state = _state(name, self._descriptor)
        return state.st_size if state is not None and stat.S_ISREG(state.st_mode) else -1

    @contextlib.contextmanager
    def reading(self, path: str) -> Iterator[BinaryIO]:
        """Open a regular file below the folder; OSError when it is anything else."""
        with self._parent(path) as (descriptor, name):
            handle = os.open(name, READ, dir_fd=descriptor)
        with open(handle, "rb", buffering=0) as file:  # noqa: PTH123 - of a descriptor
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                raise OSError(errno.EINVAL, "It is not a regular file", path)
            yield file

    def content(self, path: str, most: int) -> bytes:
        """The first bytes of a regular file below the folder; OSError when it is anything else."""
        with self.reading(path) as file:
            pieces = bytearray()
            while len(pieces) < most and (piece := file.read(most - len(pieces))):
                pieces += piece
        return bytes(pieces)

    def replace(self, path: str, content: bytes) -> None:
        """Write a file below the folder, with its folders; what it held before is gone."""
        *folders, name = path.split("/")
        self._make_folders(folders)
        with self._parent(path) as (descriptor, _), contextlib.closing(Fresh(descriptor)) as fresh:
            before = _state(name, descriptor)
            if before is not None and not stat.S_ISREG(before.st_mode):
                raise OSError(errno.EINVAL, "It is not a regular file", path)
            fresh.write(content)
            fresh.take_place_of(name, before)

    def remove(self, path: str) -> None:
        """Remove a regular file below the folder, if it is there."""
        with self._parent(path) as (descriptor, name):
            before = _state(name, descriptor)
            if before is not None and stat.S_ISREG(before.st_mode):
                os.unlink(name, dir_fd=descriptor)

    def _make_folders(self, folders: list[str]) -> None:
        for depth in range(1, len(folders) + 1):
            with self._parent("/".join(folders[:depth])) as (descriptor, name):
                if _state(name, descriptor) is None:
                    os.mkdir(name, 0o755, dir_fd=descriptor)
                    owner = os.fstat(descriptor)
                    if owner.st_uid != os.getuid():
                        os.chown(name, owner.st_uid, owner.st_gid, dir_fd=descriptor, follow_symlinks=False)

    @contextlib.contextmanager
    def fresh(self) -> Iterator[Fresh]:
        """A new file in the folder, which is gone again unless it is given a name."""
        fresh = Fresh(self._descriptor)
        try:
            yield fresh
        finally:
            fresh.close()

    @contextlib.contextmanager
    def _parent(self, path: str) -> Iterator[tuple[int, str]]:
        *folders, name = path.split("/")
        with self._inner(folders) as descriptor:
            yield descriptor, name

    @contextlib.contextmanager
    def _inner(self, folders: list[str]) -> Iterator[int]:
        """A folder below it, opened step by step: none of them may be a link."""
        with contextlib.ExitStack() as stack:
            descriptor = self._descriptor
            for folder in folders:
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | NO_LINK, dir_fd=descriptor)
                stack.callback(os.close, descriptor)
            yield descriptor


class Fresh:
    """A file that is being written; it belongs to whom the folder belongs to."""

    def __init__(self, folder: int) -> None:
        self._folder = folder
        self._name = f".{secrets.token_hex(8)}.part"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | NO_LINK
        self._handle = os.open(self._name, flags, 0o644, dir_fd=folder)
        owner = os.fstat(folder)
        if owner.st_uid != os.getuid():
            os.fchown(self._handle, owner.st_uid, owner.st_gid)

    def write(self, chunk: bytes) -> None:
        """Write the next bytes; TooLarge when the disk is full."""
        left = memoryview(chunk)
        try:
            while left:
                left = left[os.write(self._handle, left) :]
        except OSError as error:
            raise errors.TooLarge("There is no room on the disk for this file.") from error

    def take_place_of(self, name: str, before: os.stat_result | None) -> None:
        """Give it a name, with the rights of what bore it before."""
        if before is not None:
            os.fchmod(self._handle, stat.S_IMODE(before.st_mode) & 0o777)
        os.rename(self._name, name, src_dir_fd=self._folder, dst_dir_fd=self._folder)

    def name_it(self, names: Iterator[str]) -> str:
        """Give it the first of these names that is free."""
        for name in names:
            with contextlib.suppress(FileExistsError):
                os.link(self._name, name, src_dir_fd=self._folder, dst_dir_fd=self._folder, follow_symlinks=False)
                return name
        raise errors.Ambiguous("Every name for this file is taken.")

    def close(self) -> None:
        """Let go of it."""
        os.close(self._handle)
        with contextlib.suppress(OSError):
            os.unlink(self._name, dir_fd=self._folder)


def numbered(name: str) -> Iterator[str]:
    """A name, and then the same with a number before its ending: a.txt, a (2).txt, a (3).txt."""
    yield name
    stem, dot, ending = name.rpartition(".")
    if not stem:
        stem, dot, ending = name, "", ""
    for number in range(2, 1000):
        yield f"{stem} ({number}){dot}{ending}"


def _state(name: str, folder: int) -> os.stat_result | None:
    try:
        return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return None


def _found(path: str, state: os.stat_result) -> Found:
    looks = f"{state.st_size}/{state.st_mtime_ns}/{state.st_ino}"
    return Found(path=path, size=state.st_size, state=looks, modified=state.st_mtime)
