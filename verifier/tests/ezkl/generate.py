"""Makes the EZKL test vectors with the PyPI wheel: `python generate.py OUTDIR [NAME...]`.

Writes OUTDIR/NAME/{vka,proof,instances}.bin, circuit.json and, for some circuits, further proofs of
the same key (proof-I.bin, instances-I.bin) and the wheel's own proof.json. Every proof is checked
with `ezkl.verify`, and refused by it once an evaluation is changed. The one SRS of all circuits comes from
`gen_srs`: for tests only. A rerun draws another secret and other blinding, so remake all or none
(EZKL_WORK=FOLDER keeps the SRS and the keys between runs). In circuit.json `hashes` are the first
instances (Poseidon of what is "hashed"), `commitments` the first points of the proof (KZG commitments
of what is "polycommit", compressed: x little-endian, bit 255 the parity of y); both for the last proof.
"""
import asyncio, copy, inspect, json, os, shutil, sys, tempfile, time

import ezkl
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
MAX_K = 12


class Net:
    """A small ONNX graph: nodes in a chain, weights from one seeded generator."""

    def __init__(self, shape, seed):
        self.rng, self.shape = np.random.default_rng(seed), list(shape)
        self.nodes, self.weights, self.last = [], [], "input"

    def array(self, values):
        name = f"w{len(self.weights)}"
        self.weights.append(numpy_helper.from_array(np.asarray(values), name))
        return name

    def op(self, kind, *inputs, **attributes):
        out = f"t{len(self.nodes)}"
        outs = [out, f"unused{len(self.nodes)}"] if kind == "TopK" else [out]
        self.nodes.append(helper.make_node(kind, [self.last, *inputs], outs, **attributes))
        self.last = out
        return self

    def random(self, *shape):
        return self.array(self.rng.uniform(-1, 1, shape).astype(np.float32))

    def dense(self, n_in, n_out, bias=True):
        self.op("MatMul", self.random(n_in, n_out))
        return self.op("Add", self.random(1, n_out)) if bias else self

    def save(self, path):
        self.nodes[-1].output[0] = "output"
        graph = helper.make_graph(self.nodes, "net",
                                  [helper.make_tensor_value_info("input", TensorProto.FLOAT, self.shape)],
                                  [helper.make_empty_tensor_value_info("output")], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
        model = onnx.shape_inference.infer_shapes(model)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def linear_regression(): return Net([1, 4], 1).dense(4, 1)
def linear_wide(): return Net([1, 3], 2).dense(3, 5, bias=False)
def mlp(): return Net([1, 4], 3).dense(4, 6).op("Relu").dense(6, 3)
def mlp_deep(): return Net([1, 3], 4).dense(3, 4).op("Relu").dense(4, 4).op("Relu").dense(4, 2)
def sigmoid(): return Net([1, 3], 5).dense(3, 2).op("Sigmoid")
def tanh_relu():
    return Net([1, 3], 6).dense(3, 3).op("Tanh").dense(3, 3).op("Relu").dense(3, 2)
def product():
    n = Net([1, 8], 7)
    return n.op("Mul", "input").op("Mul", n.random(1, 8))
def conv():
    n = Net([1, 1, 4, 4], 8)
    return n.op("Conv", n.random(2, 1, 2, 2), n.random(2), kernel_shape=[2, 2], strides=[2, 2]).op("Relu")
def identity_many():
    n = Net([1, 72], 9)
    return n.op("Mul", n.random(1, 72))
def exp_sqrt(): return Net([1, 2], 10).dense(2, 2).op("Sigmoid").op("Sqrt")
def absolute(): return Net([1, 4], 11).dense(4, 3).op("Abs")
def batched(): return Net([3, 4], 12).dense(4, 3, bias=False)
def top_k():
    n = Net([1, 5], 13)
    return n.op("TopK", n.array(np.array([2], dtype=np.int64)), axis=1)
def reduce_max():
    n = Net([1, 6], 14)
    return n.op("ReduceMax", axes=[1], keepdims=1).op("Add", n.random(1, 3))
def sum_only(): return Net([1, 4], 15).op("ReduceSum", keepdims=1)


# name: (graph, run arguments, further proofs, keep proof.json)
FIXED = dict(input_visibility="public", output_visibility="public", param_visibility="fixed")
SMALL = dict(decomp_base=64, decomp_legs=4, num_inner_cols=1)
CIRCUITS = {
    "linear-regression": (linear_regression, dict(FIXED, **SMALL), 3, True),
    "mlp-relu": (mlp, dict(FIXED, **SMALL, input_visibility="private"), 1, False),
    "sigmoid-table": (sigmoid, dict(FIXED, **SMALL), 0, False),
    "linear-hashed-input": (linear_wide, dict(FIXED, **SMALL, input_visibility="hashed"), 0, False),
    "linear-polycommit-input": (linear_wide, dict(FIXED, **SMALL, input_visibility="polycommit"), 0, False),
    "mlp-polycommit-params": (mlp, dict(FIXED, **SMALL, input_visibility="private", param_visibility="polycommit"), 0, False),
    "mlp-cols2": (mlp_deep, dict(FIXED, decomp_base=128, decomp_legs=3, num_inner_cols=2), 0, False),
    "conv-cols4": (conv, dict(FIXED, decomp_base=32, decomp_legs=5, num_inner_cols=4), 0, False),
    "tanh-relu-cols8": (tanh_relu, dict(FIXED, decomp_base=64, decomp_legs=4, num_inner_cols=8), 0, False),
    "product": (product, dict(FIXED, **SMALL), 0, False),
    "instances-144": (identity_many, dict(FIXED, decomp_base=256, decomp_legs=3, num_inner_cols=2), 0, False),
    "two-tables": (exp_sqrt, dict(FIXED, decomp_base=16, decomp_legs=6, num_inner_cols=1), 0, False),
    "abs-hashed-output": (absolute, dict(FIXED, **SMALL, input_visibility="private", output_visibility="hashed"), 0, False),
    "linear-hashed-params": (linear_regression, dict(FIXED, **SMALL, param_visibility="hashed"), 0, False),
    "freivalds": (batched, dict(FIXED, decomp_base=64, decomp_legs=4, num_inner_cols=2), 0, False),
    "top-k": (top_k, dict(FIXED, **SMALL), 0, False),
    "reduce-max": (reduce_max, dict(FIXED, **SMALL, input_visibility="private"), 0, False),
    "sum-only": (sum_only, dict(FIXED, **SMALL, ignore_range_check_inputs_outputs=True), 0, False),
    "no-instances": (linear_wide, dict(FIXED, **SMALL, input_visibility="polycommit", output_visibility="polycommit"), 0, False),
    "freivalds-cols4": (batched, dict(FIXED, decomp_base=64, decomp_legs=4, num_inner_cols=4), 0, False),
    "freivalds-cols1": (batched, dict(FIXED, decomp_base=64, decomp_legs=4, num_inner_cols=1), 0, False),
    "mlp-base1024": (mlp, dict(FIXED, decomp_base=1024, decomp_legs=3, num_inner_cols=1, input_visibility="private"), 0, False),
    # The degree is num_inner_cols + 2. With 37 columns and more the wheel panics: addresses have 16 bits (LAYOUT.md,
    # "Many inner columns").
    "mlp-cols16": (mlp, dict(FIXED, decomp_base=64, decomp_legs=4, num_inner_cols=16), 0, False),
    "top-k-cols32": (top_k, dict(FIXED, decomp_base=64, decomp_legs=4, num_inner_cols=32), 0, False),
    "mlp-cols36": (mlp, dict(FIXED, decomp_base=64, decomp_legs=4, num_inner_cols=36), 0, False),
}


async def call(f, *args, **kwargs):
    result = f(*args, **kwargs)
    return await result if inspect.isawaitable(result) else result


def write_words(proof, name):
    instances = [bytes.fromhex(f) for column in proof["instances"] for f in column]
    assert all(len(f) == 32 and int.from_bytes(f, "little") < R for f in instances)
    raw = bytes.fromhex(proof["hex_proof"].removeprefix("0x"))
    assert list(raw) == proof["proof"]
    open(name("proof"), "wb").write(raw)
    open(name("instances"), "wb").write(b"".join(instances))
    return len(instances), len(raw)


async def verifies(proof_path, p, srs):
    try:
        return bool(await call(ezkl.verify, proof_path, p("settings.json"), p("vk.key"), srs_path=srs))
    except Exception:  # the wheel raises on a refused proof
        return False


async def make(name, outdir, work, srs):
    build, run, more, keep = CIRCUITS[name]
    d, out = os.path.join(work, name), os.path.join(outdir, name)
    os.makedirs(d, exist_ok=True), os.makedirs(out, exist_ok=True)
    p = lambda n: os.path.join(d, n)
    net = build()
    net.save(p("model.onnx"))
    args = ezkl.PyRunArgs()
    args.input_scale = args.param_scale = 5
    args.logrows = 8
    for key, value in run.items():
        setattr(args, key, value)
    size = int(np.prod(net.shape))
    values = [np.random.default_rng(1000 + i).uniform(-1, 1, size).round(3).tolist() for i in range(more + 1)]
    for i, v in enumerate(values):
        json.dump({"input_data": [v]}, open(p(f"input-{i}.json"), "w"))
    await call(ezkl.gen_settings, p("model.onnx"), p("settings.json"), py_run_args=args)
    await call(ezkl.calibrate_settings, p("input-0.json"), p("model.onnx"), p("settings.json"), "resources", scales=[args.input_scale])
    await call(ezkl.compile_circuit, p("model.onnx"), p("model.compiled"), p("settings.json"))
    settings = json.load(open(p("settings.json")))
    k = settings["run_args"]["logrows"]
    assert k <= MAX_K
    await call(ezkl.setup, p("model.compiled"), p("vk.key"), p("pk.key"), srs_path=srs)
    times, wheel = [], []
    for i in range(more + 1):
        await call(ezkl.gen_witness, p(f"input-{i}.json"), p("model.compiled"), p("witness.json"), vk_path=p("vk.key"), srs_path=srs)
        start = time.perf_counter()
        await call(ezkl.prove, p("witness.json"), p("model.compiled"), p("pk.key"), p(f"proof-{i}.json"), srs_path=srs)
        times.append(round(time.perf_counter() - start, 3))
        proof = json.load(open(p(f"proof-{i}.json")))
        assert await verifies(p(f"proof-{i}.json"), p, srs), f"{name}: the wheel refuses its own proof"
        suffix = f"-{i}" if i else ""
        count, length = write_words(proof, lambda what: os.path.join(out, f"{what}{suffix}.bin"))
        wheel.append((p(f"proof-{i}.json"), proof))
    await call(ezkl.create_evm_vka, p("vk.key"), p("settings.json"), p("vka.bin"), srs)
    vka = open(p("vka.bin"), "rb").read()
    words = int.from_bytes(vka[:8], "little")
    assert len(vka) == 8 + 32 * words
    open(os.path.join(out, "vka.bin"), "wb").write(vka)

    # the last evaluation is the word before W and W'
    path, proof = wheel[0]
    bad = copy.deepcopy(proof)
    bad["proof"][-129] ^= 1
    bad["hex_proof"] = "0x" + bytes(bad["proof"]).hex()
    json.dump(bad, open(p("bad.json"), "w"))
    assert not await verifies(p("bad.json"), p, srs), f"{name}: a changed evaluation is accepted"
    if keep:
        shutil.copy(path, os.path.join(out, "proof.json"))

    witness = json.load(open(p("witness.json")))
    parts = [witness[f"processed_{part}"] or {} for part in ("inputs", "params", "outputs")]
    hashes = [f for part in parts for f in part.get("poseidon_hash") or []]
    commitments = [c for part in parts for points in part.get("polycommit") or [] for c in points]
    assert hashes == [f for c in proof["instances"] for f in c][: len(hashes)]
    for i, c in enumerate(commitments):  # x little-endian, bit 255 the parity of y
        x, y = (bytes(proof["proof"][64 * i + 32 * j :][:32]) for j in (0, 1))
        assert int(c[62:], 16) >> 7 == y[31] & 1 and bytes.fromhex(c)[:31] == x[:0:-1] and int(c[62:], 16) & 63 == x[0]
    instances = [int.from_bytes(bytes.fromhex(f), "little") for c in proof["instances"] for f in c]
    shown = ("input_scale", "param_scale", "scale_rebase_multiplier", "lookup_range", "logrows", "num_inner_cols",
             "decomp_base", "decomp_legs", "input_visibility", "output_visibility", "param_visibility", "check_mode",
             "bounded_log_lookup", "ignore_range_check_inputs_outputs", "rebase_frac_zero_constants", "epsilon")
    facts = {
        "name": name, "wheel": ezkl.__version__, "ops": [n.op_type for n in net.nodes], "input_shape": net.shape,
        "inputs": values, "k": k, "instances": count, "instances_per_column": [len(c) for c in proof["instances"]],
        "negative_instances": sum(v > R // 2 for v in instances), "proof_bytes": length, "vka_words": words, "vka_bytes": len(vka),
        "hashes": hashes, "commitments": commitments, "proofs": more + 1, "prove_seconds": times,
        "run_args": {key: settings["run_args"][key] for key in shown if key in settings["run_args"]},
        "settings": {key: settings[key] for key in ("num_rows", "total_assignments", "total_const_size", "model_instance_shapes",
                     "model_output_scales", "model_input_scales", "module_sizes", "required_lookups", "required_range_checks",
                     "total_dynamic_col_size", "total_shuffle_col_size", "num_blinding_factors") if key in settings},
    }
    with open(os.path.join(out, "circuit.json"), "w") as f:
        f.write("{\n" + ",\n".join(f'  "{key}": {json.dumps(value)}' for key, value in facts.items()) + "\n}\n")
    print(f"{name}: k {k}, {words} words, {length} proof bytes, {count} instances, {times} s", flush=True)


def make_srs(work, outdir):
    """One SRS for every circuit: the wheel shortens it to the circuit's k. setup.bin is g2 and s*g2, the
    last 256 bytes of the SRS file: 8 coordinates of 32 bytes, little-endian Montgomery form, each point as
    x.c0, x.c1, y.c0, y.c1."""
    path = os.path.join(work, f"kzg{MAX_K}.srs")
    if not os.path.exists(path):
        ezkl.gen_srs(path, MAX_K)
    open(os.path.join(outdir, "setup.bin"), "wb").write(open(path, "rb").read()[-256:])
    return path


async def main():
    outdir, names = sys.argv[1], sys.argv[2:] or list(CIRCUITS)
    work = os.environ.get("EZKL_WORK") or tempfile.mkdtemp()
    os.makedirs(work, exist_ok=True), os.makedirs(outdir, exist_ok=True)
    srs = make_srs(work, outdir)
    for name in names:
        await make(name, outdir, work, srs)


asyncio.run(main())
