"""CRS610MI and CRS111MI, and the customer checks of OIS100MI; listed in `registry`."""

from collections.abc import Iterable

from sandbox.m3.changes import Operation, Record
from sandbox.m3.entities import Customer
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.programs.search import parse_query
from sandbox.m3.refusals import Refusal
from sandbox.m3.state import CONO

STATUSES = ("10", "20")
KEYS = ("CONO", "CUTM", "CUNO", "CHNO")


def add_customer(run: Run) -> Iterable[Row]:
    """Create a customer from a template.

    A given CUNO that exists is refused (XRE0104): that is the idempotency answer. Without STAT the template's status
    is taken over.
    """
    state = run.state
    template = state.customers.get(run.text("CUTM"))
    if template is None:
        raise Refusal("WCU0203", "CUTM", value=run.text("CUTM"))
    cuno = run.text("CUNO") or state.take_cuno()
    if cuno in state.customers:
        raise Refusal("XRE0104", "CUNO")
    _check_status(run)
    fields = template.fields | _sent(run) | {"PYNO": cuno, "INRC": cuno}
    state.customers[cuno] = Customer(cuno, fields, changed_ms=state.now_ms(), created_by_call=True)
    state.tell(Record.CUSTOMER, Operation.CREATE, cuno)
    return [{"CUNO": cuno, "ERRM": ""}]


def get_customer(run: Run) -> Iterable[Row]:
    """Read a customer: basic, order or financial data, as the signature of the transaction says."""
    return [customer_row(run.state.customer(run.text("CUNO")))]


def change_customer(run: Run) -> Iterable[Row]:
    """Change fields of a customer; what is not sent stays."""
    customer = run.state.customer(run.text("CUNO"))
    _check_status(run)
    customer.fields |= _sent(run)
    customer.changed_ms = run.state.now_ms()
    run.state.tell(Record.CUSTOMER, Operation.UPDATE, customer.cuno)
    return [{"CUNO": customer.cuno}]


def delete_customer(run: Run) -> Iterable[Row]:
    """Delete a customer that has no orders."""
    customer = run.state.customer(run.text("CUNO"))
    if run.state.orders_by_customer.get(customer.cuno) or run.state.batch_by_customer.get(customer.cuno):
        raise Refusal("CPF9898", "CUNO", message="The customer has orders")
    del run.state.customers[customer.cuno]
    return ()


def lst_by_number(run: Run) -> Iterable[Row]:
    """List customers in number order from CUNO on; with LMTS only those changed since."""
    since = run.whole("LMTS")
    for cuno in sorted(run.state.customers):
        customer = run.state.customers[cuno]
        if cuno >= run.text("CUNO") and customer.changed_ms >= since:
            yield customer_row(customer)


def lst_by_search_key(run: Run) -> Iterable[Row]:
    """List customers in search key order from ALCU on, past the key asked for."""
    keyed = ((customer.fields.get("ALCU", ""), cuno) for cuno, customer in run.state.customers.items())
    wanted = run.text("ALCU")
    for _, cuno in sorted(key for key in keyed if key[0] >= wanted):
        yield customer_row(run.state.customers[cuno])


def search_customer(run: Run) -> Iterable[Row]:
    """Search customers in an index that may lag behind."""
    matches = parse_query(run.text("SQRY"))
    newest = run.state.now_ms() - int(run.settings.search_lag_s * 1000)
    for customer in run.state.customers.values():
        row = customer_row(customer)
        if customer.changed_ms <= newest and matches(row):
            yield row


def customer_row(customer: Customer) -> dict[str, str]:
    """Write a customer by M3's field names."""
    return customer.fields | {"CONO": CONO, "CUNO": customer.cuno}


