"""The BODs M3 sends, as reference ion/samples show them; `announcer` builds them under the lock of the state."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from xml.etree.ElementTree import Element

from sandbox.m3.dispatch import Delivery, Invoice
from sandbox.m3.entities import Item, Line, Order
from sandbox.m3.events.xml import document, node, path
from sandbox.m3.money import plain, totals
from sandbox.m3.prices import PriceKey
from sandbox.m3.programs.balances import six_decimals
from sandbox.m3.state import CONO, DIVI, State
from sandbox.m3.tokens import TENANT

LOGICAL_ID = "lid://infor.m3.m3sandbox"
MASTER = CONO
"""Accounting entity of master data: the company alone (Master AE)."""
DIVISION = f"{CONO}_{DIVI}"
ORDER_STATUSES = {"2": "Open", "3": "Approved", "4": "Working", "6": "Shipped", "7": "Invoiced"}
"""By the first digit of a status: its least progressed part."""
ITEM_STATUSES = {"10": "Pending", "20": "Open"}
INACTIVE_FROM = "80"


@dataclass(frozen=True)
class Identity:
    """Which version of which document a noun is."""

    document_id: str
    variation: int
    entity: str
    location: str = ""

    def node(self) -> Element:
        """Write the ID element."""
        attributes = {"accountingEntity": self.entity, "lid": LOGICAL_ID, "variationID": str(self.variation)}
        if self.location:
            attributes["location"] = self.location
        return node("ID", self.document_id, **attributes)


def status_word(status: str) -> str:
    """Give the word a BOD has for a status of an order or line."""
    return ORDER_STATUSES[status[0]]


def envelope(noun: str, nouns: list[Element], *, identity: Identity, action: str, now: datetime) -> bytes:
    """Put nouns of one kind into a Sync BOD; the application area names the first."""
    stamp = _utc(now)
    bod_id = (
        f"infor-nid:{TENANT}:{identity.entity}:{identity.location}:{identity.document_id}:"
        f"?{noun}&verb=Sync&variationID={identity.variation}"
    )
    sender = node(
        "Sender", node("LogicalID", LOGICAL_ID), node("ComponentID", "erp"), node("ConfirmationCode", "OnError")
    )
    sync = node(
        "Sync",
        node("TenantID", TENANT),
        node("AccountingEntityID", identity.entity),
        node("LocationID", identity.location) if identity.location else None,
        path("ActionCriteria/ActionExpression", actionCode=action),
    )
    area = node("ApplicationArea", sender, node("CreationDateTime", stamp), node("BODID", bod_id))
    return document(node(f"Sync{noun}", area, node("DataArea", sync, *nouns), releaseID="9.2", versionID="2.14.0"))


def item_master(item: Item, identity: Identity, *, now: datetime, is_deleted: bool) -> Element:
    """Write an item; a deleted one without its locations."""
    header = node(
        "ItemMasterHeader",
        node("ItemID", identity.node()),
        node("LastModificationDateTime", _utc(now)),
        node("Description", item.name, type="Item", languageID="en-US"),
        path(
            "Classification/Codes",
            node("Code", item.fields.get("ITTY", ""), listID="Item Types", sequence="1"),
            node("Code", item.fields.get("ITGR", ""), listID="Item Groups", sequence="2", accountingEntity=MASTER),
        ),
        _item_status(item, with_archive=True),
        node("BaseUOMCode", item.unit),
    )
    locations = [] if is_deleted else [_item_location(item, whlo) for whlo in sorted(item.balances)]
    return node("ItemMaster", header, *locations)


def inventory_count(state: State, itno: str, whlo: str, identity: Identity) -> Element:
    """Write the allocatable stock of an item in a warehouse."""
    item = state.items[itno]
    stamp = _utc(state.now())
    header = node(
        "InventoryCountHeader",
        node("DocumentID", identity.node()),
        node("DocumentDateTime", stamp),
        path("WarehouseLocation/ID", whlo),
    )
    line = node(
        "InventoryCountLine",
        node("LineNumber", "1"),
        path("Item/ItemID/ID", itno, accountingEntity=MASTER),
        node("Quantity", six_decimals(item.balances[whlo].allocatable_net), unitCode=item.unit),
        path("Status/Code", "Available"),
        node("TransactionDateTime", stamp),
    )
    return node("InventoryCount", header, line)


def customer_party_master(state: State, cuno: str, identity: Identity) -> Element:
    """Write a customer; the places are those of OAGIS, M3's own are not published."""
    customer = state.customers[cuno]
    header = node(
        "CustomerPartyMasterHeader",
        node("PartyIDs", identity.node()),
        node("Name", customer.fields.get("CUNM", "")),
        path("Status/Code", "Open" if customer.status == "20" else "Pending"),
    )
    return node("CustomerPartyMaster", header)


