"""List the words of made-up articles: a newsroom that writes about energy, in a world much like ours. No I/O.

Lists are in the order of frequency, the most frequent first (see `articles.py`).
"""

from __future__ import annotations


def _list(text: str) -> list[str]:
    return text.split()


COMMON = "energy"  # in about half of all articles

# Each in about 0.1 % of all articles; none of them stands anywhere else.
RARE = _list("""
abacus acrobat albatross almanac amphora anchovy antelope apricot armadillo asteroid
bagpipe balalaika bamboo barnacle bassoon beehive birch blizzard bobsleigh buttercup
cactus camellia carousel catamaran cello chameleon chestnut cinnamon clarinet cobbler
daffodil dandelion dolphin dragonfly dumpling easel eclipse elderberry falcon fiddler
flamingo fossil gargoyle gazelle geyser gingerbread glacier gondola grasshopper hammock
hedgehog heron hazelnut iceberg jackdaw jellyfish juniper kangaroo kingfisher lantern
lavender lighthouse lobster marzipan meteorite mosaic narwhal nutmeg obelisk octopus
orchid oboe parchment peacock pelican periwinkle pomegranate porcupine puffin quartz
raccoon rhubarb saffron sandpiper sardine seahorse sextant sparrow tambourine tapestry
thimble toboggan trombone tugboat unicycle walnut waterfall windowsill xylophone zeppelin
""")

# Where it happens, with the tag of the place.
PLACES = {
    "Texas": "US-TX",
    "Germany": "DE",
    "California": "US-CA",
    "France": "FR",
    "Britain": "GB",
    "Ontario": "CA-ON",
    "Japan": "JP",
    "Norway": "NO",
    "India": "IN",
    "Spain": "ES",
    "Australia": "AU",
    "Brazil": "BR",
    "Poland": "PL",
    "Italy": "IT",
    "Denmark": "DK",
    "Quebec": "CA-QC",
    "Sweden": "SE",
    "Chile": "CL",
    "Kenya": "KE",
    "Vietnam": "VN",
    "Portugal": "PT",
    "Ohio": "US-OH",
    "Greece": "GR",
    "Finland": "FI",
    "Scotland": "GB-SCT",
    "Oregon": "US-OR",
    "Morocco": "MA",
    "Alberta": "CA-AB",
    "Ireland": "IE",
    "Austria": "AT",
    "Mexico": "MX",
    "Hungary": "HU",
    "Iowa": "US-IA",
    "Turkey": "TR",
    "Belgium": "BE",
    "Indonesia": "ID",
    "Nevada": "US-NV",
    "Croatia": "HR",
    "Egypt": "EG",
    "Latvia": "LV",
    "Maine": "US-ME",
    "Peru": "PE",
    "Iceland": "IS",
    "Estonia": "EE",
    "Ghana": "GH",
    "Vermont": "US-VT",
    "Uruguay": "UY",
    "Malta": "MT",
    "Nepal": "NP",
    "Fiji": "FJ",
}

ACTORS = _list("""
government ministry regulator utility council operator parliament court mayor governor union supplier developer
agency commission senate cooperative builder refinery manufacturer investor university laboratory watchdog landlord
port airport railway brewery foundry shipyard farmer insurer broker lender charity institute bureau tribunal committee
""")

VERBS = _list("""
approves delays plans backs cuts opens halts sells buys doubles rejects expands reviews restarts funds closes
postpones defends unveils abandons revives inspects repairs taxes leases extends questions welcomes upgrades tests
insures scraps licenses replaces completes audits celebrates withholds rations modernises
""")

ADJECTIVES = _list("""
new offshore national local cheap costly record rural coastal second disputed northern southern hidden early final
ambitious regional ageing modern vast temporary overdue experimental floating underground emergency municipal private
cross-border unfinished subsidised half-empty profitable controversial idle promising oversized provisional
""")

THINGS = _list("""
grid tariff pipeline reactor turbine battery cable dam substation terminal subsidy contract refit licence auction
tunnel tanker forecast levy stockpile boiler furnace converter transformer meter interconnector reservoir smelter
drill valve compressor generator windfarm heatpump charger network rebate permit survey audit
storehouse test-rig depot control-room switchyard workshop warehouse ferry locomotive greenhouse
""")

CAUSES = [
    "after storm",
    "despite protests",
    "before winter",
    "amid shortage",
    "after long talks",
    "as prices fall",
    "as demand grows",
    "in surprise move",
    "after court ruling",
    "ahead of election",
    "under new rules",
    "following inspection",
    "as costs climb",
    "after years of waiting",
    "without public debate",
    "to calm markets",
    "to save jobs",
    "against expert advice",
    "at last minute",
    "for third time",
    "in record heat",
    "as reserves shrink",
    "over safety doubts",
    "with foreign money",
    "after leak",
    "by narrow vote",
    "in spite of warnings",
    "once more",
]

