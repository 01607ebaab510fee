"""The ways M3 says no, and its message texts; raised by the programs and written into answers by `envelope`."""

TEXTS = {
    "XRE0103": "Record does not exist",
    "XRE0104": "Record already exists",
    "XUP0001": "The record has been changed by user &1",
    "XO_1130": "Please try again later",
    "WIT0101": "Item number &1 is invalid",
    "WIT0102": "Item number must be entered",
    "WIT0103": "Item number &1 does not exist",
    "WCU0203": "Customer number &1 does not exist",
    "WOR0303": "Customer order number &1 does not exist",
    "WWH0103": "Warehouse &1 does not exist",
    "WFAC303": "Facility &1 is invalid",
    "WPO0403": "Alias number &1 does not exist",
    "WAD1001": "Address number &1 is invalid",
    "WAD1003": "Address number &1 does not exist",
    "WST0301": "Status &1 is invalid",
    "WMO0103": "Delivery method &1 does not exist",
    "WDL0701": "Planned delivery date &1 is invalid",
    "XNU0000": "The entry is not numeric",
    "XNU0003": "A negative value is not permitted",
    "X_01003": "User is not active",
    "XAU0008": "You are not authorised for company &1",
    "XIM0002": "Customer number is invalid",
    "CPF9898": "&1",
}
"""English texts of the message ids in protocol.md §4; `&1` is replaced by the value the message is about."""


def text_of(code: str, value: str = "") -> str:
    """Give the text of a message id with its value filled in."""
    return TEXTS.get(code, code).replace("&1", value).strip()


class Refusal(Exception):
    """A business error: the program ran and answered NOK."""

    def __init__(self, code: str, field: str = "", *, value: str = "", message: str = "") -> None:
        self.code = code
        self.field = field
        self.message = message or text_of(code, value)
        super().__init__(code)


class InvalidCall(Exception):
    """The REST layer refused the call before the program ran (HTTP 400 on a single call)."""

    def __init__(self, error_type: str, message: str, *, field: str = "") -> None:
        self.error_type = error_type
        self.message = message
        self.field = field
        super().__init__(error_type)
