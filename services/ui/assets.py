"""The files that pages refer to, each under a name that holds a hash of its content."""

from __future__ import annotations

import functools
import hashlib
from importlib.metadata import files
from pathlib import Path

import msgspec

from proto.assets import Asset, Assets
from services.ui import icons

OWN = Path(__file__).parent / "static"
DISTRIBUTION = "django-htmx"
LIBRARIES = {"htmx.js": "htmx-2.min.js", "sse.js": "hx-sse-2.min.js"}
"""Our name, and the file's name in the distribution that carries htmx; nothing of Django is imported."""
MEDIA = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml", ".png": "image/png"}
MANIFEST = "application/manifest+json"


class AssetMissing(Exception):
    """A file that pages need is not installed."""


@functools.cache
def assets() -> Assets:
    """All assets, read once."""
    own = {path.name: path for path in sorted(OWN.iterdir()) if path.suffix in MEDIA}
    found = [_asset(name, path.read_bytes()) for name, path in (own | _libraries()).items()]
    drawn = [_asset(f"icon-{size}.png", icons.icon(size)) for size in icons.SIZES]
    return Assets(assets=(*found, *drawn, _asset("daimon.webmanifest", _manifest(drawn))))


@functools.cache
def address(name: str) -> str:
    """Where a page finds an asset: `app.css` → `/static/app.0123456789ab.css`."""
    stem, _, suffix = name.rpartition(".")
    for asset in assets().assets:
        if asset.name.startswith(f"{stem}.") and asset.name.endswith(f".{suffix}"):
            return f"/static/{asset.name}"
    raise AssetMissing(name)


def _asset(name: str, content: bytes) -> Asset:
    stem, _, suffix = name.rpartition(".")
    digest = hashlib.sha256(content).hexdigest()[:12]
    media_type = MEDIA.get(f".{suffix}", MANIFEST)
    return Asset(name=f"{stem}.{digest}.{suffix}", media_type=media_type, content=content)


def _manifest(drawn: list[Asset]) -> bytes:
    """What a browser must know to install Daimon as an app."""
    pictures = zip(drawn, icons.SIZES, strict=True)
    shown = [
        {"src": f"/static/{asset.name}", "sizes": f"{size}x{size}", "type": "image/png"} for asset, size in pictures
    ]
    told = {
        "name": "Daimon",
        "short_name": "Daimon",
        "description": "Your own assistant on your own machine.",
        "id": "/",
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#faf7f1",
        "theme_color": "#faf7f1",
        "icons": [{**one, "purpose": purpose} for one in shown for purpose in ("any", "maskable")],
    }
    return msgspec.json.encode(told)


def _libraries() -> dict[str, Path]:
    installed = {Path(file.name).name: Path(str(file.locate())) for file in files(DISTRIBUTION) or ()}
    missing = set(LIBRARIES.values()) - installed.keys()
    if missing:
        raise AssetMissing(f"{DISTRIBUTION} is installed without {', '.join(sorted(missing))}")
    return {name: installed[file] for name, file in LIBRARIES.items()}
