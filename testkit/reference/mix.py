"""Codec 6, mix: the body of a block and the run through its tokens (docs/mix.md)."""

import copy

from .errors import Missing, check
from .fields import Fields
from .mix_engine import PRIMER, Engine, Setup, Span
from .mix_layout import Layout
from .mix_parts import in_parts
from .mix_tree import LETTERS, OF_PRIOR, read_trees
from .mix_words import WORD_VALUES
from .rangecoder import Decoder



def primed(setup, block):
    """An engine that has read the primer."""
    engine = Engine(setup, block.alphabet, block.count, 0)
    engine.plant(read_trees(None, block.alphabet, LETTERS, 1))
    key = setup.level, block.alphabet, setup.delimiter, engine.table.shift, engine.runs.shift, *(i.before for i in engine.nets[0].inputs)
    if key not in PRIMED:
        text = [x for x in PRIMER if x < block.alphabet]
        run(engine, setup, [Span(0, len(text), [len(text)])], text, None)
        engine.begin_block(setup)
        PRIMED[key] = engine
    return copy.deepcopy(PRIMED[key])


PRIMED = {}


def run(engine, setup, spans, symbols, coder):
    """Decodes the tokens of all spans in the order in which they are coded, or reads symbols
    that are known if there is no coder."""
    g, start = engine.g, 0
    first = engine.candidates[0].value
    number = {name: g.value(name) for name in ("M1", "len1", "next1", "churn", "reach", "column", "word", "slot", "up1", "up2", "tail")}
    engine.tree = engine.forest[0]
    for span in spans:
        lay = Layout(g, setup, span, symbols, start)
        for t in lay.instants():
            back = t - g.backward
            if g.backward and back >= lay.begin:
                for place, i in lay.tokens(back):
                    engine.learn(symbols[start + i], place, lay.load(i, back, place, -1, t))
            tokens = changed = 0
            for place, i in lay.tokens(t):
                at = start + i
                values = lay.load(i, t, place, 1, t)
                values[number["churn"]] = 16 * changed // (tokens + 1)
                if g.trail:
                    engine.trail.advance(symbols, at)
                    after = engine.trail.values(symbols, at)
                    values[number["next1"] : number["next1"] + 5] = after[:5]
                    values[number["reach"]], values[number["column"]] = after[5:]
                if g.words:
                    engine.words.advance(symbols, at)
                    values[number["word"] : number["word"] + WORD_VALUES] = engine.words.values()
                if g.spelt:
                    values[number["word"] : number["word"] + WORD_VALUES] = engine.spelling.values()
                    values[number["column"]], values[number["tail"]] = engine.spelling.column, engine.spelling.tail()
                if setup.record:
                    values[number["slot"]] = at % setup.record
                    for k in (1, 2):
                        if at >= k * setup.record:
                            values[number["up%d" % k]] = symbols[at - k * setup.record] + 1
                for k, m in enumerate(engine.matches):
                    if m.length:
                        values[number["M1"] + k], values[number["len1"] + k] = symbols[m.at] + 1, m.length
                for w in engine.windows:
                    w.advance(engine.tree, symbols, at)
                engine.ask(at, t, place)
                engine.begin(place, values)
                symbols[at] = engine.decode(symbols[at] if coder is None else coder)
                for m in engine.matches:
                    m.follow(symbols, at)
                if g.spelt:
                    engine.spelling.follow(symbols[at])
                tokens += 1
                changed += values[first] != symbols[at] + 1
        start += span.count
    return symbols


def plain(block, data):
    """Symbols of equal probability."""
    coder, v, out = Decoder(data), block.alphabet, []
    for _ in range(block.count):
        s = 0
        if v > 1:
            s = coder.point() * v >> 32
            if coder.point() >= ((s + 1) << 32) // v:
                s += 1
            low = (s << 32) // v
            coder.take(low, ((s + 1) << 32) // v - low)
        out.append(s)
    coder.finish()
    return out


def mix(block, body):
    check(len(body) > 0 and body[0] <= 2, "an unknown form of block")
    if body[0] == 2:
        return in_parts(block, Fields(body, 1), lambda size, spans, part: mix(block.part(size, spans), part))
    if body[0] == 0:
        return plain(block, body[1:])
    f = Fields(body, 1)
    setup = Setup(f)
    coder = Decoder(f.rest())
    if setup.trees == OF_PRIOR:
        if block.prior is None:
            raise Missing("the block needs a prior")
        engine = block.prior.engine(setup, block)
    elif setup.trees == LETTERS:
        engine = primed(setup, block)
    else:
        forest = read_trees(coder, block.alphabet, setup.trees, setup.cols)
        engine = Engine(setup, block.alphabet, block.count, forest[0].count)
        engine.plant(forest)
    out = [0] * block.count
    run(engine, setup, block.spans, out, coder)
    coder.finish()
    return out
