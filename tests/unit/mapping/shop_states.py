"""The codes WooCommerce has of states, by country. Of a country that is not here the shop takes any text, or hides the field.

Source: WooCommerce, i18n/states.php of two releases, its codes alone. Some long lists are given by the form of their codes.
"""

from __future__ import annotations


def _numbered(front: str, last: int, *, first: int = 1, digits: int = 2) -> frozenset[str]:
    return frozenset(f"{front}{number:0{digits}}" for number in range(first, last + 1))


def _prefixed(front: str, codes: str) -> frozenset[str]:
    return frozenset(f"{front}{code}" for code in codes.split())


CODES: dict[str, frozenset[str]] = {
    "AL": _numbered("AL-", 12),
    "AO": _prefixed("", "BGO BLU BIE CAB CNN HUA HUI CCU CNO CUS LUA LNO LSU MAL MOX NAM UIG ZAI"),
    "AR": _prefixed("", "C B K H U X W E P Y L F M N Q R A J D Z S G V T"),
    "AU": _prefixed("", "ACT NSW NT QLD SA TAS VIC WA"),
    "BD": _numbered("BD-", 64),
    "BG": _numbered("BG-", 28),
    "BJ": _prefixed("", "AL AK AQ BO CO KO DO LI MO OU PL ZO"),
    "BO": _prefixed("BO-", "B H C L O N P S T") | _prefixed("", "B H C L O N P S T"),
    "BR": _prefixed("", "AC AL AP AM BA CE DF ES GO MA MT MS MG PA PB PR PE PI RJ RN RS RO RR SC SP SE TO"),
    "CA": _prefixed("", "AB BC MB NB NL NT NS NU ON PE QC SK YT"),
    "CH": _prefixed("", "AG AR AI BL BS BE FR GE GL GR JU LU NE NW OW SH SZ SO SG TG TI UR VS VD ZG ZH"),
    "CL": _prefixed("CL-", "AI AN AP AR AT BI CO LI LL LR MA ML NB RM TA VS"),
    "CN": _numbered("CN", 32, digits=1),
    "CO": _prefixed(
        "CO-",
        "AMA ANT ARA ATL BOL BOY CAL CAQ CAS CAU CES CHO COR CUN DC GUA GUV HUI LAG MAG MET NAR NSA PUT QUI RIS "
        "SAN SAP SUC TOL VAC VAU VID",
    ),
    "CR": _prefixed("CR-", "A C G H L P SJ"),
    "DE": _prefixed("DE-", "BW BY BE BB HB HH HE MV NI NW RP SL SN ST SH TH"),
    "DO": _numbered("DO-", 42),
    "DZ": _numbered("DZ-", 48),
    "EC": _prefixed("EC-", "A B F C H X O E W G I L R M S N D Y P SE SD U T Z"),
    "EG": _prefixed(
        "EG", "ALX ASN AST BA BH BNS C DK DT FYM GH GZ IS JS KB KFS KN LX MN MNF MT PTS SHG SHR SIN SUZ WAD"
    ),
    "ES": _prefixed(
        "",
        "C VI AB A AL O AV BA PM B BU CC CA S CS CE CR CO CU GI GR GU SS H HU J LO GC LE L LU M MA ML MU NA OR P PO "
        "SA TF SG SE SO T TE TO V VA BI ZA Z",
    ),
    "GH": _prefixed("", "AF AH BA BO BE CP EP AA NE NP OT SV UE UW TV WP WN"),
    "GR": _prefixed("", "I A B C D E F G H J K L M"),
    "GT": _prefixed("GT-", "AV BV CM CQ PR ES GU HU IZ JA JU PE QZ QC RE SA SM SR SO SU TO ZA")
    | _prefixed("", "AV BV CM CQ PR ES GU HU IZ JA JU PE QZ QC RE SA SM SR SO SU TO ZA"),
    "HK": frozenset({"HONG KONG", "KOWLOON", "NEW TERRITORIES"}),
    "HN": _prefixed("HN-", "AT IB CH CL CM CP CR EP FM GD IN LE LP OC OL SB VA YO"),
    "HR": _numbered("HR-", 21),
    "HU": _prefixed("", "BK BE BA BZ BU CS FE GS HB HE JN KE NO PE SO SZ TO VA VE ZA"),
    "ID": _prefixed(
        "",
        "AC SU SB RI KR JA SS BB BE LA JK JB BT JT JI YO BA NB NT KB KT KI KS KU SA ST SG SR SN GO MA MU PA PB",
    ),
    "IE": _prefixed("", "CW CN CE CO DL D G KY KE KK LS LM LK LD LH MO MH MN OY RN SO TA WD WH WX WW"),
    "IN": _prefixed(
        "",
        "AP AR AS BR CT GA GJ HR HP JK JH KA KL LA MP MH MN ML MZ NL OR PB RJ SK TN TS TR UK UP WB AN CH DN DD DL LD PY",
    ),
    "IR": _prefixed(
        "",
        "KHZ THR ILM BHR ADL ESF YZD KRH KRN HDN GZN ZJN LRS ABZ EAZ WAZ CHB SKH RKH NKH SMN FRS QHM KRD KBD GLS GIL "
        "MZN MKZ HRZ SBN",
    ),
    "IT": _prefixed(
        "",
        "AG AL AN AO AR AP AT AV BA BT BL BN BG BI BO BZ BS BR CA CL CB CE CT CZ CH CO CS CR KR CN EN FM FE FI FG FC "
        "FR GE GO GR IM IS SP AQ LT LE LC LI LO LU MC MN MS MT ME MI MO MB NA NO NU OR PD PA PR PV PG PU PE PC PI PT "
        "PN PZ PO RG RA RC RE RI RN RM RO SA SS SV SI SR SO SU TA TE TR TO TP TN TV TS UD VA VE VB VC VR VV VI VT",
    ),
    "JM": _numbered("JM-", 14),
    "JP": _numbered("JP", 47),
    "KE": _numbered("KE", 47),
    "KN": _prefixed("KN", "K N") | _numbered("KN", 15),
    "LA": _prefixed("", "AT BK BL CH HO KH LM LP OU PH SL SV VI VT XA XE XI XS"),
    "LR": _prefixed("", "BM BN GA GB GC GG GK LO MA MY MO NM RV RG SN"),
    "MD": _prefixed(
        "",
        "C BL AN BS BR CH CT CL CS CM CR DN DR DB ED FL FR GE GL HN IL LV NS OC OR RZ RS SG SR ST SD SV TR TL UN",
    ),
    "MX": _prefixed(
        "", "DF JA NL AG BC BS CM CS CH CO CL DG GT GR HG MX MI MO NA OA PU QT QR SL SI SO TB TM TL VE YU ZA"
    ),
    "MY": _prefixed("", "JHR KDH KTN LBN MLK NSN PHG PNG PRK PLS SBH SWK SGR TRG PJY KUL"),
    "MZ": _prefixed("MZ", "P G I B L MPM N A S T Q"),
    "NA": _prefixed("", "ER HA KA KE KW KH KU OW OH OS ON OT OD CA"),
    "NG": _prefixed(
        "",
        "AB FC AD AK AN BA BY BE BO CR DE EB ED EK EN GO IM JI KD KN KT KE KO KW LA NA NI OG ON OS OY PL RI SO TA YO ZA",
    ),
    "NP": _prefixed("", "BAG BHE DHA GAN JAN KAR KOS LUM MAH MEC NAR RAP SAG SET"),
    "NZ": _prefixed("NZ-", "AUK") | _prefixed("", "NL AK WA BP TK GI HB MW WE NS MB TM WC CT OT SL"),
    "PE": _prefixed(
        "", "CAL LMA AMA ANC APU ARE AYA CAJ CUS HUV HUC ICA JUN LAL LAM LIM LOR MDD MOQ PAS PIU PUN SAM TAC TUM UCA"
    ),
    "PH": _prefixed(
        "",
        "00 ABR AGN AGS AKL ALB ANT APA AUR BAS BAN BTN BTG BEN BIL BOH BUK BUL CAG CAN CAS CAM CAP CAT CAV CEB COM NCO "
        "DAV DAS DAC DAO DIN EAS GUI IFU ILN ILS ILI ISA KAL LUN LAG LAN LAS LEY MAG MAD MAS MSC MSR MOU NEC NER NSA NUE "
        "NUV MDC MDR PLW PAM PAN QUE QUI RIZ ROM WSA SAR SIQ SOR SCO SLE SUK SLU SUN SUR TAR TAW ZMB ZAN ZAS ZSI",
    ),
    "PK": _prefixed("", "JK BA TA GB IS KP PB SD"),
    "PY": _prefixed("PY-", "ASU") | _numbered("PY-", 17, digits=1),
    "RO": _prefixed(
        "",
        "AB AR AG BC BH BN BT BR BV B BZ CL CS CJ CT CV DB DJ GL GR GJ HR HD IL IS IF MM MH MS NT OT PH SJ SM SB SV "
        "TR TM TL VL VS VN",
    ),
    "RS": _prefixed("RS", "KM VO") | _numbered("RS", 29, first=0),
    "TH": _numbered("TH-", 96, first=10),
    "TR": _numbered("TR", 81),
    "TZ": _numbered("TZ", 30),
    "UA": _numbered("UA", 77, first=5) | _prefixed("", "VN VL DP DT ZT ZK ZP IF KV KH LH LV MY OD PL RV SM TP KK CV"),
    "UG": _numbered("UG", 126, first=101, digits=3) | _numbered("UG", 432, first=401, digits=3),
    "UM": _prefixed("", "81 84 86 67 89 71 76 95 79"),
    "US": _prefixed(
        "",
        "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH "
        "OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY AA AE AP",
    ),
    "UY": _prefixed("UY-", "AR CA CL CO DU FS FD LA MA MO PA RN RV RO SA SJ SO TA TT"),
    "VE": _prefixed("VE-", "A B C D E F G H I J K L M N O P R S T U V W X Y Z") | _prefixed("", "A B C"),
    "ZA": _prefixed("", "EC FS GP KZN LP MP NC NW WC"),
    "ZM": _numbered("ZM-", 10),
}
