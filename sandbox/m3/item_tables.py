"""Item groups, product groups, hierarchies, colours and sizes of this site, with their names; catalogue and programs use it."""

ITEM_GROUPS = {
    "TSHIRT": "T-shirts",
    "HOODIE": "Hoodies",
    "CAP": "Caps",
    "KITCHEN": "Kitchen",
    "TOOLS": "Hand tools",
    "LIGHT": "Lighting",
    "PAPER": "Office & paper",
    "FOOD": "Food, bulk",
}
"""ITGR -> name (CRS025)."""

PRODUCT_GROUPS = {"CLOTH": "Clothing", "HOUSE": "Household", "WORK": "Workshop", "GROC": "Groceries"}
"""ITCL -> name (CRS035)."""

HIERARCHY = {
    (1, "APPAREL"): ("Apparel", ""),
    (1, "HOME"): ("Home & living", ""),
    (1, "WORKSHOP"): ("Workshop", ""),
    (2, "TOPS"): ("Tops", "APPAREL"),
    (2, "HEADWEAR"): ("Headwear", "APPAREL"),
    (2, "COOKING"): ("Cooking", "HOME"),
    (2, "LAMPS"): ("Lamps", "HOME"),
    (2, "OFFICE"): ("Office", "HOME"),
    (2, "HANDTOOLS"): ("Hand tools", "WORKSHOP"),
    (3, "TSHIRTS"): ("T-shirts", "TOPS"),
    (3, "HOODIES"): ("Hoodies", "TOPS"),
    (3, "CAPS"): ("Caps", "HEADWEAR"),
    (3, "PANS"): ("Pots & pans", "COOKING"),
    (3, "PANTRY"): ("Pantry", "COOKING"),
    (3, "DESKLAMPS"): ("Desk lamps", "LAMPS"),
    (3, "NOTEBOOKS"): ("Notebooks", "OFFICE"),
    (3, "HAMMERS"): ("Hammers", "HANDTOOLS"),
}
"""Level and key -> name and key of the level above (MMS021). HIE1 to HIE3 of an item hold the keys of the three levels."""

COLOURS = {"BLK": "Black", "WHT": "White", "RED": "Red", "BLU": "Blue", "GRN": "Green"}
SIZES = {"S": "Small", "M": "Medium", "L": "Large", "XL": "Extra large"}