def price_list(state: State, key: PriceKey, identity: Identity) -> Element:
    """Write the price of an item in a list; the list is the alternate id of the document."""
    prrf, cucd, _, fvdt, itno = key
    price = state.prices.get(key)
    assert price is not None
    header = node(
        "PriceListHeader",
        node("DocumentID", identity.node()),
        path("AlternateDocumentID/ID", prrf),
        node("DocumentDateTime", _utc(state.now())),
        node("CurrencyCode", cucd),
        node(
            "EffectiveTimePeriod",
            node("StartDateTime", _midnight(fvdt)),
            node("EndDateTime", f"{_dashed(price.lvdt)}T23:59:59Z"),
        ),
    )
    unit_price = node(
        "UnitPrice",
        node("Amount", plain(price.sapr), currencyID=cucd),
        node("PerQuantity", str(price.sacd), unitCode=price.spun),
    )
    line = node(
        "PriceListLine",
        node("LineNumber", "1"),
        path("Item/ItemID/ID", itno, accountingEntity=MASTER),
        unit_price,
    )
    return node("PriceList", header, line)


def sales_order(state: State, order: Order, identity: Identity) -> Element:
    """Write an order with the progress of its lines; ORSL and ORST stand in the user area."""
    head = order.body.head
    now = _utc(state.now())
    customer = state.customers.get(order.body.cuno)
    figures = totals(order.body, is_taxed=customer is None or customer.is_taxed)
    header = node(
        "SalesOrderHeader",
        node("DocumentID", identity.node()),
        node("DisplayID", order.orno),
        node("LastModificationDateTime", now),
        node("DocumentDateTime", _midnight(head["ORDT"])),
        _status(status_word(order.highest_status), "Sales Order Status", now),
        path("CustomerParty/PartyIDs/ID", order.body.cuno, accountingEntity=MASTER),
        path("ShipToParty/PartyIDs/ID", _ship_to(order), accountingEntity=MASTER),
        path("PurchaseOrderReference/DocumentID/ID", head.get("CUOR", "")),
        node("ExtendedAmount", str(figures.to_pay), currencyID=head["CUCD"]),
        node("RequestedShipDateTime", _midnight(head["RLDT"])),
        node("PromisedDeliveryDateTime", _midnight(_last_day(order))),
        node("UserArea", _property("ORSL", order.lowest_status), _property("ORST", order.highest_status)),
    )
    lines = [_order_line(state, line, head["CUCD"]) for _, line in sorted(order.body.lines.items())]
    return node("SalesOrder", header, *lines)


def shipment(state: State, delivery: Delivery, identity: Identity) -> Element:
    """Write a delivery, which may be a part of an order."""
    now = _utc(state.now())
    order = state.orders[delivery.orno]
    header = node(
        "ShipmentHeader",
        node("DocumentID", identity.node()),
        path("AlternateDocumentID/ID", f"DLIX-{delivery.dlix}"),
        node("DocumentDateTime", now),
        node("DocumentReference", _order_reference(order), type="SalesOrder"),
        _status("Shipped", "ShipmentStatus", now),
        path("WarehouseLocation/ID", delivery.whlo),
        node("CarrierParty", path("PartyIDs/ID", "DHL"), node("Name", "DHL Parcel")),
        path("ShipFromParty/Location", _warehouse(delivery.whlo), type="Warehouse"),
        path("ShipToParty/PartyIDs/ID", _ship_to(order), accountingEntity=MASTER),
        node("ScheduledShipDateTime", _midnight(order.body.head["RLDT"])),
        node("PromisedDeliveryDateTime", _midnight(_last_day(order))),
    )
    items = [_shipment_item(order.body.lines[ponr], order, part) for ponr, part in sorted(delivery.quantities.items())]
    trackings = dict.fromkeys(one for one in (delivery.tracking, *(p.tracking for p in delivery.packages)) if one)
    return node("Shipment", header, *items, *(path("ShipmentUnit/TrackingID", number) for number in trackings))


