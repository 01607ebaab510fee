"""CRS055MI: exchange rates; listed in `registry`."""

from collections.abc import Iterable

from sandbox.m3.money import plain
from sandbox.m3.prices import LOCAL_CURRENCY, Rate
from sandbox.m3.programs.run import Row, Run
from sandbox.m3.state import CONO, DIVI


def select_rates(run: Run) -> Iterable[Row]:
    """List the rate of each currency between two that holds on a day; with LMTS only those changed since."""
    first = run.text("CUTD") if run.settings.rates_of_the_day_only else ""
    newest: dict[str, Rate] = {}
    for key in sorted(run.state.rates):
        rate = run.state.rates[key]
        if rate.crtp == run.whole("CRTP") and first <= rate.cutd <= run.text("CUTD"):
            newest[rate.cucd] = rate
    for cucd, rate in newest.items():
        if run.text("FCUR") <= cucd <= run.text("TCUR", "~") and rate.changed_ms >= run.whole("LMTS"):
            yield _rate_row(rate)


def lst_rates_of_type(run: Run) -> Iterable[Row]:
    """List the rates of a currency and type from a date on."""
    start = (run.text("CUCD"), run.whole("CRTP"), run.text("CUTD"))
    for key in sorted(run.state.rates):
        if key[:2] == start[:2] and key >= start:
            yield _rate_row(run.state.rates[key])


def _rate_row(rate: Rate) -> dict[str, str]:
    return {
        "CONO": CONO,
        "DIVI": DIVI,
        "CUCD": rate.cucd,
        "CRTP": str(rate.crtp),
        "CUTD": rate.cutd,
        "ARAT": plain(rate.arat),
        "LOCD": LOCAL_CURRENCY,
        "DMCU": str(rate.dmcu),
        "RAFA": str(rate.rafa),
    }