GROUPS = _list("""
households commuters tenants drivers factories fishermen pensioners students villagers shareholders hospitals schools
growers taxpayers engineers electricians islanders bakers nurses miners
""")

UNITS = _list("""
homes megawatts tonnes jobs kilometres customers permits barrels panels euros dollars workers litres hectares lorries
""")

# How an excerpt begins; those of the second list bring the common word.
OPENINGS = [
    "On Monday",
    "On Tuesday",
    "On Wednesday",
    "On Thursday",
    "On Friday",
    "Over the weekend",
    "Late in the evening",
    "Without much notice",
    "For the first time",
    "By its own account",
    "After a closed session",
    "In a written answer",
    "As was expected",
    "Against the odds",
]
COMMON_OPENINGS = [
    "With energy bills in mind",
    "In a debate on energy",
    "As energy grows dear",
    "At an energy summit",
    "In the energy pages of its report",
    "Under the energy act",
    "Where energy is short",
]

CLOSINGS = [
    "Work could begin within {number} days.",
    "The bill may reach {number} million.",
    "A decision on the rest is due next month.",
    "Neighbours were told by letter.",
    "{other} has tried much the same.",
    "Critics in {other} call it a gamble.",
    "The {actor} wouldn't say who pays.",
    "It affects {number} {unit}, by a first count.",
    "Nobody was hurt.",
    "An appeal is still possible.",
    "The {thing} itself stays where it is.",
    "Shares rose a little at noon.",
    "Those {group} who complained had asked for more time.",
    "The papers run to {number} pages.",
]
RARE_CLOSING = "One page of the report shows a {rare}."

TITLES = [
    "{place}: {actor} {verb} {adjective} {thing} {cause}",
    "{adjective} {thing} divides {place} as {actor} {verb} plan {cause}",
    "How the {actor} in {place} {verb} its {adjective} {thing}, and what {group} get from it",
    "{surname} and the {adjective} {thing}: {place} waits while {actor} {verb} deal",
    "{actor} {verb} {thing} in {place} {cause}, {surname} says",
    "{number} {unit} at stake: {actor} in {place} {verb} {adjective} {thing}",
    "What {group} in {place} should know now that the {actor} {verb} the {thing}",
    "{place} {actor} {verb} {thing} worth {number} million {cause}",
    "{surname} asks {place} for patience: {actor} {verb} {adjective} {thing} {cause}",
]
EXCERPTS = [
    "{opening}, the {actor} says it {verb} the {adjective} {thing} near {place}; {surname} spoke of {number} {unit}.",
    "{opening}, {surname} told {group} in {place} what the {thing} will cost: {number} {unit} a year, or nearly so.",
    "{opening}, a {adjective} {thing} became the talk of {place}, because the {actor} {verb} it {cause}.",
    "{opening}, {group} from {place} met the {actor} about the {adjective} {thing}, which {surname} wants soon.",
    "{opening}, it came out that the {actor} {verb} what {surname} had promised the {group} of {place}: a {thing}.",
]

FIRST_SYLLABLES = _list(
    "Al Bar Cor Dan El Fen Gar Hol Is Jor Kel Lam Mor Nor Os Pel Quin Ros Sal Tor Ul Ver Wil Yar Zan"
)
MIDDLE_SYLLABLES = _list("a be ci do en fi go hu in ka le mi no or pa ri se ti um va we")
LAST_SYLLABLES = _list(
    "bach berg dale den feld gard holm ich ing ke land ley man mark mont ner quist rik sen ski son stein strom ton vik"
)

PAPERS = _list("""
Courier Herald Gazette Tribune Post Observer Ledger Dispatch Chronicle Record Mail Echo Standard Examiner Bulletin
Register Mirror Sentinel Argus Messenger Beacon Inquirer Advertiser Reporter Monitor Review Telegraph Journal Wire News
""")

# The tree of topics: (name, parent, share of all articles). The root and its twin exclude each other.
TOPICS = [
    ("Energy", "", 0.99),
    ("Newsroom", "", 0.01),
    ("Power Supply", "Energy", 0.40),
    ("Grid", "Energy", 0.05),
    ("Solar Power", "Energy", 0.05),
    ("Wind Power", "Energy", 0.05),
    ("Nuclear Power", "Energy", 0.05),
    ("Storage", "Energy", 0.05),
    ("Oil and Gas", "Energy", 0.05),
    ("Heating", "Energy", 0.05),
    ("Transport", "Energy", 0.05),
    ("Energy Policy", "Energy", 0.05),
    ("Energy Prices", "Energy", 0.05),
    ("Tidal Power", "Energy", 0.00015),
    ("Geothermal Power", "Energy", 0.00015),
    ("Airborne Wind Power", "Wind Power", 0.00015),
    ("Fusion", "Nuclear Power", 0.00015),
    ("Flywheels", "Storage", 0.00015),
    ("Peat", "Heating", 0.00015),
]
