"""Geometries of codec mix: what is predicted from what (docs/mix.md, geometries). Those of
guides are in guided.py."""

STREAM, GRID, BOOKS, TEXT, FRAMES, PROSE, BYTES, SPELT = range(8)
FLAT = STREAM, PROSE, BYTES, SPELT  # those of tokens in a row

# The values of a token that follow those of its neighbours.
VALUES = """M1 M2 first next1 next2 above start startAbove
place row col age flags churn reach len1 len2
column word word1 word2 kinds3 kinds4 kinds6 slot up1 up2
tail""".split()
FIRST_SMALL = VALUES.index("place")


class Geometry:
    matches, windows, changes, best, best_sets, net, best_net, side = [], [], [], [], [], [], [], []
    trail = words = spelt = bent = by_node = runs = False
    backward = best_dims = 0

    def __init__(self, **rows):
        self.__dict__.update(rows)
        lines = [line.split() for line in self.neighbours.split(",")]
        self.neighbours = [(name, int(t), int(r), int(c)) for name, t, r, c in lines]
        self.names = [n[0] for n in self.neighbours] + VALUES
        self.nets = [(self.net, self.best_net)] + self.side
        self.changes = [(self.value(a), self.value(b)) for a, b in self.changes]

    def value(self, name):
        """The number of a value of a token."""
        return self.names.index(name)


class Term:
    """A part of a context: kind is "value", "prefix" or "class", which hold for the whole
    token, or "depth", "node", "agree", "known", "sure", "trust" or "back", which are asked for
    each decision."""

    def __init__(self, geometry, name, sizes):
        self.keep = 0
        if name in ("depth", "node", "known", "sure", "trust"):
            self.kind, self.value = name, None
        elif name.startswith("agree"):
            self.kind, self.value = "agree", int(name[5:]) - 1
        elif name.startswith("back"):
            self.kind, self.value = "back", int(name[4:]) - 1
        elif name.endswith(":class"):
            self.kind, self.value = "class", geometry.value(name[:-6])
        elif "/" in name:
            name, keep = name.split("/")
            self.kind, self.value, self.keep = "prefix", geometry.value(name), int(keep)
        else:
            self.kind, self.value = "value", geometry.value(name)
        self.for_token = self.kind in ("value", "prefix", "class")
        small = None if self.value is None else geometry.names[self.value]
        symbols, places = sizes["symbols"], sizes["rows"] * sizes["cols"]
        self.whole = self.kind == "value" and geometry.names.index(small) < len(geometry.neighbours) + FIRST_SMALL
        self.size = {
            "prefix": (1 << self.keep) + 1, "class": sizes["classes"] + 1, "depth": 16,
            "node": min(symbols, 2048), "agree": 2, "known": sizes["contexts"] + 1, "sure": 216, "trust": 25, "back": 25,
            "value": {
                "place": min(places, 4096), "row": min(sizes["rows"], 4096), "col": min(sizes["cols"], 4096),
                "age": 8, "flags": 1 << len(geometry.changes), "churn": 16, "reach": 4, "len1": 32, "len2": 32,
                "column": 256, "kinds3": 512, "kinds4": 4096, "slot": 256,
            }.get(small, min(symbols, 2047) + 1),
        }[self.kind]  # fmt: skip


def terms(geometry, spec, sizes):
    return [Term(geometry, name, sizes) for name in spec.split()]


LATEST = "a -1 0 0, b -2 0 0, c -3 0 0, d -4 0 0, e -5 0 0, f -6 0 0"

