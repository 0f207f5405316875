"""Telephone numbers as people type them, and what Google's own library makes of them.

Writes the table that tests/differential/phones.rs holds the gateway against. It is the same in every run with the same
library. To make it again with a newer one, read the difference, and change the version in REQUIRES:

    python3 -m venv target/phones
    target/phones/bin/pip install phonenumbers==9.0.43
    target/phones/bin/python tests/differential/phones.py > tests/differential/phones.tsv
"""

import random
import sys

import phonenumbers
from phonenumbers import PhoneNumberFormat as Format
from phonenumbers import PhoneNumberType as Type

REQUIRES = "9.0.43"
SEED = 6238
JAPANESE = 640
OTHERS = "US GB DE FR IT ES NL CN TW HK KR SG IN TH VN PH AU BR MX".split()
TOTAL = 2000

rng = random.Random(SEED)
WIDE = str.maketrans("0123456789-+() ", "０１２３４５６７８９－＋（）　")
# d: any digit; n: any digit but 0. Hyphens stand where people put them.
JAPANESE_PLAN = [
    ("070-nddd-dddd", 50),
    ("080-nddd-dddd", 50),
    ("090-nddd-dddd", 60),
    ("060-nddd-dddd", 15),
    ("050-nddd-dddd", 40),
    ("03-nddd-dddd", 30),
    ("06-nddd-dddd", 25),
    ("04-7ndd-dddd", 10),
    ("011-nnd-dddd", 15),
    ("022-nnd-dddd", 10),
    ("045-nnd-dddd", 15),
    ("052-nnd-dddd", 15),
    ("075-nnd-dddd", 10),
    ("092-nnd-dddd", 10),
    ("098-8nd-dddd", 10),
    ("0422-nd-dddd", 10),
    ("0466-nd-dddd", 10),
    ("0997-nd-dddd", 5),
    ("04992-n-dddd", 5),
    ("01267-n-dddd", 5),
    ("0120-ddd-ddd", 30),
    ("0800-ddd-dddd", 20),
    ("0800-ddd-ddd", 5),
    ("0570-ddd-ddd", 25),
    ("0990-ddd-ddd", 15),
    ("0180-99d-ddd", 10),
    ("0170-ddd-ddd", 5),
    ("020-nddd-dddd", 20),
    ("0200-ddddd-ddddd", 10),
    ("0910-ddd-ddd", 5),
    ("0067-dddd", 5),
    # No numbers at all, or of the wrong length.
    ("090-dddd-ddd", 15),
    ("090-0ddd-dddd", 10),
    ("090-nddd-ddddd", 10),
    ("03-nddd-ddd", 10),
    ("03-0ddd-dddd", 5),
    ("0120-ddd-dddd", 5),
    ("050-nddd-ddd", 5),
    ("11d", 5),
    ("184-090-nddd-dddd", 5),
    ("9dddddddd", 5),
    ("00-nddd-dddd", 5),
]


def digits(plan):
    return "".join({"d": lambda: rng.choice("0123456789"), "n": lambda: rng.choice("123456789")}.get(c, lambda: c)() for c in plan)


def japanese(number):
    """One spelling of a number with hyphens: what is typed, and what Google's library is asked where it cannot read it."""
    bare = number.replace("-", "")
    rest = bare.removeprefix("0")
    area, _, tail = number.partition("-")
    extension = digits(rng.choice(["d", "nd", "ndd", "nddd", "ndddd"]))
    spellings = [
        (number, None),
        (number, None),
        (bare, None),
        (bare, None),
        (number.replace("-", " "), None),
        (number.replace("-", "."), None),
        (f"({area}) {tail}", None),
        (f"{area}({tail.replace('-', ')', 1)}", None),
        (number.translate(WIDE), None),
        (bare.translate(WIDE), None),
        (number.replace("-", "ー"), number),
        (number.replace("-", "−"), None),
        (number.replace("-", "‐"), None),
        (f"+81 {number[1:].replace('-', ' ')}", None),
        (f"+81{rest}", None),
        (f"+81-{number[1:]}", None),
        (f"+81 (0){number[1:]}", None),
        (f"+81 {number}", None),
        (f"+81{bare}".translate(WIDE), None),
        (f"81{rest}", None),
        (f"010 81 {rest}", None),
        (f" {number} ", None),
        (f"tel:+81-{number[1:]}", None),
        (f"{number} ext. {extension}", None),
        (f"{number} x{extension}", None),
        (f"{number};ext={extension}", None),
        (f"{number} #{extension}", None),
        (f"{number} 内線{extension}", f"{number} ext. {extension}"),
        (f"{number}（内線：{extension}）", f"{number} ext. {extension}"),
        (f"{number.translate(WIDE)}　内線　{extension.translate(WIDE)}", f"{number} ext. {extension}"),
        (f"{bare}内線{extension}番", f"{bare} ext. {extension}"),
    ]
    return rng.choice(spellings)


