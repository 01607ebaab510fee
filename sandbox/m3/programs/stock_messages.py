"""MMS850MI: messages that move stock, taken once by their number, and read again; listed in `registry`."""

from collections.abc import Callable, Iterable

from sandbox.m3.entities import StockMessage
from sandbox.m3.programs.balances import check_location, six_decimals, warehouse_of
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO, State

TAKEN, FAILED, DONE = "10", "15", "90"
KEPT = ("E0PA", "PMSN", "WHSL", "BREM", "RSCD")


def add_adjustment(run: Run) -> Iterable[Row]:
    """Change what is on hand by QLQT, at once; a message number is taken once, without one each call counts."""
    item = run.state.item(_adjusted_item(run))
    whlo = warehouse_of(run)
    check_location(run)
    quantity = run.number("QLQT")
    if quantity is None:
        raise Refusal("CPF9898", "QLQT", message="The quantity must be entered")
    factor = item.basic_units(run.text("QLUN", item.unit))
    if factor is None:
        raise Refusal("XRE0103", "QLUN")
    number = run.text("MSNR") or run.state.take_stock_message()
    key = (number, run.text("MSLN", "1"), run.text("MSGS", "0"))
    if key in run.state.stock_messages:
        raise Refusal("XRE0104", "MSNR")
    kept = {name: run.text(name) for name in KEPT}
    message = StockMessage(*key, itno=item.itno, whlo=whlo, quantity=quantity * factor, fields=kept, status=TAKEN)
    run.state.stock_messages[key] = message
    message.said = run.state.stock_messages_say
    if run.state.stock_messages_fail:
        message.status, message.error = FAILED, run.state.stock_messages_fail
    elif run.state.runs_stock_messages:
        execute(run.state, message)
    return [{"CONO": CONO, "MSNR": number, "MSLN": message.line, "MSGS": message.sequence}]


def get_identity(run: Run) -> Iterable[Row]:
    """Read a line of a message: whose stock it moves."""
    message = _first(run, lambda one: (one.number, one.line) == (run.text("MSNR"), run.text("MSLN")))
    row = {"CONO": CONO, "MSNR": message.number, "MSLN": message.line, "ITNO": message.itno, "WHLO": message.whlo}
    return [row | {"PMSN": message.fields["PMSN"], "WHSL": message.fields["WHSL"], "BREM": message.fields["BREM"]}]


def get_instruction(run: Run) -> Iterable[Row]:
    """Read an instruction of a message: what it does, and how far it is."""
    key = (run.text("MSNR"), run.text("MSLN"), run.text("MSGS"))
    message = _first(run, lambda one: one.key == key)
    row = {"CONO": CONO, "MSNR": message.number, "MSLN": message.line, "MSGS": message.sequence, "WHLO": message.whlo}
    return [
        row
        | {"QLQT": six_decimals(message.quantity), "STAT": message.status, "RSCD": message.fields["RSCD"]}
        | {"MSID": message.error, "MSGD": message.said}
    ]


def list_messages(run: Run) -> Iterable[Row]:
    """List the numbers of messages with an external number, of a partner."""
    if not run.state.lists_stock_messages:
        return []
    wanted = (run.text("E0PB"), run.text("PMSN"))
    found = [one for one in run.state.stock_messages.values() if (one.fields["E0PA"], one.fields["PMSN"]) == wanted]
    return [{"CONO": CONO, "MSGN": one.number, "STAT": one.status} for one in found]


def execute(state: State, message: StockMessage) -> None:
    """Move the stock of a message that was not executed yet, as M3's job or a person in MMS850 does."""
    if message.status != DONE:
        message.status, message.error, message.said = DONE, "", ""
        state.move_stock(message.itno, message.whlo, on_hand=message.quantity)


def _first(run: Run, fits: Callable[[StockMessage], bool]) -> StockMessage:
    found = next((one for one in run.state.stock_messages.values() if fits(one)), None)
    if found is None:
        raise Refusal("XRE0103", "MSNR")
    return found


def _adjusted_item(run: Run) -> str:
    if run.text("ITNO"):
        return run.text("ITNO")
    found = run.state.items.of_alias(run.whole("ALWT"), run.text("POPN"))
    if not found:
        raise Refusal("WIT0102", "ITNO")
    return found[0].itno