GEOMETRIES = {
    STREAM: Geometry(
        neighbours=LATEST,
        matches=[5, 2],
        contexts=["", "a", "a b", "a b c", "b", "a:class b:class", "a:class", "next1 next2"],
        best=["a b c d", "a b c d e f", "a c", "b c", "a:class b:class c:class", "a b:class", "a b:class c:class",
              "c", "d", "a/4", "a/8 b/4 c/4 d/4", "a next1", "a start", "start startAbove reach"],
        candidates=[("M1", ["len1 depth"]), ("M2", ["len2 depth"])],
        trail=True, runs=True, windows=[100, 600, 5000],
        net=["a", "b", "c", "d", "e", "f", "a:class", "b:class", "c:class", "a:class b:class"], dims=32,
        best_net=["a b", "a b c", "next1", "above", "a/8 b/4"], best_dims=64,
        sets=["node", "a:class depth", "a:class b:class"],
        best_sets=["a", "known depth", "len1 agree1", "b:class depth", "a:class known", "M1:class a:class"],
        final="sure", maps=["node"], rates=(5000, 350), final_rates=(800, 150)),
    GRID: Geometry(
        neighbours="A1 -1 0 0, A2 -2 0 0, A3 -3 0 0, A4 -4 0 0, L 0 0 -1, U 0 -1 0, UL 0 -1 -1, UR 0 -1 1,"
                   "PL -1 0 -1, PU -1 -1 0, PR -1 0 1, PD -1 1 0, PUL -1 -1 -1, PUR -1 -1 1",
        changes=[("L", "PL"), ("U", "PU"), ("UR", "PUR"), ("UL", "PUL")],
        contexts=["", "A1", "place", "place L", "U", "A2", "A3"],
        best=["place A1", "PD", "A4", "row", "A1/5 A2/5 A3/5", "place A3", "PL", "PR", "place L/5 U/5"],
        candidates=[("A1", ["depth age flags", "depth age place", "depth A1", "depth churn"]),
                    ("A2", ["depth agree1"]), ("A3", ["depth agree1 agree2"]), ("A4", ["depth agree1 agree2"])],
        net=["place", "A1", "A2", "A3", "L", "U", "UL", "UR", "PR", "PD", "PL", "PU",
             "A1/3", "A1/4", "A1/5", "A1/6", "A1/7", "A1/8", "A1/9", "L/5", "U/5", "row A1/7", "col A1/7"],
        side=[(["place", "place A1/3", "place A1/5", "place A2/4", "place A3/4",
                "place L/4", "place U/4", "place UR/4", "place PR/4", "place PD/4"],
               ["place A1/6", "place A1/8", "place A4/4", "place UL/4",
                "place PL/4", "place PU/4", "place PUL/4", "place PUR/4"]),
              ([], ["A1", "A1/7", "A1/5 A2/5", "A1/5 L/5", "A1/5 U/5", "A1/5 PL/5", "A1/5 PU/5", "A1/5 PR/5", "A1/5 PD/5"]),
              ([], ["A1/5", "A1/7", "place A1", "A1 A2", "A1 L", "A1 U", "A1 PR", "A1/5 L/5 U/5"])],
        dims=16, best_dims=32, sets=["place agree1", "row", "depth agree1 agree2"], final="depth agree1 age",
        maps=["agree1 node", "depth flags age"], backward=4, rates=(3000, 300), final_rates=(300, 70)),
    BOOKS: Geometry(
        neighbours="A1 -1 0 0, A2 -2 0 0, A3 -3 0 0, L 0 0 -1, LL 0 0 -2, LLL 0 0 -3, PL -1 0 -1, PR -1 0 1",
        contexts=["place", "place A1", "place L", "place L LL", "place first", "place A2", "place LL",
                  "place L/3", "place L/3 LL/3 LLL/3", "place first/4 A1/4", "place A1/3", "place A1/3 PR/3 L/3"],
        candidates=[("A1", ["depth age place", "depth A1"]), ("A2", ["depth agree1 place"])],
        net=["place", "A1", "A2", "L", "LL", "LLL", "PL", "PR"], dims=24,
        sets=["place agree1", "depth agree1 agree2", "known", "place node"], final="depth agree1",
        maps=["agree1 node", "depth place"], rates=(3000, 200), final_rates=(400, 100)),
    PROSE: Geometry(
        neighbours=LATEST, matches=[7, 4],
        contexts=["", "a", "a b", "a b c", "a b c d", "a b c d e f",
                  "word a", "word word1", "word word2", "kinds6", "column above"],
        best=["a next1 next2", "column a", "word word1 word2", "word1 word2", "word1 a b", "kinds6 a"],
        candidates=[("M1", ["len1 depth"]), ("M2", ["len2 depth"])],
        trail=True, words=True, runs=True, bent=True, by_node=True, dims=8, best_dims=64,
        best_net=["a b c", "word word1", "a", "b", "c", "d", "e", "f", "a b", "a b c d", "word", "word1", "above"],
        sets=["node", "a depth", "kinds4"], best_sets=["kinds3 depth", "column"], final="known",
        maps=["a node"], rates=(5000, 200), final_rates=(800, 100)),
    BYTES: Geometry(
        neighbours=LATEST, matches=[6, 3],
        contexts=["", "a", "a b", "a b c", "a b c d", "a b c d e f",
                  "slot", "up1 slot", "up1 a", "up1 up2", "b"],
        best=["slot a", "up1 up2 a", "up1 a b", "b c", "a c", "c", "d", "slot up1 up2", "c d", "a b c d e"],
        candidates=[("M1", ["len1 depth"]), ("M2", ["len2 depth"])], runs=True, bent=True, by_node=True,
        net=["a", "b", "c", "d", "e"], dims=32, best_net=["f", "a b", "a b c", "up1", "up2", "slot"],
        sets=["node", "a depth", "slot depth"],
        best_sets=["known depth", "len1 agree1", "up1 depth", "M1 agree1"], final="known",
        maps=["a node"], rates=(5000, 200), final_rates=(800, 100)),
    SPELT: Geometry(
        neighbours=LATEST, matches=[5, 2],
        contexts=["", "a", "a b", "a b c", "a:class", "a:class b:class", "next1 next2", "tail", "kinds6",
                  "word word1", "column above"],
        best=["a b c d", "a b c d e f", "a c", "b c", "a:class b:class c:class", "a b:class", "a b:class c:class", "b",
              "c", "d", "a/8 b/4 c/4 d/4", "a next1", "start startAbove reach", "word1 a", "word word1 word2",
              "kinds6 a:class"],
        candidates=[("M1", ["len1 depth"]), ("M2", ["len2 depth"])],
        trail=True, runs=True, spelt=True, windows=[100, 600, 5000],
        net=["a", "b", "c", "d", "e", "f", "a:class", "b:class", "a:class b:class", "word", "word1"], dims=32,
        best_net=["a b", "a b c", "next1", "above", "a/8 b/4"], best_dims=64,
        sets=["node", "a:class depth", "kinds4"],
        best_sets=["known depth", "len1 agree1", "a", "b:class depth", "kinds3 depth", "M1:class a:class"],
        final="sure", maps=["node"], rates=(5000, 350), final_rates=(800, 150)),
}  # fmt: skip
