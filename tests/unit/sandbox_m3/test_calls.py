"""Every transaction of the catalogue is checked and answered, whatever the form of the call."""

import pytest

from sandbox.m3.signatures import ANY_PROGRAM, load_catalogue

from .conftest import BASE, M3


def test_every_transaction_of_the_catalogue_gives_an_m3_answer(m3: M3) -> None:
    for program, known in load_catalogue().programs.items():
        if program == ANY_PROGRAM:
            continue
        for transaction, signature in known.transactions.items():
            record = {f.name: "1" for f in signature.inputs.values() if f.mandatory}
            answer = m3.get(f"{program}/{transaction}", **record)
            assert answer.status_code == 200, (program, transaction, answer.get_json())
            assert len(answer.get_json()["results"]) == 1


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("OIS300MI/LstHead", "TransactionNotFound"),
        ("OIS100MI/AddHead", "TransactionNotFound"),
        ("ois100mi/GetHead", "TransactionNotFound"),
        ("ANY/GetServerTime", "TransactionNotFound"),
        ("OIS100MI/GetHead", "MandatoryInputFieldNotFound"),
        ("OIS100MI/GetHead?ORNO=%20", "MandatoryInputFieldNotFound"),
        ("OIS100MI/GetHead?ORNO=00100000012", "InputFieldTooLong"),
        ("OIS100MI/GetHead?ORNO=1&NOPE=1", "InputFieldNotFound"),
        ("OIS275MI/GetTmpOrderStat?ORNO=1&CONO=1", "InputFieldNotFound"),
        ("MMS200MI/GetItmBasic?ITNO=A&maxrecs=x", "BadRequest"),
        ("MMS200MI/GetItmBasic?ITNO=A&dateformat=DMY6", "BadRequest"),
    ],
)
def test_invalid_single_call_is_http_400_with_its_kind_at_the_top_level(m3: M3, name: str, kind: str) -> None:
    answer = m3.http.get(f"{BASE}/{name}", headers=m3.headers)

    assert (answer.status_code, answer.get_json()["errorType"]) == (400, kind)


def test_text_in_a_numeric_field_is_not_numeric(m3: M3) -> None:
    assert m3.code("OIS100MI/AddBatchAddress", ORNO="1", ADRT="A") == "XNU0000"


def test_transactions_without_behaviour_answer_as_an_empty_site_would(m3: M3) -> None:
    assert m3.code("MMS040MI/GetStockZone", WHLO="001", SLTP="A") == "XRE0103"
    assert m3.records("MWS411MI/LstDelLnByOrd", RORC="3", RIDN="1") == []


def test_foreign_company_is_not_authorised(m3: M3) -> None:
    assert m3.code("MMS200MI/GetItmBasic", ITNO="MUG-001", cono="2") == "XAU0008"
    assert m3.code("MMS200MI/GetItmBasic", ITNO="MUG-001", CONO="2") == "XAU0008"


def test_list_is_cut_at_the_number_of_records_asked_for(m3: M3) -> None:
    m3.control("customers", [{"cuno": f"M{number}"} for number in range(150)])

    assert len(m3.records("CRS610MI/LstByNumber")) == 100
    assert len(m3.records("CRS610MI/LstByNumber", maxrecs="3")) == 3
    assert len(m3.records("CRS610MI/LstByNumber", maxrecs="0")) > 150


def test_columns_empty_values_and_padding_are_as_asked(m3: M3) -> None:
    (chosen,) = m3.records("MMS200MI/GetItmBasic", ITNO="MUG-001", returncols="ITNO,ITDS")
    (lean,) = m3.records("MMS200MI/GetItmBasic", ITNO="MUG-001", excludeempty="true")
    (full,) = m3.records("MMS200MI/GetItmBasic", ITNO="MUG-001")
    (padded,) = m3.records("MMS200MI/GetItmBasic", ITNO="MUG-001", returncols="ITNO", righttrim="false")

    assert chosen == {"ITNO": "MUG-001", "ITDS": "Enamel mug"}
    assert "" not in lean.values()
    assert "" in full.values()
    assert padded == {"ITNO": "MUG-001        "}


def test_bulk_keeps_errors_in_their_results_and_goes_on(m3: M3) -> None:
    body = m3.bulk(
        "MMS200MI",
        ("GetItmBasic", {"ITNO": "NOSUCH"}),
        ("NoSuch", {}),
        ("GetItmBasic", {}),
        ("GetItmBasic", {"ITNO": "MUG-001"}),
    ).get_json()

    assert [result.get("errorType", "") for result in body["results"]] == [
        "ServerReturnedNOK",
        "TransactionNotFound",
        "MandatoryInputFieldNotFound",
        "",
    ]
    assert (body["nrOfSuccessfullTransactions"], body["nrOfFailedTransactions"], body["wasTerminated"]) == (1, 3, False)


def test_nok_at_the_top_level_is_for_calls_of_one_transaction(m3: M3) -> None:
    m3.control("faults", {"nok_shape": "400"})

    alone = m3.bulk("MMS200MI", ("GetItmBasic", {"ITNO": "NOSUCH"}))
    together = m3.bulk("MMS200MI", ("GetItmBasic", {"ITNO": "NOSUCH"}), ("GetItmBasic", {"ITNO": "MUG-001"}))

    assert (alone.status_code, alone.get_json()["errorCode"]) == (400, "WIT0103")
    assert (together.status_code, together.get_json()["nrOfFailedTransactions"]) == (200, 1)


def test_bulk_takes_numbers_and_keeps_their_digits(m3: M3) -> None:
    orno = m3.head()
    m3.bulk("OIS100MI", ("AddBatchLine", {"ORNO": orno, "ITNO": "MUG-001", "ORQT": 2, "SAPR": 12.90, "SACD": 1}))

    assert m3.records("OIS100MI/LstBatchLine", ORNO=orno)[0]["SAPR"] == "12.9"


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"[]",
        b"{}",
        b'{"program":"MMS200MI","transactions":[]}',
        b'{"nope":1,"transactions":[{"transaction":"Get"}]}',
    ],
)
def test_bulk_of_another_shape_is_refused(m3: M3, body: bytes) -> None:
    assert m3.http.post(BASE, data=body, headers=m3.headers).status_code == 400


def test_wrong_path_and_method_are_answered_by_the_gateway_without_a_body(m3: M3) -> None:
    wrong_path = m3.http.get("/SANDBOX_TST/M3/m3api-rest/v2/nowhere", headers=m3.headers)
    wrong_method = m3.http.post(f"{BASE}/OIS100MI/GetHead", headers=m3.headers)

    assert (wrong_path.status_code, wrong_path.data) == (404, b"")
    assert (wrong_method.status_code, wrong_method.data) == (405, b"")