def add_address(run: Run) -> Iterable[Row]:
    """Add an address record."""
    customer = run.state.customer(run.text("CUNO"))
    key = _address_key(run)
    if key in customer.addresses:
        raise Refusal("XRE0104", "ADID")
    customer.addresses[key] = _sent(run)
    customer.changed_ms = run.state.now_ms()
    return [{"CONO": CONO, "CUNO": customer.cuno, "ADRT": str(key[0]), "ADID": key[1]}]


def change_address(run: Run) -> Iterable[Row]:
    """Change an address record."""
    _find_address(run).update(_sent(run))
    return ()


def delete_address(run: Run) -> Iterable[Row]:
    """Delete an address record."""
    _find_address(run)
    customer = run.state.customer(run.text("CUNO"))
    del customer.addresses[_address_key(run)]
    customer.changed_ms = run.state.now_ms()
    return ()


def get_address(run: Run) -> Iterable[Row]:
    """Read an address record."""
    return [_address_row(run.text("CUNO"), _address_key(run), _find_address(run))]


def lst_addresses(run: Run) -> Iterable[Row]:
    """List the address records of a customer from an address type on."""
    customer = run.state.customer(run.text("CUNO"))
    for key in sorted(customer.addresses):
        if key[0] >= run.whole("ADRT"):
            yield _address_row(customer.cuno, key, customer.addresses[key])


def add_email(run: Run) -> Iterable[Row]:
    """Add an e-mail address for a type and key."""
    if _email_key(run) in run.state.emails:
        raise Refusal("XRE0104", "EMKY")
    run.state.emails[_email_key(run)] = run.text("EMAL")
    return ()


def change_email(run: Run) -> Iterable[Row]:
    """Change an e-mail address."""
    _find_email(run)
    run.state.emails[_email_key(run)] = run.text("EMAL")
    return ()


def delete_email(run: Run) -> Iterable[Row]:
    """Delete an e-mail address."""
    _find_email(run)
    del run.state.emails[_email_key(run)]
    return ()


def get_email(run: Run) -> Iterable[Row]:
    """Read an e-mail address."""
    return [{"EMTP": run.text("EMTP"), "EMKY": run.text("EMKY"), "EMAL": _find_email(run)}]


def list_emails(run: Run) -> Iterable[Row]:
    """List e-mail addresses from a type and key on."""
    for kind, key in sorted(run.state.emails):
        if (kind, key) >= _email_key(run):
            yield {"EMTP": kind, "EMKY": key, "EMAL": run.state.emails[kind, key]}


def check_credit(run: Run) -> Iterable[Row]:
    """Refuse an amount that would exceed the credit limit (OIS100MI)."""
    customer = run.state.customer(run.text("CUNO"))
    value = run.state.open_value(customer.cuno) + (run.number("AMNT") or 0)
    if 0 < customer.credit_limit < value:
        raise Refusal("CPF9898", "AMNT", message="The credit limit is exceeded")
    return ()


def _sent(run: Run) -> dict[str, str]:
    return {name: value for name, value in run.record.items() if name not in KEYS}


def _check_status(run: Run) -> None:
    if run.text("STAT", "20") not in STATUSES:
        raise Refusal("WST0301", "STAT", value=run.text("STAT"))


def _address_key(run: Run) -> tuple[int, str]:
    return run.whole("ADRT"), run.text("ADID")


def _find_address(run: Run) -> dict[str, str]:
    found = run.state.customer(run.text("CUNO")).addresses.get(_address_key(run))
    if found is None:
        raise Refusal("WAD1003", "ADID", value=run.text("ADID"))
    return found


def _address_row(cuno: str, key: tuple[int, str], address: dict[str, str]) -> dict[str, str]:
    return address | {"CONO": CONO, "CUNO": cuno, "ADRT": str(key[0]), "ADID": key[1]}


def _email_key(run: Run) -> tuple[str, str]:
    return run.text("EMTP"), run.text("EMKY")


def _find_email(run: Run) -> str:
    found = run.state.emails.get(_email_key(run))
    if found is None:
        raise Refusal("XRE0103", "EMKY")
    return found
