"""Who may use which route: every route there is, and what each kind of stranger gets."""

from __future__ import annotations

KINDS = {
    "open": (
        "GET /sign-in", "GET /in/{token}", "GET /static/{name}", "GET /healthz", "GET /sw.js", "GET /offline",
    ),
    "open form": ("POST /sign-in", "POST /in/{token}"),
    "page": (
        "GET /undo", "GET /go", "GET /timeline", "GET /timeline/{event}",
        "GET /", "GET /conversations", "GET /chat/{conversation}", "GET /tasks", "GET /tasks/{task}",
        "GET /chat/{conversation}/export/{form}", "GET /chat/{conversation}/turns/{turn}/seen",
        "GET /chat/{conversation}/turns/{turn}/answer",
        "GET /box", "GET /box/{conversation}", "GET /box/{conversation}/file", "GET /box/{conversation}/jobs/{job}",
        "GET /memory", "GET /memory/sql", "GET /memory/map", "GET /memory/documents",
        "GET /memory/documents/{document}", "GET /search", "GET /mind", "GET /mind/actions",
        "GET /mind/actions/{action}",
        "GET /mind/models", "GET /mind/rights", "GET /actions",
        "GET /settings", "GET /settings/sessions", "GET /settings/keys",
        "GET /settings/notifications", "GET /settings/suggestions",
        "GET /settings/memory", "GET /settings/export",
        "GET /settings/models", "GET /settings/approvals", "GET /settings/filter", "GET /chat/{conversation}/options",
    ),
    "stream": ("GET /live",),
    "form": (
        "POST /chat/{conversation}", "POST /chat/{conversation}/stop", "POST /chat/{conversation}/turns/{turn}",
        "POST /chat/{conversation}/title", "POST /chat/{conversation}/marks",
        "POST /chat/{conversation}/forget", "POST /chat/{conversation}/attach",
        "POST /box/{conversation}/network", "POST /box/{conversation}/file", "POST /box/{conversation}/upload",
        "POST /box/{conversation}/jobs", "POST /box/{conversation}/jobs/{job}",
        "POST /box/{conversation}/jobs/{job}/keys",
        "POST /undo", "POST /go", "POST /suggestion", "POST /settings/suggestions",
        "POST /tasks", "POST /tasks/sort", "POST /tasks/{task}/complete", "POST /tasks/{task}/reopen",
        "POST /tasks/{task}/rename", "POST /tasks/{task}/move", "POST /tasks/{task}/delete", "POST /settings/keys",
        "POST /mind/actions/{action}", "POST /mind/models/use", "POST /memory/documents",
        "POST /memory/documents/{document}/delete",
        "POST /approvals/{question}", "POST /actions/{action}/rule",
        "POST /settings/memory/recording", "POST /settings/memory/days", "POST /settings/import",
        "POST /settings/models", "POST /settings/filter", "POST /settings/waking", "POST /chat/{conversation}/options",
    ),
    "guest's form": (
        "POST /theme", "POST /keyboard", "POST /settings", "POST /settings/notifications",
        "POST /settings/export",
        "POST /memory/sql", "POST /memory/sql/csv",
        "POST /settings/password", "POST /settings/sessions/{session}/revoke",
        "POST /settings/keys/{key}/revoke", "POST /sign-out",
    ),
    "owner's page": ("GET /settings/users", "GET /settings/instructions", "GET /settings/backup"),
    "owner's form": (
        "POST /settings/memory/engine", "POST /settings/backup", "POST /settings/backup/{name}",
        "POST /mind/models", "POST /mind/models/cancel", "POST /mind/models/delete",
        "POST /settings/users", "POST /settings/users/{user}", "POST /settings/instructions/{job}"),
    "data": ("GET /api/conversations/{conversation}", "GET /api/tasks", "GET /api/search", "GET /api/actions"),
    "change": ("POST /api/do", "POST /api/chat/{conversation}", "POST /api/files/{conversation}"),
    "file": ("GET /files/{sha256}/{name}", "GET /openapi.json"),
    "numbers": ("GET /metrics",),
    "program's data": (
        "GET /mcp", "GET /v1/models", "GET /v1/models/{model:path}"),
    "program's change": ("DELETE /mcp", "POST /mcp", "POST /v1/chat/completions", "POST /v1/embeddings"),
}  # fmt: skip
"""What a route is. Whoever adds a route decides here who may use it."""

IN, ANY, DOOR = 200, 0, 303
"""Let in (whatever it then answers, it is neither 401, 403, nor the way to the door); for all; sent to sign in."""
STRANGERS = ("nobody", "expired", "revoked", "guest", "member", "void key", "guest key", "key")
EXPECTED: dict[str, tuple[int, ...]] = {
    "open": (IN, IN, IN, IN, IN, IN, IN, IN),
    "open form": (ANY, ANY, ANY, ANY, ANY, ANY, ANY, ANY),
    "page": (DOOR, DOOR, DOOR, IN, IN, DOOR, DOOR, DOOR),
    "stream": (401, 401, 401, IN, IN, 401, 401, 401),
    "form": (DOOR, DOOR, DOOR, 403, IN, DOOR, DOOR, DOOR),
    "guest's form": (DOOR, DOOR, DOOR, IN, IN, DOOR, DOOR, DOOR),
    "owner's page": (DOOR, DOOR, DOOR, 403, 403, DOOR, DOOR, DOOR),
    "owner's form": (DOOR, DOOR, DOOR, 403, 403, DOOR, DOOR, DOOR),
    "data": (401, 401, 401, IN, IN, 401, IN, IN),
    "change": (401, 401, 401, 403, IN, 401, 403, IN),
    "file": (DOOR, DOOR, DOOR, IN, IN, 401, IN, IN),
    "numbers": (401, 401, 401, 401, 401, 401, 403, 403),
    "program's data": (401, 401, 401, 401, 401, 401, IN, IN),
    "program's change": (401, 401, 401, 401, 401, 401, 403, IN),
}
"""What each of the strangers gets, in their order."""
KIND_OF = {route: kind for kind, routes in KINDS.items() for route in routes}


def named(route) -> str:
    return f"{route.method} {route.path}"


def expected(route, kind: str) -> int:
    return EXPECTED[KIND_OF[named(route)]][STRANGERS.index(kind)]
