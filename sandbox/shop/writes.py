"""What clients have written to the shop by REST, for checkers: `app` notes each write, `control` shows them."""

from sandbox.shop.routing import Answer, Call
from sandbox.shop.wire import JSONDict

BATCH = "/batch"


def note_write(call: Call, answer: Answer) -> None:
    """Note a request that changed something: each element of a batch that did, or the resource itself."""
    if call.method == "GET" or answer.status >= 400:
        return
    if not call.path.endswith(BATCH):
        call.shop.writes.append(_written(call.method, call.path, answer.body))
        return
    parts: JSONDict = answer.body if isinstance(answer.body, dict) else {}
    path = call.path.removesuffix(BATCH)
    call.shop.writes.extend(
        _written(f"BATCH {part}", path, row) for part, rows in parts.items() for row in rows if "error" not in row
    )


def _written(method: str, path: str, resource: JSONDict) -> JSONDict:
    return {"method": method, "path": path, **{name: resource.get(name) for name in ("id", "sku", "name")}}
