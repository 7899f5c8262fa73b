"""Prices of patterns: none costs more than its units, and those that people write are cheap."""

from hookline.events.pattern_prices import pattern_price
from tests.hookline.events.worst_data import AB, NANOS_PER_UNIT, SPARE_NANOS, measured
from tests.tables import each_of

PATTERNS = [
    *(rf"[ab]*a[ab]{{{times}}}c" for times in (2, 8, 14, 30, 200)),
    *(r"^[ab]*a[ab]{16}c", r"(a|b)*c", "(a+)+c", "(.*a){10}c", "(a{0,50}){50}c", ".*.*.*.*.*=c"),
    *(r"^(?:a|b|ab){1,200}c$", r"\b[ab]{20}\b.*\bfoo", r"^[ab]{1,200}[ab]*a[ab]{6}c"),
    *(
        r"(?i)[ab]*a[ab]{90}c",
        r"(?:[ab]{5}){9}c",
        "a?" * 50 + "c",
        r"[^a]*b[^c]{90}c",
        "^.*a.{40}c",
    ),
    *(r"(?P<name>[ab]*)a(?:[ab]{9}){5}c", r"[[:alpha:]&&[^b]]{30}[ab]{30}c", r"[\]ab]*a[ab]{40}c"),
]


@each_of("pattern", PATTERNS)
def test_no_pattern_costs_more_than_its_units(pattern: str) -> None:
    units, nanos = measured({"pattern": pattern}, AB)
    # Once more than the best of three: the automaton is made at the first.
    assert nanos < NANOS_PER_UNIT * units + SPARE_NANOS


@each_of(
    "pattern",
    [
        *("^[A-Z]+$", r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$", r"^[^@\s]+@[^@\s]+\.\S+$"),
        *("^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{12}$", "^[a-z]{1,64}$", "^https://[a-z.-]+/.*$"),
        *("^[A-Z]{2}[0-9]{2}$", r"^\d+(\.\d{1,2})?$", "^[a-z0-9]+(-[a-z0-9]+)*$", r"^\(\)\[\]$"),
    ],
)
def test_pattern_whose_automaton_is_small_is_cheap(pattern: str) -> None:
    assert pattern_price(pattern).character < 10


@each_of(
    "pattern, places",
    [
        *(("(?x)[ab]*a[ab]{ 500 }c", 500), ("(?x:[ab]{ 500 })", 500), ("(?ix-s: a{ 99 })", 99)),
        *(("(" * 200 + "[ab]{500}" + ")" * 200, 500), ("[ab]{9}{9}{9}", 729), ("(a{9}){99}", 891)),
        *((r"[\[\]ab]{99}", 99), ("[[ab]c]{99}", 99), (r"\{{99}", 99), ("a{99,}b", 100)),
        *((r"\p{L}{99}", 99), (r"\x{61}{99}", 99), (r"\u0061{99}", 99), ("a{,99}b", 99)),
        *(("a{" + "9" * 5_000 + "}", 10**8), ("(((", 0), ("[", 0), ("\\", 0), ("a{", 0)),
    ],
)
def test_places_of_a_pattern_are_never_fewer_than_they_are(pattern: str, places: int) -> None:
    price = pattern_price(pattern)
    assert places < 10 or price.character >= 200 + 6 * places
