"""What the state tells when something in it changed; `state` and the data modules tell, `events` listens."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Record(StrEnum):
    """The kinds of record others may want to hear of, by M3's table names."""

    ITEM = "MITMAS"
    BALANCE = "MITBAL"
    PRICE = "OPRBAS"
    ORDER = "OOHEAD"
    DELIVERY = "MHDISH"
    INVOICE = "CINHED"
    CUSTOMER = "OCUSMA"


class Operation(StrEnum):
    """What happened to the record."""

    CREATE = "CREATE"
    UPDATE = "UPDATE"
    DELETE = "DELETE"  # told while the record is still there


@dataclass(frozen=True)
class Change:
    """One changed record; `key`: ITNO | ITNO, WHLO | PRRF, CUCD, CUNO, FVDT, ITNO | ORNO |
    DLIX | IVNO | CUNO."""

    record: Record
    operation: Operation
    key: tuple[str, ...]


Listener = Callable[[Change], None]
