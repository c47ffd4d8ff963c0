"""Where the neighbours of a token are, for codec mix (docs/mix.md, order of coding)."""

from .errors import check
from .mix_geometry import VALUES


class Layout:
    """The tokens of one span as instants of places."""

    def __init__(self, geometry, setup, span, symbols, start):
        self.g, self.symbols, self.start, self.count = geometry, symbols, start, span.count
        self.rows, self.cols, self.transposed = setup.rows, setup.cols, setup.transposed
        self.places = places = self.rows * self.cols
        if not self.transposed:
            self.first, self.frames = span.first % places, 0
            self.step_t, self.step_r, self.step_c = places, self.cols, 1
        else:
            self.frames = frames = span.shape[-1] if len(span.shape) > 1 else 0
            check(1 <= frames <= 1 << 40 and span.count <= frames * places - span.first, "a span that does not fit its array")
            self.first = span.first
            self.step_t, self.step_r, self.step_c = 1, self.cols * frames, frames
        end = self.first + self.count
        if not self.transposed:
            self.begin, self.end = 0, -(-end // places)
        elif self.first // self.frames == (end - 1) // self.frames:
            self.begin, self.end = self.first % self.frames, (end - 1) % self.frames + 1
        else:
            self.begin, self.end = 0, self.frames

    def at(self, t, place):
        """The position of a token in the span, which may lie outside."""
        return (place * self.frames + t if self.transposed else t * self.places + place) - self.first

    def instants(self):
        """The instants that the span has tokens of."""
        if self.transposed and self.count < self.frames:
            return [t for t in range(self.begin, self.end) if any(True for _ in self.tokens(t))]
        return range(self.begin, self.end)

    def tokens(self, t):
        """Place and position of the tokens of an instant."""
        for place in range(self.places):
            i = self.at(t, place)
            if 0 <= i < self.count:
                yield place, i

    def symbol(self, i):
        return self.symbols[self.start + i] + 1 if 0 <= i < self.count else 0

    def load(self, i, t, place, direction, now):
        """The values of a token; direction -1 is time running backwards, when nothing from the
        instant now on is known."""
        v = []
        row, col = divmod(place, self.cols)
        for _, dt, dr, dc in self.g.neighbours:
            inside = 0 <= row + dr < self.rows and 0 <= col + dc < self.cols
            to = t + dt * direction
            if direction < 0 and to >= now or self.transposed and not 0 <= to < self.frames:
                inside = False
            j = i + dr * self.step_r + dc * self.step_c + dt * direction * self.step_t
            v.append(self.symbol(j) if inside else 0)
        named = dict.fromkeys(VALUES, 0)
        named["flags"] = sum(1 << k for k, (a, b) in enumerate(self.g.changes) if v[a] != v[b])
        if place > 0:
            named["first"] = self.symbol(self.at(t, 0))
        elif t > 0:
            named["first"] = self.symbol(self.at(t - 1, self.places - 1))
        named["place"], named["row"], named["col"] = place, row, col
        named["age"] = self.age(i, t, direction, now)
        return v + list(named.values())

    def age(self, i, t, direction, now):
        low, high = 0, self.count
        if self.transposed:
            low, high = max(0, i - t), min(high, i - t + self.frames)
        if direction < 0:
            high = min(high, i + (now - t) * self.step_t)
        step, age = direction * self.step_t, 0
        j = i - 2 * step
        while age < 7 and low <= j < high and self.symbol(j) == self.symbol(j + step):
            age += 1
            j -= step
        return age
