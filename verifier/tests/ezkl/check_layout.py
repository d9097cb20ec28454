"""Checks LAYOUT.md against the test vectors: `python check_layout.py [--dump] [NAME...]`.

For each circuit: decodes the VKA (every bit must have a meaning), writes it again from the decoded
values alone and compares (so no bit is unexplained), recomputes transcript, quotient and SHPLONK
check with plain integers, and accepts each proof; a changed evaluation, instance, or point must be
refused. Shares no code with the Rust verifier or the wheel. `--dump` prints every word's meaning.
"""
import json, os, sys

from eth_hash.auto import keccak
from py_ecc import optimized_bn128 as bn

R, Q = bn.curve_order, bn.field_modulus
DELTA = pow(7, 1 << 28, R)
VKA, PROOF = 0xA0, 0x84  # where the EVM memory holds VKA word 0, and its calldata proof byte 0
ROOT = pow(7, (R - 1) >> 28, R)  # of order 2^28; 7 generates the field, DELTA is 7^(2^28)


def need(condition, why="malformed VKA"):
    if not condition:
        raise ValueError(why)


class Bits:
    """Fields of consecutive words, lowest bits first; nothing straddles a word."""

    def __init__(self, words, at):
        self.words, self.at, self.left = words, at, words[at]

    def take(self, bits):
        value = self.left & ((1 << bits) - 1)
        self.left >>= bits
        return value

    def next(self):
        need(self.left == 0, f"bits left in word {self.at}")
        self.at += 1
        need(self.at < len(self.words))
        self.left = self.words[self.at]

    def done(self):
        """The index of the following word."""
        need(self.left == 0, f"bits left in word {self.at}")
        return self.at + 1


class Pack:
    """The encoder's counterpart of Bits: `group` starts a new word when the whole group does not fit."""

    def __init__(self, bits=0):
        self.words, self.bit = [0], bits

    def group(self, size, *fields):
        if self.bit + size > 256:
            self.words.append(0)
            self.bit = 0
        for bits, value in fields:
            assert 0 <= value < 1 << bits
            self.words[-1] |= value << self.bit
            self.bit += bits

    def first(self, at, bits, value):
        self.words[0] |= value << at
        return self.words


HEADER = ["digest", "scratch", "instances", "evals", "user_challenge_bytes", "k", "n_inv", "omega", "omega_inv", "omega_inv_l",
          "has_accumulator", "acc_offset", "acc_limbs", "acc_limb_bits", "g1_x", "g1_y", "g2_x1", "g2_x0", "g2_y1", "g2_y0",
          "neg_s_g2_x1", "neg_s_g2_x0", "neg_s_g2_y1", "neg_s_g2_y0", "last_quotient", "first_quotient", "gates", "permutation",
          "lookups", "pcs", "rescaling", "neg_lagranges", "fixed"]


