"""REST errors of the shop in WordPress's shape; raised by every handler, turned into an answer by `routing`."""

from collections.abc import Sequence
from typing import Any

from sandbox.shop.wire import JSONDict


class RestError(Exception):
    """An answer other than success: code, message, HTTP status, further keys of `data`."""

    def __init__(self, code: str, message: str, *, status: int = 400, data: Any = None, **extra: Any) -> None:
        super().__init__(code)
        self.code, self.message, self.status = code, message, status
        self._data = {"status": status, **extra} if data is None else data

    def body(self) -> JSONDict:
        """Return the JSON body of the answer."""
        return {"code": self.code, "message": self.message, "data": self._data}


def invalid_params(problems: dict[str, tuple[str, str, Any]]) -> RestError:
    """Build `rest_invalid_param` from name -> (code, message, data)."""
    return RestError(
        "rest_invalid_param",
        f"Invalid parameter(s): {', '.join(problems)}",
        params={name: message for name, (_, message, _) in problems.items()},
        details={
            name: {"code": code, "message": message, "data": data} for name, (code, message, data) in problems.items()
        },
    )


def missing_params(names: Sequence[str]) -> RestError:
    """Build `rest_missing_callback_param`; its `params` is a list, unlike that of `rest_invalid_param`."""
    return RestError("rest_missing_callback_param", f"Missing parameter(s): {', '.join(names)}", params=list(names))


def no_route() -> RestError:
    """Build the answer to an unknown address."""
    return RestError("rest_no_route", "No route was found matching the URL and request method.", status=404)


def invalid_id(kind: str, *, status: int = 404) -> RestError:
    """Build "Invalid ID." of a kind: `shop_order`, `product`, `product_variation`, `shop_webhook`."""
    return RestError(f"woocommerce_rest_{kind}_invalid_id", "Invalid ID.", status=status)