def invoice(state: State, told: Invoice, identity: Identity) -> Element:
    """Write an invoice; where M3 puts the number of the order is not published, this is the usual place of OAGIS."""
    order = state.orders[told.orno]
    gross = str(told.net + told.vat)
    header = node(
        "InvoiceHeader",
        node("DocumentID", identity.node()),
        path("AlternateDocumentID/ID", str(told.ivno)),
        node("DocumentDateTime", _midnight(told.day)),
        node("SalesOrderReference", _order_reference(order)),
        path("CustomerParty/PartyIDs/ID", order.body.cuno, accountingEntity=MASTER),
        node("TotalAmount", gross, currencyID=told.currency),
    )
    lines = [_invoice_line(order, ponr, str(amount), told.currency) for ponr, amount in sorted(told.lines.items())]
    return node("Invoice", header, *lines)


def _item_status(item: Item, *, with_archive: bool) -> Element:
    is_inactive = item.status >= INACTIVE_FROM
    code = "Obsolete" if is_inactive else ITEM_STATUSES.get(item.status, "Open")
    archive = node("ArchiveIndicator", str(is_inactive).lower()) if with_archive else None
    return node("ItemStatus", node("Code", code, listID="Item Status"), archive)


def _item_location(item: Item, whlo: str) -> Element:
    facility = path("Facility/IDs/ID", whlo, accountingEntity=DIVISION)
    return node("ItemLocation", facility, _item_status(item, with_archive=False))


def _order_line(state: State, line: Line, currency: str) -> Element:
    item = state.items.get(line.itno)
    basic_unit = item.unit if item else line.unit
    allocated = line.open_quantity if line.status[0] in "34" else Decimal(0)
    shipped = line.delivered * line.quantity / line.basic_quantity
    return node(
        "SalesOrderLine",
        node("LineNumber", str(line.ponr)),
        _status(status_word(line.status), "Sales Order Line Status", _utc(state.now())),
        path("Item/ItemID/ID", line.itno, accountingEntity=MASTER),
        node("Quantity", plain(line.quantity), unitCode=line.unit),
        node("BaseUOMQuantity", plain(line.basic_quantity), unitCode=basic_unit),
        path("UnitPrice/Amount", plain(line.price), currencyID=currency),
        node("RequiredDeliveryDateTime", _midnight(line.dwdt)),
        path("ShipFromParty/Location", _warehouse(line.whlo), type="Warehouse"),
        node("AllocatedBaseUOMQuantity", plain(allocated), unitCode=basic_unit),
        node("ShippedQuantity", plain(shipped), unitCode=line.unit),
        node("ShippedBaseUOMQuantity", plain(line.delivered), unitCode=basic_unit),
    )


def _shipment_item(line: Line, order: Order, shipped: Decimal) -> Element:
    return node(
        "ShipmentItem",
        path("ItemID/ID", line.itno, accountingEntity=MASTER),
        node("ServiceIndicator", "false"),
        node("Description", line.name, languageID="en-US"),
        node("OrderQuantity", plain(line.quantity), unitCode=line.unit),
        node("ShippedQuantity", plain(shipped * line.quantity / line.basic_quantity), unitCode=line.unit),
        node("LineNumber", str(line.ponr)),
        node("DocumentReference", _order_reference(order), node("LineNumber", str(line.ponr)), type="SalesOrder"),
    )


def _invoice_line(order: Order, ponr: int, amount: str, currency: str) -> Element:
    return node(
        "InvoiceLine",
        node("LineNumber", str(ponr)),
        path("Item/ItemID/ID", order.body.lines[ponr].itno, accountingEntity=MASTER),
        node("ExtendedAmount", amount, currencyID=currency),
        node("SalesOrderReference", _order_reference(order), node("LineNumber", str(ponr))),
    )


def _order_reference(order: Order) -> Element:
    location = order.body.head.get("FACI", "")
    return path("DocumentID/ID", order.orno, accountingEntity=DIVISION, location=location)


def _warehouse(whlo: str) -> Element:
    return node("ID", whlo, accountingEntity=DIVISION)


def _ship_to(order: Order) -> str:
    adid = order.body.head.get("ADID", "")
    return f"{order.body.cuno}_{adid}" if adid else order.body.cuno


def _last_day(order: Order) -> str:
    return max((line.dwdt for line in order.body.lines.values()), default=order.body.head["RLDT"])


def _status(code: str, list_id: str, now: str) -> Element:
    return node("Status", node("Code", code, listID=list_id), node("EffectiveDateTime", now))


def _property(name: str, value: str) -> Element:
    return path("Property/NameValue", value, name=name, type="StringType")


def _dashed(day: str) -> str:
    return f"{day[:4]}-{day[4:6]}-{day[6:]}"


def _midnight(day: str) -> str:
    return f"{_dashed(day)}T00:00:00Z"


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