def chunk_words(columns):
    """Words of a permutation chunk: five columns in the first, six in each other."""
    return 1 + -(-max(columns - 5, 0) // 6)


def decode(words):
    """VKA words to a dictionary of plain facts, with proof positions as word indices into the proof."""
    v, total = dict(zip(HEADER, words)), len(words)
    note = {i: name for i, name in enumerate(HEADER)}
    end = VKA + 32 * total

    def index(pointer, low=0, high=total):
        """Word of the VKA at a memory address."""
        need(pointer >= VKA and (pointer - VKA) % 32 == 0)
        i = (pointer - VKA) // 32
        need(low <= i < high)
        return i

    # header
    need(v["digest"] < R and 1 <= v["k"] <= 28 and v["has_accumulator"] <= 1)
    n = 1 << v["k"]
    omega = pow(ROOT, 1 << (28 - v["k"]), R)
    need((v["omega"], v["omega_inv"]) == (omega, pow(omega, -1, R)) and v["n_inv"] == pow(n, -1, R))
    blind = v["neg_lagranges"]
    need(v["omega_inv_l"] == pow(omega, -blind, R))
    need((v["g1_x"], v["g1_y"]) == (1, 2))
    if not v["has_accumulator"]:
        need(v["acc_offset"] == v["acc_limbs"] == v["acc_limb_bits"] == 0)

    # phases: byte 0 counts words; then (u16 bytes of points, u8 challenges) each
    count = words[33] & 255
    need(1 <= count <= 10)
    phases = []
    for i in range(33, 33 + count):
        bits = Bits(words, i)
        if i == 33:
            bits.take(8)
        while bits.left:
            size, challenges = bits.take(16), bits.take(8)
            need(size % 64 == 0 and size and challenges)
            phases.append((size // 64, challenges))
        bits.done()
        note[i] = "phases"
    points = sum(p for p, _ in phases)
    user = v["user_challenge_bytes"] // 32
    need(v["user_challenge_bytes"] % 32 == 0 and sum(c for _, c in phases) == user + 5)
    challenges_at = end + v["scratch"]
    theta_at = challenges_at + 32 * user
    instance_at = theta_at + 0x220

    # proof: points, then evaluations, then W and W'
    need(v["first_quotient"] == PROOF + 64 * (points - phases[-1][0]))
    need(v["last_quotient"] == PROOF + 64 * (points - 1))
    evals_at = 2 * points

    def evaluation(pointer):
        need(pointer >= PROOF and (pointer - PROOF) % 32 == 0)
        i = (pointer - PROOF) // 32 - evals_at
        need(0 <= i < v["evals"], "not an evaluation")
        return i

    # commitments and constants
    fixed_at = 33 + count
    gates_at = index(v["gates"], fixed_at)
    permutation_at = index(v["permutation"], gates_at)
    lookups_at = index(v["lookups"], permutation_at)
    pcs_at = index(v["pcs"], lookups_at)
    rescaling_at = v["rescaling"] // 32 - 1
    need(v["rescaling"] % 32 == 0 and pcs_at < rescaling_at < total)

    # permutation (read first: it says how many permutation commitments there are)
    bits = Bits(words, permutation_at)
    last, size, last_size = bits.take(8), bits.take(16), bits.take(16)
    at = bits.done()
    need(size % 32 == 0 and last_size % 32 == 0 and size and last_size)
    chunks = []
    for i in range(last + 1):
        stated = (last_size if i == last else size) // 32
        # the encoder may state one word too few, the chunk is complete
        length = lookups_at - at if i == last else chunk_words(phases[-1][0] - 1)
        bits = Bits(words, at)
        z = (bits.take(16), bits.take(16), bits.take(16))
        need((z[1], z[2]) == (z[0] + 32, z[0] + 64))
        columns = []
        for j in range(length):
            if j:
                bits.next()
            while bits.left:
                kind, value, sigma = bits.take(8), bits.take(16), bits.take(16)
                need(kind == 0 or (kind == 1 and value == 0))
                columns.append((evaluation(value) if kind == 0 else None, evaluation(sigma)))
        need(length == chunk_words(len(columns)) and stated == 1 + (48 + 40 * len(columns)) // 256)
        note[at] = f"permutation chunk {i}: {len(columns)} columns, {length} words"
        need(at + length <= lookups_at and bits.at == at + length - 1)
        at = bits.done()
        chunks.append(([evaluation(z[0]), evaluation(z[1])] + ([evaluation(z[2])] if i < last else []), columns))
    note[permutation_at] = f"permutation: last chunk {last}, words per chunk {size // 32}, in the last {last_size // 32}"
    need(at == lookups_at)
    sigmas = sum(len(c) for _, c in chunks)

    constants_at = fixed_at + 2 * (v["fixed"] + sigmas)
    need(constants_at <= gates_at)
    for i in range(v["fixed"] + sigmas):
        note[fixed_at + 2 * i] = f"fixed commitment {i}" if i < v["fixed"] else f"permutation commitment {i - v['fixed']}"
    for i in range(constants_at, gates_at):
        need(words[i] < R)
        note[i] = f"constant {i - constants_at}"

    def operand(pointer, base, results):
        """A memory address as ('result', i), ('constant', i), ('instance', 0) or ('challenge', i)."""
        if pointer == instance_at:
            return ("instance", 0)
        if challenges_at <= pointer < theta_at and (pointer - challenges_at) % 32 == 0:
            return ("challenge", (pointer - challenges_at) // 32)
        if base <= pointer < base + 32 * results:
            need((pointer - base) % 32 == 0)
            return ("result", (pointer - base) // 32)
        return ("constant", index(pointer, constants_at, gates_at) - constants_at)

    def program(at, base, lookup, bits=None):
        """Byte code starting at word `at`: (operations, tuple of a lookup, next word)."""
        bits = bits or Bits(words, at)
        length, ops, outputs = bits.take(8), [], None
        need(length)
        for i in range(length):
            if i:
                bits.next()
            while bits.left:
                code = bits.take(8)
                if code == 4:
                    need(lookup and outputs is None)
                    need(bits.take(8) == length - i)
                    outputs = []
                    while True:
                        while bits.left:
                            outputs.append(operand(bits.take(16), base, len(ops)))
                        if bits.at == at + length - 1:
                            break
                        bits.next()
                    need(outputs)
                    return ops, outputs, bits.done()
                if code == 0:
                    ops.append((0, evaluation(bits.take(16))))
                elif code == 1:
                    ops.append((1, operand(bits.take(16), base, len(ops))))
                elif code in (2, 3):
                    ops.append((code, operand(bits.take(16), base, len(ops)), operand(bits.take(16), base, len(ops))))
                else:
                    need(False, f"operation {code}")
        need(not lookup and ops)
        return ops, None, bits.done()

    # gates
    need(words[gates_at] % 32 == 0)
    gates, at = [], gates_at + 1
    note[gates_at] = f"{words[gates_at] // 32} gate polynomials"
    for i in range(words[gates_at] // 32):
        note[at] = f"gate {i}"
        ops, _, at = program(at, end, False)
        gates.append(ops)
    need(at == permutation_at and gates)

    # lookups
    lookups, at = [], lookups_at + 1
    note[lookups_at] = "lookups: address of their end (0: none)"
    if words[lookups_at]:
        need(words[lookups_at] == v["pcs"])
        while at < pcs_at:
            bits = Bits(words, at)
            new, phi, phi_next, m = bits.take(8), bits.take(16), bits.take(16), bits.take(16)
            need(new <= 1 and (new or lookups) and (phi_next, m) == (phi + 32, phi + 64))
            note[at] = f"lookup {len(lookups)}: {'own table' if new else 'table of the one before'}"
            at = bits.done()
            table, inputs = None, []
            if new:
                note[at] = f"lookup {len(lookups)} table"
                ops, outputs, at = program(at, end + 0xA0, True)
                table = (ops, outputs)
            bits = Bits(words, at)
            size = bits.take(16)
            need(size % 32 == 0 and size)
            for i in range(size // 32):
                note[at] = f"lookup {len(lookups)} input {i}" + (f" of {size // 32}" if i == 0 else "")
                ops, outputs, at = program(at, end + 0xA0 + 32 * i, True, bits if i == 0 else None)
                inputs.append((ops, outputs))
            lookups.append(([evaluation(phi), evaluation(phi_next), evaluation(m)], table, inputs))
    need(at == pcs_at)

    # pcs. Points, rotations ascending, one scratch word each
    bits = Bits(words, at)
    high = []
    note[at] = "pcs points: rotations 1.. (scratch offset, 0: not opened)"
    for _ in range(bits.take(8)):
        if bits.left == 0 and bits.at == at and len(high) >= 15:
            bits.next()
        high.append(bits.take(16))
    at = bits.done()
    bits = Bits(words, at)
    zero, low = bits.take(16), []
    note[at] = "pcs points: x, then rotations -1.."
    for _ in range(bits.take(8)):
        if bits.left == 0 and len(low) >= 14:
            bits.next()
        low.append(bits.take(16))
    at = bits.done()
    rotation_at = {**{i + 1: p for i, p in enumerate(high) if p}, 0: zero, **{-i - 1: p for i, p in enumerate(low) if p}}
    rotations = sorted(rotation_at)
    point_at = zero - 32 * rotations.index(0)
    need([rotation_at[r] for r in rotations] == [point_at + 32 * i for i in range(len(rotations))])
    mu_at = point_at + 32 * len(rotations)
    of_mu = {mu_at + 32 * i: r for i, r in enumerate(rotations)}
    vanishing_at = mu_at + 32 * len(rotations)
    diff_at = vanishing_at + 32

    # vanishing
    note[at] = "pcs vanishing: range of mu - point, points, points of set 0"
    bits = Bits(words, at)
    need((bits.take(16), bits.take(16), bits.take(16)) == (mu_at, vanishing_at, point_at))
    length, set_0 = bits.take(8), []
    for i in range(length):
        if i:
            bits.next()
        while bits.left:
            set_0.append(of_mu[bits.take(16)])
    at = bits.done()
    note[at] = "pcs vanishing: where Z_0(mu) goes, number of sets"
    bits = Bits(words, at)
    need(bits.take(16) == vanishing_at)
    number = bits.take(16)
    at = bits.done()
    need(number >= 2)
    missing = []
    for i in range(number):
        note[at] = f"pcs vanishing: points not in set {i}"
        bits, absent = Bits(words, at), []
        while bits.left:
            pointer = bits.take(16)
            if pointer == 0x20 and not absent:
                need(bits.left == 0)
                break
            absent.append(of_mu[pointer])
        at = bits.done()
        missing.append(absent)
    sets = [[r for r in rotations if r not in absent] for absent in missing]
    need(sets[0] == set_0 and all(s and s + m and sorted(s + m) == rotations for s, m in zip(sets, missing)))
    coefficients = sum(map(len, sets))
    need(point_at == 32 * (2 * (1 + coefficients) + 6))
    r_at = diff_at + 32 * number
    sum_at = r_at + 32 * number

    # coefficients
    note[at] = "pcs coefficients: points per set"
    bits = Bits(words, at)
    length = bits.take(8)
    lengths = []
    for i in range(length):
        if i:
            bits.next()
        while bits.left:
            lengths.append(bits.take(8))
    at = bits.done()
    need(lengths == [len(s) for s in sets])
    offset = 32
    for i, s in enumerate(sets):
        note[at] = f"pcs coefficients of set {i}: points, mu - points, where they go"
        bits = Bits(words, at)
        if len(s) > 1:
            need([bits.take(16) for _ in s] == [rotation_at[r] for r in s])
        need([of_mu[bits.take(16)] for _ in s] == s)
        need([bits.take(16) for _ in s] == [offset + 32 * j for j in range(len(s))])
        offset += 32 * len(s)
        at = bits.done()
    note[at] = "pcs inversion: end of the coefficients, the differences, their size"
    bits = Bits(words, at)
    need((bits.take(16), bits.take(16), bits.take(16)) == (offset, diff_at, 32 * number))
    at = bits.done()

    # evaluations of each set, from its last commitment to its first
    note[at] = "pcs evaluations: differences from set 1, where sums go, bytes of coefficients per set"
    bits = Bits(words, at)
    length = bits.take(8)
    need((bits.take(16), bits.take(16)) == (diff_at + 32, r_at))
    sizes = []
    for i in range(length):
        if i:
            bits.next()
        while bits.left:
            sizes.append(bits.take(8))
    at = bits.done()
    need(sizes == [32 * len(s) for s in sets])
    set_evals = []
    for i, s in enumerate(sets):
        note[at] = f"pcs evaluations of set {i}"
        bits, rows = Bits(words, at), []
        length = bits.take(8)
        if len(s) == 1:
            rows += [[evaluation(bits.take(16))], None]  # random, then the computed quotient
        for j in range(length):
            if j:
                bits.next()
            while bits.left:
                if len(s) == 1:
                    group = bits.take(8)
                    need(group <= 2)
                    if group:
                        rows += [[evaluation(bits.take(16))] for _ in range(group)]
                    else:
                        start, stop = evaluation(bits.take(16)), bits.take(16)
                        stop = (stop - PROOF) // 32 - evals_at
                        need(-1 <= stop < start)
                        rows += [[e] for e in range(start, stop, -1)]
                else:
                    rows.append([evaluation(bits.take(16)) for _ in s])
        at = bits.done()
        set_evals.append(rows)

    note[at] = "pcs sums: bytes of coefficients and target per set"
    bits = Bits(words, at)
    length = bits.take(8)
    found = []
    for i in range(length):
        if i:
            bits.next()
        while bits.left:
            found.append((bits.take(8), bits.take(16)))
    at = bits.done()
    need(found == [(32 * len(s), sum_at + 32 * i) for i, s in enumerate(sets)])
    note[at] = "pcs r: end of the inverted sums, the sums, the last set's evaluation"
    bits = Bits(words, at)
    need((bits.take(16), bits.take(16), bits.take(16)) == (32 * number, sum_at, r_at + 32 * (number - 1)))
    at = bits.done()

    # commitments of each set, from the last to the first
    note[at] = "pcs commitments: differences from set 1, W, Z_0, W', bytes per set"
    bits = Bits(words, at)
    length = bits.take(8)
    w = PROOF + 32 * (evals_at + v["evals"])
    need([bits.take(16) for _ in range(6)] == [diff_at + 32, w, w + 32, vanishing_at, w + 64, w + 96])
    sizes = []
    for i in range(length):
        if i:
            bits.next()
        while bits.left:
            sizes.append(bits.take(8))
    at = bits.done()
    need(len(sizes) == number)

    def commitment(pointer, memory):
        if memory:
            i = index(pointer, fixed_at, constants_at) - fixed_at
            need(i % 2 == 0)
            return ("key", i // 2)
        need(pointer >= PROOF and (pointer - PROOF) % 64 == 0 and (pointer - PROOF) // 64 < points - phases[-1][0])
        return ("proof", (pointer - PROOF) // 64)

    set_commitments = []
    for i, size in enumerate(sizes):
        note[at] = f"pcs commitments of set {i}"
        need(size % 32 == 0 and size)
        bits = Bits(words, at)
        x, y = bits.take(16), bits.take(16)
        need(y == x + 32)
        rows = [commitment(x, False)]
        for j in range(size // 32):
            if j:
                bits.next()
            while bits.left:
                where, group = bits.take(8), bits.take(8)
                need(where <= 2 and group <= 2)
                if where == 2:
                    need(group == 1)
                    rows.append(("quotient", 0))
                elif group:
                    for _ in range(group):
                        x, y = bits.take(16), bits.take(16)
                        need(y == x + 32)
                        rows.append(commitment(x, where == 0))
                else:
                    start, stop = bits.take(16), bits.take(16)
                    need((start - stop) % 64 == 0 and stop < start)
                    rows += [commitment(p, where == 0) for p in range(start, stop, -64)]
        at = bits.done()
        set_commitments.append(rows)
    need(at == rescaling_at)
    openings = []
    for s, commits, rows in zip(sets, set_commitments, set_evals):
        need(len(commits) == len(rows))
        need(all((c[0] == "quotient") == (e is None) for c, e in zip(commits, rows)))
        openings.append((s, list(zip(commits, rows))[::-1]))

    # rescaling: how a contract turns instances into numbers; no part of the verification
    note[at] = "rescaling"
    bits = Bits(words, at)
    length, decimals, processed = bits.take(8), bits.take(8), bits.take(8)
    need(processed % 32 == 0)
    tensors = []
    for i in range(length):
        if i:
            bits.next()
        while bits.left:
            size, sign, scale = bits.take(32), bits.take(8), bits.take(8)
            need(size % 32 == 0 and sign <= 1)
            tensors.append((size // 32, scale if sign else -scale))
    need(bits.done() == total)

    v.update(phases=phases, points=points, user=user, fixed_at=fixed_at, sigmas=sigmas, constants=words[constants_at:gates_at],
             commitments=[(words[fixed_at + 2 * i], words[fixed_at + 2 * i + 1]) for i in range(v["fixed"] + sigmas)],
             gates=gates, chunks=chunks, lookups=lookups, rotations=rotations, openings=openings, decimals=decimals,
             processed=processed // 32, tensors=tensors, note=note, total=total, constants_at=constants_at,
             starts=dict(phases=33, commitments=fixed_at, constants=constants_at, gates=gates_at, permutation=permutation_at,
                         lookups=lookups_at, pcs=pcs_at, rescaling=rescaling_at))
    structure(v)
    return v


def structure(v):
    """What ties the openings to the columns: who is opened where follows from the counts alone."""
    evals, points = {}, v["points"]
    for s, rows in v["openings"]:
        for c, es in rows:
            for r, e in zip(s, es or []):
                need(e not in evals, "an evaluation is opened twice")
                evals[e] = (c, r)
            if es is None:
                need(s == [0])
    need(sorted(evals) == list(range(v["evals"])), "an evaluation is not opened")
    opened = [c for _, rows in v["openings"] for c, _ in rows]
    need(len(set(opened)) == len(opened) and opened.count(("quotient", 0)) == 1)
    # points: user advice | m of each lookup | z of each chunk | phi of each lookup | random | quotient pieces
    lookups, zs = len(v["lookups"]), len(v["chunks"])
    before = points - v["phases"][-1][0]
    random, advice = ("proof", before - 1), before - 1 - lookups * 2 - zs
    need(v["phases"][-2][0] == zs + lookups + 1 and (not lookups or v["phases"][-3][0] == lookups))
    # evaluations: advice | fixed | random | sigma | z | phi, phi', m
    first_lookup = v["evals"] - 3 * lookups
    first_z = first_lookup - (3 * zs - 1)
    first_sigma = first_z - v["sigmas"]
    need(evals[first_sigma - 1] == (random, 0))
    last = -v["neg_lagranges"]
    for i, (e, columns) in enumerate(v["chunks"]):
        z = ("proof", advice + lookups + i)
        need(e == list(range(first_z + 3 * i, first_z + 3 * i + len(e))))
        need([evals[j] for j in e] == [(z, 0), (z, 1), (z, last)][: len(e)])
    for i, (e, _, _) in enumerate(v["lookups"]):
        phi, m = ("proof", advice + lookups + zs + i), ("proof", advice + i)
        need(e == list(range(first_lookup + 3 * i, first_lookup + 3 * i + 3)))
        need([evals[j] for j in e] == [(phi, 0), (phi, 1), (m, 0)])
    columns = [c for _, cs in v["chunks"] for c in cs]
    per = v["phases"][-1][0] - 1  # degree d: d - 1 quotient pieces, d - 2 columns per chunk
    need(all(len(cs) == per for _, cs in v["chunks"][:-1]) and 1 <= len(v["chunks"][-1][1]) <= per)
    need([s for _, s in columns] == list(range(first_sigma, first_z)))
    need([evals[s] for _, s in columns] == [(("key", v["fixed"] + i), 0) for i in range(v["sigmas"])])
    need(all(value is None or evals[value][1] == 0 for value, _ in columns))
    kinds = ["advice" if c[0] == "proof" else "fixed" for c, _ in (evals[e] for e in range(first_sigma - 1))]
    need(kinds == sorted(kinds))
    need(all(c[0] == "key" and c[1] < v["fixed"] or c[0] == "proof" and c[1] < advice for c, _ in (evals[e] for e in range(first_sigma - 1))))
    v.update(advice=advice, advice_evals=kinds.count("advice"), fixed_evals=kinds.count("fixed"), opened_at=evals)

    # queries in halo2's order, then its grouping: sets in order of first appearance, commitments likewise
    z_range = range(first_z, first_lookup)
    queries = list(range(kinds.count("advice")))
    for e, _ in v["chunks"]:
        queries += e[:2]
    queries += [e[2] for e, _ in v["chunks"][:-1]][::-1]
    queries += [j for e, _, _ in v["lookups"] for j in e]
    queries += list(range(kinds.count("advice"), first_sigma - 1)) + list(range(first_sigma, first_z))
    by_commitment = {}
    for e in queries:
        c, r = evals[e]
        by_commitment.setdefault(c, {})[r] = e
    by_commitment[("quotient", 0)] = {0: None}
    by_commitment[random] = {0: first_sigma - 1}
    grouped = {}
    for c, at in by_commitment.items():
        s = tuple(sorted(at))
        grouped.setdefault(s, []).append((c, None if c[0] == "quotient" else [at[r] for r in s]))
    need([(list(s), rows) for s, rows in grouped.items()] == v["openings"], "not halo2's order of openings")


def encode(v):
    """The VKA again, from the decoded facts."""
    words = [v[name] for name in HEADER]
    end = VKA + 32 * v["total"]
    challenges_at = end + v["scratch"]
    instance_at = challenges_at + 32 * v["user"] + 0x220
    e = lambda i: PROOF + 32 * (2 * v["points"] + i)
    pack = Pack(8)
    for points, challenges in v["phases"]:
        pack.group(24, (16, 64 * points), (8, challenges))
    words += pack.first(0, 8, len(pack.words))
    for x, y in v["commitments"]:
        words += [x, y]
    constants_at = VKA + 32 * len(words)
    words += v["constants"]

    def program(ops, outputs, base, first=8):
        def pointer(kind, i):
            return {"result": base + 32 * i, "constant": constants_at + 32 * i, "instance": instance_at, "challenge": challenges_at + 32 * i}[kind]
        pack = Pack(first)
        for op in ops:
            fields = [e(op[1])] if op[0] == 0 else [pointer(*o) for o in op[1:]]
            pack.group(8 + 16 * len(fields), (8, op[0]), *((16, f) for f in fields))
        if outputs is not None:
            pack.group(16, (8, 4))
            start, bit = len(pack.words) - 1, pack.bit
            pack.bit += 8
            for o in outputs:
                pack.group(16, (16, pointer(*o)))
            pack.words[start] |= (len(pack.words) - start) << bit
        return pack.first(first - 8, 8, len(pack.words))

    words[26] = VKA + 32 * len(words)
    words.append(32 * len(v["gates"]))
    for ops in v["gates"]:
        words += program(ops, None, end)

    words[27] = VKA + 32 * len(words)
    per = v["phases"][-1][0] - 1
    size = lambda columns: 1 + (48 + 40 * columns) // 256
    words.append((len(v["chunks"]) - 1) | 32 * size(per) << 8 | 32 * size(len(v["chunks"][-1][1])) << 24)
    for z, columns in v["chunks"]:
        pack = Pack()
        pack.group(48, *((16, e(z[0] + i)) for i in range(3)))
        for value, sigma in columns:
            pack.group(40, (8, int(value is None)), (16, 0 if value is None else e(value)), (16, e(sigma)))
        words += pack.words

    words[28] = VKA + 32 * len(words)
    at = len(words)
    words.append(0)
    for evals, table, inputs in v["lookups"]:
        words.append(int(table is not None) | sum(e(x) << (8 + 16 * i) for i, x in enumerate(evals)))
        if table:
            words += program(*table, end + 0xA0)
        for i, (ops, outputs) in enumerate(inputs):
            code = program(ops, outputs, end + 0xA0 + 32 * i, 24 if i == 0 else 8)
            if i == 0:
                code[0] |= 32 * len(inputs)
            words += code
    words[29] = VKA + 32 * len(words)
    if v["lookups"]:
        words[at] = words[29]

    # pcs: everything below follows from rotations and openings
    rotations, sets = v["rotations"], [s for s, _ in v["openings"]]
    number, coefficients = len(sets), sum(map(len, sets))
    point = lambda r: 32 * (2 * (1 + coefficients) + 6 + rotations.index(r))
    mu = lambda r: point(r) + 32 * len(rotations)
    vanishing = mu(rotations[-1]) + 32
    diff, r_at, sum_at = vanishing + 32, vanishing + 32 + 32 * number, vanishing + 32 + 64 * number
    high, low = rotations[-1], -rotations[0]
    pack = Pack(8)
    for r in range(1, high + 1):
        pack.group(16, (16, point(r) if r in rotations else 0))
    words += pack.first(0, 8, high)
    pack = Pack(24)
    for r in range(1, low + 1):
        pack.group(16, (16, point(-r) if -r in rotations else 0))
    pack.first(0, 16, point(0))
    words += pack.first(16, 8, low)
    pack = Pack(56)
    for r in sets[0]:
        pack.group(16, (16, mu(r)))
    words += pack.first(0, 56, mu(rotations[0]) | vanishing << 16 | point(rotations[0]) << 32 | len(pack.words) << 48)
    words.append(vanishing | number << 16)
    for s in sets:
        absent = [mu(r) for r in rotations if r not in s] or [0x20]
        words.append(sum(p << 16 * i for i, p in enumerate(absent)))
    pack = Pack(8)
    for s in sets:
        pack.group(8, (8, len(s)))
    words += pack.first(0, 8, len(pack.words))
    offset = 32
    for s in sets:
        fields = ([point(r) for r in s] if len(s) > 1 else []) + [mu(r) for r in s] + [offset + 32 * i for i in range(len(s))]
        words.append(sum(f << 16 * i for i, f in enumerate(fields)))
        offset += 32 * len(s)
    words.append(offset | diff << 16 | 32 * number << 32)
    pack = Pack(40)
    for s in sets:
        pack.group(8, (8, 32 * len(s)))
    words += pack.first(0, 40, len(pack.words) | (diff + 32) << 8 | r_at << 24)
    for s, rows in v["openings"]:
        rows, pack = rows[::-1], Pack(8)
        if len(s) == 1:
            pack.group(16, (16, e(rows[0][1][0])))
            assert rows[1][0][0] == "quotient"
            groups = []
            for _, (i,) in rows[2:]:
                if groups and groups[-1][-1] - 1 == i:
                    groups[-1].append(i)
                else:
                    groups.append([i])
            for g in groups:
                if len(g) < 3:
                    pack.group(8 + 16 * len(g), (8, len(g)), *((16, e(i)) for i in g))
                else:
                    pack.group(40, (8, 0), (16, e(g[0])), (16, e(g[0] - len(g))))
        else:
            for _, evals in rows:
                pack.group(16 * number, *((16, e(i)) for i in evals))
        words += pack.first(0, 8, len(pack.words))
    pack = Pack(8)
    for i, s in enumerate(sets):
        pack.group(24, (8, 32 * len(s)), (16, sum_at + 32 * i))
    words += pack.first(0, 8, len(pack.words))
    words.append(32 * number | sum_at << 16 | (r_at + 32 * (number - 1)) << 32)
    place = lambda c: VKA + 32 * v["fixed_at"] + 64 * c[1] if c[0] == "key" else PROOF + 64 * c[1]
    data, sizes = [], []
    for s, rows in v["openings"]:
        rows, pack = [c for c, _ in rows[::-1]], Pack()
        pack.group(32, (16, place(rows[0])), (16, place(rows[0]) + 32))
        groups = []
        for c in rows[1:]:
            if groups and c[0] != "quotient" and groups[-1][-1] == (c[0], c[1] + 1):
                groups[-1].append(c)
            else:
                groups.append([c])
        for g in groups:
            where = {"key": 0, "proof": 1, "quotient": 2}[g[0][0]]
            if where == 2:
                pack.group(16, (8, 2), (8, 1))
            elif len(g) < 3:
                pack.group(80 if len(g) == 2 else 48, (8, where), (8, len(g)), *((16, place(c) + d) for c in g for d in (0, 32)))
            else:
                pack.group(48, (8, where), (8, 0), (16, place(g[0])), (16, place(g[0]) - 64 * len(g)))
        sizes.append(32 * len(pack.words))
        data += pack.words
    w = e(v["evals"])
    pack = Pack(104)
    for size in sizes:
        pack.group(8, (8, size))
    fields = [diff + 32, w, w + 32, vanishing, w + 64, w + 96]
    words += pack.first(0, 104, len(pack.words) | sum(f << (8 + 16 * i) for i, f in enumerate(fields)))
    words += data

    # the header's derived words
    programs = [(0, len(ops)) for ops in v["gates"]]
    for _, table, inputs in v["lookups"]:
        programs += [(5, len(table[0]))] if table else []
        programs += [(5 + i, len(ops)) for i, (ops, _) in enumerate(inputs)]
    words[1] = 32 * max([2 * p + 1 for p, _ in v["phases"]] + [a + b for a, b in programs] + [
        len(v["opened_at"]) + 1, len(v["chunks"]) + 2, 12, 2 * (1 + coefficients) + 6 + 2 * len(rotations) + 1 + 3 * number])
    words[3] = len(v["opened_at"])
    words[4] = 32 * (sum(c for _, c in v["phases"]) - 5)
    omega = pow(ROOT, 1 << (28 - v["k"]), R)
    words[6:10] = [pow(2, -v["k"], R), omega, pow(omega, -1, R), pow(omega, -v["neg_lagranges"], R)]
    words[24] = PROOF + 64 * (v["points"] - 1)
    words[25] = words[24] - 64 * (v["phases"][-1][0] - 1)

    words[30] = 32 * (len(words) + 1)
    pack = Pack(24)
    for size, scale in v["tensors"]:
        pack.group(48, (32, 32 * size), (8, int(scale > 0)), (8, abs(scale)))
    words += pack.first(0, 24, len(pack.words) | v["decimals"] << 8 | 32 * v["processed"] << 16)
    return words


def affine(x, y, identity=False):
    """A point of G1; (0, 0) is the identity, allowed in the VKA only."""
    if identity and (x, y) == (0, 0):
        return (bn.FQ(1), bn.FQ(1), bn.FQ(0))
    need(x < Q and y < Q and (y * y - x * x * x - 3) % Q == 0, "not a point")
    return (bn.FQ(x), bn.FQ(y), bn.FQ(1))


def g2(x1, x0, y1, y0):
    point = (bn.FQ2([x0, x1]), bn.FQ2([y0, y1]), bn.FQ2.one())
    need(bn.is_on_curve(point, bn.b2), "not a point of G2")
    return point


def verify(v, proof, instances, neg_s_g2):
    """True, or ValueError with the reason."""
    need(len(proof) == 32 * (2 * v["points"] + v["evals"] + 4), "proof length")
    need(len(instances) == v["instances"] and all(i < R for i in instances), "instances")
    word = lambda i: int.from_bytes(proof[32 * i : 32 * i + 32], "big")

    # transcript
    state, at, challenges, points = v["digest"].to_bytes(32, "big") + b"".join(i.to_bytes(32, "big") for i in instances), 0, [], []

    def absorb_points(count):
        nonlocal state, at
        for _ in range(count):
            points.append(affine(word(at), word(at + 1)))
            state += proof[32 * at : 32 * at + 64]
            at += 2

    def squeeze():
        nonlocal state
        state = keccak(state + b"\x01" if len(state) == 32 else state)
        return int.from_bytes(state, "big") % R

    for count, squeezes in v["phases"]:
        absorb_points(count)
        challenges += [squeeze() for _ in range(squeezes)]
    evals = [word(at + i) for i in range(v["evals"])]
    need(all(x < R for x in evals), "evaluation")
    state += proof[32 * at : 32 * (at + v["evals"])]
    at += v["evals"]
    user, (theta, beta, gamma, y, x) = challenges[: v["user"]], challenges[v["user"] :]
    zeta, nu = squeeze(), squeeze()
    absorb_points(1)
    mu = squeeze()
    absorb_points(1)
    w, w_prime = points[-2:]

    # Lagrange polynomials at x: from omega^-l on, l the count of unusable rows
    n, omega, blind = 1 << v["k"], v["omega"], v["neg_lagranges"]
    x_n = pow(x, n, R)
    lagrange = []
    for i in range(blind + max(len(instances), 1)):
        p = v["omega_inv_l"] * pow(omega, i, R) % R
        lagrange.append((x_n - 1) * v["n_inv"] * p * pow(x - p, -1, R) % R)
    l_last, l_blind, l_0 = lagrange[0], sum(lagrange[1:blind]) % R, lagrange[blind]
    instance = sum(a * b for a, b in zip(lagrange[blind:], instances)) % R
    active = (1 - l_last - l_blind) % R

    # quotient
    def run(ops):
        results = []
        value = lambda o: {"result": results, "constant": v["constants"], "challenge": user, "instance": [instance]}[o[0]][o[1]]
        for op in ops:
            if op[0] == 0:
                results.append(evals[op[1]])
            elif op[0] == 1:
                results.append(-value(op[1]) % R)
            elif op[0] == 2:
                results.append((value(op[1]) + value(op[2])) % R)
            else:
                results.append(value(op[1]) * value(op[2]) % R)
        return results, value

    def compress(ops, outputs):
        _, value = run(ops)
        total = 0
        for o in outputs:
            total = (total * theta + value(o)) % R
        return (total + beta) % R

    terms = [run(ops)[0][-1] for ops in v["gates"]]
    z = [[evals[i] for i in e] for e, _ in v["chunks"]]
    terms.append(l_0 * (1 - z[0][0]))
    terms.append(l_last * (z[-1][0] ** 2 - z[-1][0]))
    terms += [l_0 * (z[i][0] - z[i - 1][2]) for i in range(1, len(z))]
    shift = beta * x % R
    for (_, columns), zs in zip(v["chunks"], z):
        left, right = zs[1], zs[0]
        for column, sigma in columns:
            value = instance if column is None else evals[column]
            left = left * (value + beta * evals[sigma] + gamma) % R
            right = right * (value + shift + gamma) % R
            shift = shift * DELTA % R
        terms.append(active * (left - right))
    table = None
    for e, own, inputs in v["lookups"]:
        phi, phi_next, m = (evals[i] for i in e)
        table = compress(*own) if own else table
        fs = [compress(*i) for i in inputs]
        product = 1
        for f in fs:
            product = product * f % R
        others = 0
        for i in range(len(fs)):
            rest = 1
            for j, f in enumerate(fs):
                rest = rest * f % R if j != i else rest
            others += rest
        terms += [l_0 * phi, l_last * phi, active * (table * product * (phi_next - phi) - (table * others - m * product))]
    numerator = 0
    for t in terms:
        numerator = (numerator * y + t) % R
    h = numerator * pow(x_n - 1, -1, R) % R

    # SHPLONK
    point = {r: x * pow(omega, r, R) % R for r in v["rotations"]}
    commitments = [affine(*c, identity=True) for c in v["commitments"]]
    pieces = points[v["points"] - v["phases"][-1][0] : v["points"]]
    quotient = pieces[-1]
    for piece in pieces[-2::-1]:
        quotient = bn.add(bn.multiply(quotient, x_n), piece)
    commit = lambda c: {"key": commitments, "proof": points, "quotient": [quotient]}[c[0]][c[1]]
    z_0 = diff_0 = 1
    for r in v["rotations"]:
        if r in v["openings"][0][0]:
            z_0 = z_0 * (mu - point[r]) % R
        else:
            diff_0 = diff_0 * (mu - point[r]) % R
    total, r_total, scale = bn.Z1, 0, 1
    for s, rows in v["openings"]:
        diff = 1
        for r in v["rotations"]:
            if r not in s:
                diff = diff * (mu - point[r]) % R
        factor = scale * diff * pow(diff_0, -1, R) % R
        basis = []  # Lagrange basis of the set's points at mu
        for r in s:
            b = 1
            for o in s:
                if o != r:
                    b = b * (mu - point[o]) * pow(point[r] - point[o], -1, R) % R
            basis.append(b)
        for c, es in rows:
            es = [h] if es is None else [evals[i] for i in es]
            total = bn.add(total, bn.multiply(commit(c), factor))
            r_total += factor * sum(a * b for a, b in zip(basis, es))
            factor = factor * zeta % R
        scale = scale * nu % R
    left = bn.add(total, bn.multiply(affine(1, 2), -r_total % R))
    left = bn.add(left, bn.multiply(w, -z_0 % R))
    left = bn.add(left, bn.multiply(w_prime, mu))
    product = bn.pairing(bn.G2, left, final_exponentiate=False) * bn.pairing(neg_s_g2, w_prime, final_exponentiate=False)
    need(bn.final_exponentiate(product) == bn.FQ12.one(), "pairing")
    return True


def refused(v, proof, instances, neg_s_g2):
    try:
        return not verify(v, proof, instances, neg_s_g2)
    except ValueError:
        return True


def montgomery(data):
    return int.from_bytes(data, "little") * pow(1 << 256, -1, Q) % Q


def dump(v, words):
    for i, word in enumerate(words):
        print(f"{i:4} {word:064x} {v['note'].get(i, '')}")
    for i, ops in enumerate(v["gates"]):
        print(f"gate {i}: {ops}")
    for i, (e, table, inputs) in enumerate(v["lookups"]):
        print(f"lookup {i}: evals {e}, table {table}, inputs {inputs}")
    for i, (e, columns) in enumerate(v["chunks"]):
        print(f"permutation chunk {i}: z {e}, columns (value, sigma) {columns}")
    for s, rows in v["openings"]:
        print(f"openings at rotations {s}: {rows}")


def check(folder, dumping, neg_s_g2, setup_words):
    data = open(os.path.join(folder, "vka.bin"), "rb").read()
    count = int.from_bytes(data[:8], "little")
    need(len(data) == 8 + 32 * count and count > 34)
    words = [int.from_bytes(data[8 + 32 * i : 40 + 32 * i], "big") for i in range(count)]
    need(words[16:24] == setup_words, "not the setup")
    v = decode(words)
    need(encode(v) == words, "some word is not explained")
    if dumping:
        dump(v, words)
    accepted = 0
    while True:
        suffix = f"-{accepted}.bin" if accepted else ".bin"
        if not os.path.exists(os.path.join(folder, "proof" + suffix)):
            break
        proof = open(os.path.join(folder, "proof" + suffix), "rb").read()
        raw = open(os.path.join(folder, "instances" + suffix), "rb").read()
        instances = [int.from_bytes(raw[i : i + 32], "little") for i in range(0, len(raw), 32)]
        verify(v, proof, instances, neg_s_g2)
        accepted += 1
    changed = bytearray(proof)
    changed[64 * v["points"] + 31] ^= 1
    need(refused(v, bytes(changed), instances, neg_s_g2), "a changed evaluation is accepted")
    other = [(instances[0] + 1) % R] + instances[1:] if instances else [0]
    need(refused(v, proof, other, neg_s_g2), "a changed instance is accepted")
    need(refused(v, proof[:64] * 2 + proof[128:], instances, neg_s_g2), "a changed point is accepted")
    sets = " ".join(f"{s}x{len(rows)}" for s, rows in v["openings"])
    print(f"{os.path.basename(folder)}: {accepted} accepted; k {v['k']}, {count} words, phases {v['phases']}, {v['instances']} instances, "
          f"{v['advice']} advice, {v['fixed']} fixed, {v['sigmas']} permuted in {len(v['chunks'])}, {len(v['gates'])} gates, "
          f"lookups {[(len(i), len(i[0][1]), t is not None) for _, t, i in v['lookups']]}, evals {v['evals']}, sets {sets}, "
          f"rescaling {v['decimals']} {v['processed']} {v['tensors']}, starts {v['starts']}", flush=True)


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    names = [a for a in sys.argv[1:] if a != "--dump"] or sorted(d for d in os.listdir(here) if os.path.exists(os.path.join(here, d, "vka.bin")))
    setup = open(os.path.join(here, "setup.bin"), "rb").read()
    c = [montgomery(setup[i : i + 32]) for i in range(0, 256, 32)]  # x.c0 x.c1 y.c0 y.c1 of g2, then of s*g2
    negative = [c[5], c[4], -c[7] % Q, -c[6] % Q]
    need((g2(c[1], c[0], c[3], c[2])) == bn.G2)
    for name in names:
        check(os.path.join(here, name), "--dump" in sys.argv, g2(*negative), [c[1], c[0], c[3], c[2]] + negative)


main()