def elsewhere(region):
    """A number of another country: one of a class its plan has, perhaps with a digit too few or too many."""
    kinds = [Type.MOBILE] * 4 + [Type.FIXED_LINE] * 3 + [Type.TOLL_FREE, Type.PREMIUM_RATE, Type.SHARED_COST]
    kinds += [Type.VOIP, Type.PERSONAL_NUMBER, Type.PAGER, Type.UAN, Type.VOICEMAIL]
    example = None
    while example is None:
        example = phonenumbers.example_number_for_type(region, rng.choice(kinds))
    national = phonenumbers.national_significant_number(example)
    keep = max(len(national) - rng.choice([4, 5, 6]), 1)
    national = national[:keep] + digits("d" * (len(national) - keep))
    national = rng.choice([national] * 12 + [national[:-1], national + rng.choice("0123456789")])
    number = phonenumbers.PhoneNumber(country_code=example.country_code, national_number=int(national))
    if national.startswith("0"):
        number.italian_leading_zero = True
        number.number_of_leading_zeros = len(national) - len(national.lstrip("0"))
    form = rng.choice([Format.E164, Format.INTERNATIONAL, Format.INTERNATIONAL, Format.NATIONAL, Format.NATIONAL, Format.RFC3966])
    typed = phonenumbers.format_number(number, form)
    if rng.random() < 0.1:
        typed = typed.translate(WIDE)
    if rng.random() < 0.1 and form != Format.RFC3966:
        typed += f" ext. {digits('nd')}"
    # What begins with a country code is read the same wherever it is typed.
    return typed, rng.choice([region, "JP"]) if form != Format.NATIONAL else region


def answer(text, region):
    """E.164, class and extension, as Google's library says."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return "-", "UNREADABLE", ""
    if not phonenumbers.is_valid_number(number):
        return "-", "NOT_VALID", ""
    e164 = phonenumbers.format_number(number, Format.E164)
    return e164, Type.to_string(phonenumbers.number_type(number)), number.extension or ""


def main():
    if phonenumbers.__version__ != REQUIRES:
        sys.exit(f"phonenumbers {REQUIRES} is needed, {phonenumbers.__version__} is here")
    rows = {}

    def add(typed, region, reference=None):
        rows.setdefault((typed, region), reference)

    for plan, count in JAPANESE_PLAN:
        for _ in range(count):
            typed, reference = japanese(digits(plan))
            add(typed, "JP", reference)
    while len(rows) < JAPANESE:
        typed, reference = japanese(digits(rng.choice(JAPANESE_PLAN)[0]))
        add(typed, "JP", reference)
    while len(rows) < TOTAL:
        for region in OTHERS:
            if len(rows) < TOTAL:
                add(*elsewhere(region))

    print(f"# What phonenumbers {phonenumbers.__version__} (PyPI, Google's metadata) says of numbers as people type them.")
    print(f"# Made by tests/differential/phones.py, seed {SEED}. Numbers are random: nobody was asked, nobody is meant.")
    print("# typed\tregion\tasked instead, where Google's library cannot read it\tE.164\tclass\textension")
    for (typed, region), reference in rows.items():
        print("\t".join([typed, region, reference or "", *answer(reference or typed, region)]))


main()
