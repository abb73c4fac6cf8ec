"""The settings pages about what is kept."""

from __future__ import annotations

from proto.kinds import KINDS
from proto.ui import Html
from proto.ui_settings import BackupPage, ExportPage, MemoryPage
from services.ui.templating import page as render


def memory(view: MemoryPage) -> Html:
    """What is recorded, how long it is kept, and how far the vectors are."""
    said = {kind.kind: (KINDS[kind.kind].__doc__ or "").rstrip(".") for kind in view.kinds if kind.kind in KINDS}
    return render("kept.html", heading="Memory", frame=view.frame, view=view, said=said)


def export(view: ExportPage) -> Html:
    """Where all that is kept of oneself is had, and what others wrote comes in."""
    return render("export.html", heading="Export and import", frame=view.frame, view=view)


def backup(view: BackupPage) -> Html:
    """What backups there are, and how one is restored."""
    return render("backup.html", heading="Backup", frame=view.frame, view=view)
