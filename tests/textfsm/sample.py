"""Texts that an expression of Python probably matches: for outputs that a template has something to say about."""

import functools
import re._constants as sre

LETTERS = "abcxyzAGi019.-/: "


def sample(parsed, rng, groups):
    """Returns a text that a parsed expression probably matches."""
    out = []
    for op, arg in parsed:
        if op is sre.LITERAL:
            out.append(chr(arg))
        elif op is sre.NOT_LITERAL:
            out.append(rng.choice([c for c in LETTERS if ord(c) != arg]))
        elif op is sre.ANY:
            out.append(rng.choice(LETTERS))
        elif op is sre.IN:
            out.append(one_of(arg, rng))
        elif op is sre.BRANCH:
            out.append(sample(rng.choice(arg[1]), rng, groups))
        elif op is sre.SUBPATTERN:
            text = sample(arg[3], rng, groups)
            groups[arg[0]] = text
            out.append(text)
        elif op in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            low, high, inner = arg
            high = min(int(high), low + 3)
            out.extend(sample(inner, rng, groups) for _ in range(rng.randint(low, max(low, high))))
        elif op is sre.GROUPREF:
            out.append(groups.get(arg, ""))
        elif op is sre.ATOMIC_GROUP:
            out.append(sample(arg, rng, groups))
        elif op is sre.ASSERT and arg[0] > 0:
            out.append(sample(arg[1], rng, groups) if rng.random() < 0.5 else "")
    return "".join(out)


def one_of(items, rng):
    """Returns a letter of a set."""
    good, plain = letters_of(tuple(items))
    return rng.choice(plain if plain and rng.random() < 0.7 else good)


@functools.cache
def letters_of(items):
    """Returns the letters of a set, and those of them that stand in many texts."""
    negated = bool(items) and items[0][0] is sre.NEGATE
    good = [c for c in map(chr, range(32, 127)) if matches(items, c) != negated] or [" "]
    return good, [c for c in good if c in LETTERS]


def matches(items, c):
    for op, arg in items:
        if op is sre.LITERAL and ord(c) == arg or op is sre.RANGE and arg[0] <= ord(c) <= arg[1]:
            return True
        if op is sre.CATEGORY:
            name = str(arg)
            kind = {"DIGIT": c.isdigit(), "SPACE": c.isspace(), "WORD": c.isalnum() or c == "_"}[name.split("_")[-1]]
            if kind != ("NOT" in name):
                return True
    return False
