"""English words for scene facts, and sentences to put them in.

Like the model's own grammar, they hold no digits, so that what is learnt can be written by the app.
"""

ZONES = {
    "centre": "in the centre",
    "upper": "in the upper part",
    "lower": "in the lower part",
    "left": "on the left",
    "right": "on the right",
    "upper left": "in the upper left",
    "upper right": "in the upper right",
    "lower left": "in the lower left",
    "lower right": "in the lower right",
}
DIRECTIONS = {
    "ns": ("north to south",),
    "ew": ("east to west", "west to east"),
    "nesw": ("north-east to south-west", "south-west to north-east"),
    "nwse": ("north-west to south-east", "south-east to north-west"),
}
COLOURS = {
    "red": "reddish", "brown": "brown", "tan": "sand-coloured", "dark": "dark grey", "grey": "grey",
    "light": "light-coloured", "green": "green", "blue": "blue",
}  # fmt: skip

# (kind, value) -> noun phrases; {at} is the place in the picture, {way} a direction
NOUNS: dict[tuple[str, str], tuple[str, ...]] = {
    ("water", "present"): ("water{at}", "a stretch of water{at}", "open water{at}"),
    ("water", "none"): ("no water",),
    ("pool", "present"): ("a swimming pool{at}", "at least one swimming pool{at}"),
    ("pool", "none"): ("no swimming pool",),
    ("sports", "present"): ("a sports ground{at}", "a playing field{at}"),
    ("sports", "none"): ("no sports ground", "no playing field"),
    ("car_park", "present"): ("a car park{at}", "a parking area{at}"),
    ("car_park", "none"): ("no car park",),
    ("wood", "present"): ("woodland{at}", "a patch of woodland{at}"),
    ("wood", "none"): ("no woodland",),
    ("park", "present"): ("a park{at}", "parkland{at}"),
    ("field", "present"): ("farmland{at}", "open fields{at}"),
    ("field", "none"): ("no farmland", "no open fields"),
    ("green", "present"): ("a green space{at}", "a green area{at}"),
    ("buildings", "none"): ("no buildings",),
    ("buildings", "some"): ("some buildings",),
    ("buildings", "few"): ("a few buildings", "a handful of buildings"),
    ("buildings", "several"): ("several buildings", "a number of buildings"),
    ("buildings", "many"): ("many buildings", "numerous buildings"),
    ("trees", "none"): ("no trees",),
    ("trees", "few"): ("a few trees", "scattered trees"),
    ("trees", "many"): ("many trees", "plenty of trees"),
    ("roof_form", "flat"): ("flat roofs",),
    ("roof_form", "pitched"): ("pitched roofs",),
    ("storeys", "low"): ("low-rise buildings",),
    ("storeys", "mid"): ("mid-rise buildings",),
    ("storeys", "tall"): ("high-rise buildings",),
    ("junction", "none"): ("no road junction",),
    ("junction", "tee"): ("a T-junction{at}", "a T-shaped junction{at}"),
    ("junction", "cross"): ("a crossroads{at}", "crossing roads{at}"),
    ("junction", "star"): ("a junction of many roads{at}",),
    ("bend", "straight"): ("a straight main road",),
    ("bend", "curved"): ("a winding main road", "a curving main road"),
    **{
        ("road", way): tuple(
            f"a main road {runs} from {words}" for runs in ("running", "that runs") for words in named
        )
        for way, named in DIRECTIONS.items()
    },
    **{
        ("street", way): tuple(f"a street running from {words}" for words in named)
        for way, named in DIRECTIONS.items()
    },
    **{
        ("roofs", value): (f"mostly {word} roofs", f"roofs that are mainly {word}")
        for value, word in COLOURS.items()
    },
}  # fmt: skip

FIRST = {
    "uav": ("the drone photo", "the aerial photo"),
    "ground": ("the ground photo", "the street-level photo"),
    "panorama": ("the panorama", "the street panorama"),
    "map": ("the street map", "the map"),
}
KIND = {
    "uav": ("a drone photo", "an aerial photo"),
    "ground": ("a photo taken from the ground", "a street-level photo"),
    "panorama": ("a panorama", "a street panorama"),
    "map": ("a street map",),
}
SECOND = ("the satellite image", "the satellite tile")

# {one}: the picture's name; {kind}: what it is; {seen}: the list
IMAGE_1 = (
    "the first image is {kind} that shows {seen}",
    "the first image, {kind}, shows {seen}",
    "{one} shows {seen}",
    "in {one} one sees {seen}",
)
IMAGE_1_ALONE = ("the first image is {kind}",)
IMAGE_2 = (
    "the second image is a satellite tile that shows {seen}",
    "the second image, a satellite view, shows {seen}",
    "{two} shows {seen}",
    "in {two} one finds {seen}",
    "seen from above, {two} shows {seen}",
)
IMAGE_2_ALONE = ("the second image is a satellite tile", "the second image is a satellite view")
SHARED_MATCH = (
    "both images show {seen}",
    "both show {seen}",
    "what the two images share is {seen}",
    "the two images agree on {seen}",
    "common to both images: {seen}",
)
SHARED_OTHER = (
    "both images show {seen}, but so do many places",
    "it is true that both images show {seen}, yet many places do",
    "although both images show {seen}, this alone proves little",
)
NEITHER = ("neither image shows {seen}", "in neither image can one see {seen}")
DIFFERING = (
    "{one} shows {a}, whereas {two} shows {b}",
    "{one} shows {a}, while {two} shows {b}",
    "in {one} one sees {a}, but in {two} {b}",
    "{two} shows {b}, whereas {one} shows {a}",
    "where {one} shows {a}, {two} shows {b}",
)
ONE_DIFFERENCE = (
    "not everything agrees: {one} shows {a}, whereas {two} shows {b}",
    "there is a difference, as {one} shows {a}, while {two} shows {b}",
)
# what is said together: buildings, their height and their roofs; a road's bend and its direction
RISE = {"low": "low-rise", "mid": "mid-rise", "tall": "high-rise"}
MORE = ("", "", "moreover, ", "in addition, ", "also, ")
VERDICT = {
    True: (
        "the two images show the same place",
        "taken together, they show the same place",
        "so both images show the same place",
        "this confirms that they show the same place",
        "all in all, the two images are of the same place",
    ),
    False: (
        "the two images do not show the same place",
        "they therefore show different places",
        "so these are two different places",
        "taken together, this speaks for different places",
        "all in all, the images are of different places",
    ),
}
EVEN_SO = "even so, "
