"""The transactions that exist in every program; listed in `registry`."""

from collections.abc import Iterable

from sandbox.m3.programs.run import Row, Run
from sandbox.m3.refusals import TEXTS, Refusal, text_of
from sandbox.m3.signatures import load_catalogue
from sandbox.m3.state import CONO, DIVI, FACILITIES

USER = "SVCWOO"


def get_server_time(run: Run) -> Iterable[Row]:
    """Read date, time and time stamp of the server."""
    now = run.state.now()
    return [
        {
            "DATE": now.strftime("%Y%m%d"),
            # A number in M3: leading zeros are lost.
            "TIME": str(int(now.strftime("%H%M%S"))),
            "LMTS": str(run.state.now_ms()),
        }
    ]


def server_time_zone(run: Run) -> Iterable[Row]:
    """Read the server's time with its zone."""
    now = run.state.now()
    return [{"TMTZ": now.isoformat(timespec="seconds"), "UTCT": now.isoformat(timespec="seconds")}]


def get_message_text(run: Run) -> Iterable[Row]:
    """Read the text of a message id."""
    if run.text("MSID") not in TEXTS:
        raise Refusal("XRE0103", "MSID")
    return [{"MSGT": text_of(run.text("MSID"), run.text("PARM"))[:132]}]


def get_user_info(_run: Run) -> Iterable[Row]:
    """Read the defaults of the service account."""
    return [
        {
            "ZZUSID": USER,
            "ZDCONO": CONO,
            "ZDDIVI": DIVI,
            "ZDFACI": FACILITIES[0],
            "ZZWHLO": "001",
            "ZDLANC": "GB",
            "ZDDTFM": "YMD",
            "DSEP": ".",
            "TIZO": "UTC",
            "USFN": "Web shop service account",
        }
    ]


def get_current_user(_run: Run) -> Iterable[Row]:
    """Read who is signed on."""
    return [{"TEID": "SANDBOX_TST", "USER": USER, "PRUS": USER}]


def get_field_heading(run: Run) -> Iterable[Row]:
    """Read the description of a field's word."""
    word = run.text("MS15")
    labels = load_catalogue().labels
    return [{"TX40": labels.get(word[-4:], labels.get(word, word))[:40]}]


def fpw_version(_run: Run) -> Iterable[Row]:
    """Read the version of the framework."""
    return [{"VER": "16.0.0"}]


def get_mi_build(run: Run) -> Iterable[Row]:
    """Read the build of the program."""
    return [{"VERS": "16", "MBLD": "sandbox", "PGNM": run.program}]


def get_fix_level(_run: Run) -> Iterable[Row]:
    """Tell whether a fix is installed: none is."""
    return [{"SLVL": "0"}]
