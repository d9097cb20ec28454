"""Proves the benchmark models with our prover and with EZKL, in turn, and writes docs/BENCHMARKS.md.

    python compare.py --cli INFERENCE --models DIR --work DIR --out BENCHMARKS.md
                      [--only NAME ...] [--runs 5] [--budget 600] [--ours] [--render]

DIR is what make_models.py wrote. Tree and SVM models are taken in their ai.onnx.ml form by us and in
EZKL's tensor form by EZKL. Errors are relative to ONNX Runtime's output on the model's own input, as
in ezkl_baseline.py. EZKL's settings are searched with one proof a candidate, within --budget seconds;
the best, and of fast models those near it, are then built and measured again with --runs proofs, however
long that takes, and only the fastest one's figures are kept. Where none is accurate enough, the time of
the fastest of all is named, as an indication. Results are kept in WORK/results.json, model by model, so
that a run can be continued; --ours measures only our side, --render only writes the page from what is
there.
Times in milliseconds, memory in MiB, sizes in bytes. Needs an idle machine.
"""
import argparse, datetime, json, os, platform, re, shutil, signal, subprocess, sys, tempfile

import numpy as np
import onnxruntime as ort

HERE = os.path.dirname(os.path.abspath(__file__))
MODELS = ["linear_regression", "linear_diabetes", "tree_regression", "svm_20_rows", "dense_64_32_10",
          "gradient_boosting", "random_forest_100", "dense_784_128_10", "lenet5", "transformer_block"]

# Models, and options, that are measured in batches.
BATCHED = ["linear_diabetes", "dense_64_32_10", "dense_784_128_10"]
BATCHES = [1, 8, 64]

# EZKL's settings that are measured again: those whose one proof took at most NEAR times the fastest one's,
# and at most FAST_MS, the fastest in any case; MOST_AGAIN at most.
NEAR, FAST_MS, MOST_AGAIN = 1.5, 2000, 4


def reference(model, values):
    """ONNX Runtime's scores: the last output that is not a label."""
    session = ort.InferenceSession(model, providers=["CPUExecutionProvider"])
    feeds = {}
    for i in session.get_inputs():
        shape = [x if isinstance(x, int) and x > 0 else -1 for x in i.shape]
        feeds[i.name] = np.asarray(values, dtype=np.float32).reshape(shape)
    outputs = [np.asarray(o) for o in session.run(None, feeds)]
    return outputs[-1].astype(np.float64).reshape(-1)


def last_line(text):
    lines = [line for line in text.strip().splitlines() if line.strip()]
    return (lines or ["failed"])[-1][:300]


def ours(cli, folder, work, runs, options):
    """Measures the ai.onnx.ml form; without one that takes the whole input (it has one row), the other."""
    for name in ("model.ml.onnx", "model.onnx"):
        model = os.path.join(folder, name)
        if os.path.exists(model):
            result = measure(cli, model, folder, work, runs, options)
            if "error" not in result:
                return result
    return result


def measure(cli, model, folder, work, runs, options):
    """Builds our circuit of a model with options and measures it; what it costs, or why it cannot be built."""
    values = json.load(open(os.path.join(folder, "input.json")))["input_data"][0]
    samples, bundle = os.path.join(work, "samples.json"), os.path.join(work, "bundle")
    os.makedirs(work, exist_ok=True)
    json.dump([values], open(samples, "w"))
    given = os.path.join(work, "input.json")
    json.dump(values, open(given, "w"))
    build = subprocess.run([cli, "--output", "json", "circuit", "build", model, "--calibration", samples, "--out", bundle, *options],
                           capture_output=True, text=True)
    if build.returncode:
        return {"error": last_line(build.stderr or build.stdout)}
    bench = subprocess.run([cli, "--output", "json", "circuit", "bench", "--bundle", bundle, "--input", given, "--runs", str(runs)],
                           capture_output=True, text=True)
    if bench.returncode:
        return {"error": last_line(bench.stderr or bench.stdout)}
    result = json.loads(bench.stdout)
    got = np.asarray(result.pop("output")["real"], dtype=np.float64)
    want = np.tile(reference(model, values), result["inferences"])
    if len(got) != len(want):
        return {"error": f"{len(got)} outputs, ONNX Runtime has {len(want)}"}
    result["relative_error"] = float(np.max(np.abs(got - want)) / max(1.0, float(np.max(np.abs(want)))))
    result["model"] = os.path.basename(model)
    return result


def grouped(command):
    """Runs a command and then ends what it left running; its exit code, output and errors.

    ezkl_baseline.py ends a candidate when the budget is spent, but not the process that proves for it."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, stdout=out, stderr=errors, start_new_session=True)
        try:
            # Not reaped yet, so the group's number is still this one's.
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        out.seek(0), errors.seek(0)
        return process.returncode, out.read(), errors.read()


def documents(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def ezkl(folder, work, runs, budget, max_error):
    """The best setting that EZKL's search finds, measured again with `runs` proofs."""
    baseline = os.path.join(HERE, "ezkl_baseline.py")
    model, data = os.path.join(folder, "model.onnx"), os.path.join(folder, "input.json")
    srs = os.path.join(os.path.dirname(work), "srs")
    _, out, errors = grouped([sys.executable, baseline, model, data, work, "--runs", "1", "--budget", str(budget),
                              "--max-error", str(max_error), "--srs", srs])
    found = documents(out)
    if not found:
        return {"error": last_line(errors)}
    best, candidates = found[-1]["best"], found[-1]["candidates"]
    # What the search says of a candidate: its setting, its time, its error.
    said = re.findall(r"^b(\d+)x(\d+) s(\d+) c(\d+): k\d+ prove ([0-9.]+) ms, error ([0-9.e+-]+)", errors, re.MULTILINE)
    tried = sorted((float(time), float(wrong), tuple(map(int, knobs))) for *knobs, time, wrong in said)
    if best is None:
        error = f"no candidate of {candidates} finished in {budget:.0f} s within the error"
        if not tried:
            return {"error": error + (f": {last_line(errors)}" if errors.strip() else "")}
        time, wrong, _ = tried[0]
        return {"error": f"{error}; the fastest, with error {wrong:g}, took {time:,.0f} ms", "fastest_ms": time}
    # Candidates' keys take gigabytes.
    shutil.rmtree(work)
    # One proof's time varies: of fast models, the next best are measured again, too.
    near = [(best["base"], best["legs"], best["scale"], best["cols"])]
    near += [knobs for time, wrong, knobs in tried if wrong <= max_error and time <= min(NEAR * best["prove_ms"], FAST_MS) and knobs not in near]
    again = []
    for index, (base, legs, scale, cols) in enumerate(near[:MOST_AGAIN]):
        spec = dict(base=base, legs=legs, scale=scale, cols=cols, dir=os.path.join(work, f"best{index}"), srs=srs, model=model, data=data, runs=runs)
        code, out, errors = grouped([sys.executable, baseline, "--child", json.dumps(spec)])
        measured = documents(out)
        if code or not measured:
            return {"error": f"the best of {candidates} candidates, measured again: {last_line(errors)}"}
        if measured[-1]["relative_error"] <= max_error:
            again.append(measured[-1])
    if not again:
        return {"error": f"the best of {candidates} candidates are not within the error when measured again"}
    fastest = min(again, key=lambda r: r["prove_ms"])
    return dict(fastest, candidates=candidates, runs=runs, searched_prove_ms=best["prove_ms"])


def number(value, digits=1):
    return "–" if value is None else f"{value:,.{digits}f}" if isinstance(value, float) else f"{value:,}"


def found_by(results):
    """How EZKL's figures were found: also with all proofs for each candidate, before the search had two stages."""
    found = {name: results[name]["ezkl"] for name in MODELS if "prove_ms" in (results.get(name, {}).get("ezkl") or {})}
    again = sorted({r["runs"] for r in found.values() if "runs" in r})
    before = [name for name, r in found.items() if "runs" not in r]
    if before and not again:
        return "searched with several proofs a candidate"
    text = f"searched with one proof a candidate, the best, of fast models several, measured again with {' or '.join(map(str, again)) or 'more'}"
    return text + (f" (with several proofs a candidate, and not again: {', '.join(before)})" if before else "")


def render(results, out):
    """The page: a table per model, and the ratios."""
    cpu = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.processor())
    lines = ["# Proving, measured beside EZKL", "",
             "Written by `scripts/bench proving`; do not edit. Both provers ran one after the other on the same, idle machine, a side perhaps again later (`--ours`): "
             f"{os.cpu_count()} cores, {cpu}, {datetime.date.today()}.", "",
             "EZKL 23.0.5 with the best setting that `bench/ezkl_baseline.py` finds (relative error at most 0.02), "
             f"{found_by(results)}. Both: input hidden, "
             "output public; ours with zero-knowledge blinding, and no other setting given. *Public* is ours with a public input, as on "
             "chain. Times are medians in milliseconds; ours include executing the model, "
             "EZKL's do not include its witness generation. Memory is the proving process's peak over its start, MiB; ours includes "
             "making the keys.", "",
             "| model | | k | prove | memory | proof B | setup | proving key B | verify | relative error |",
             "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"]
    ratios, bounds = [], []
    for name in MODELS:
        for side, label in (("hidden", "ours"), ("ours", "public"), ("ezkl", "EZKL")):
            r = results.get(name, {}).get(side)
            if r is None:
                lines.append(f"| {name} | {label} | not measured | | | | | | | |")
            elif "error" in r:
                lines.append(f"| {name} | {label} | {r['error'].replace('|', '/')} | | | | | | | |")
            else:
                start = r.get("start_mib", r.get("import_mib"))
                memory = r["peak_mib"] - start if r.get("peak_mib") is not None and start is not None else None
                r["memory"] = memory
                lines.append(f"| {name} | {label} | {r['k']} | {number(float(r['prove_ms']))} | {number(memory)} | {number(r['proof_bytes'])} | "
                             f"{number(float(r['setup_ms']))} | {number(r['pk_bytes'])} | {number(float(r['verify_ms']))} | {r['relative_error']:.1e} |")
        us, them = results.get(name, {}).get("hidden") or {}, results.get(name, {}).get("ezkl") or {}
        if "prove_ms" in us and "prove_ms" in them:
            ratios.append((name, them["prove_ms"] / us["prove_ms"], them["memory"] / max(us["memory"], 0.1), us["proof_bytes"] <= them["proof_bytes"]))
        elif "prove_ms" in us and "fastest_ms" in them:
            bounds.append((name, them["fastest_ms"] / us["prove_ms"]))
    if ratios:
        lines += ["", "| model | EZKL's time / ours | EZKL's memory / ours | our proof no larger |", "| --- | --- | --- | --- |"]
        lines += [f"| {name} | {time:.1f} | {memory:.1f} | {'yes' if small else 'no'} |" for name, time, memory, small in ratios]
        lines += ["", f"Median of EZKL's time / ours: {float(np.median([r[1] for r in ratios])):.1f}; least: {min(r[1] for r in ratios):.1f}."]
    if ratios and bounds:
        named = ", ".join(f"{name} {ratio:.1f}" for name, ratio in bounds)
        lines[-1] += (f" Where no candidate was accurate enough, by the fastest one, which was not: {named}; "
                      f"median with these: {float(np.median([r[1] for r in ratios] + [b[1] for b in bounds])):.1f}.")
    batches = [(name, results.get(name, {}).get("batches") or {}) for name in BATCHED]
    if any(found for _, found in batches):
        lines += ["", "## Batches", "",
                  "One proof of b inferences with hidden inputs (`--batch b --hidden-input`), per inference; a linear layer is checked once "
                  "for all of them where that pays.", "",
                  "| model | b | k | prove | prove, each | proof B, each | verify | memory |", "| --- | --- | --- | --- | --- | --- | --- | --- |"]
        for name, found in batches:
            for b, r in found.items():
                if "error" in r:
                    lines.append(f"| {name} | {b} | {r['error'].replace('|', '/')} | | | | | |")
                else:
                    lines.append(f"| {name} | {b} | {r['k']} | {number(float(r['prove_ms']))} | {number(r['prove_ms'] / int(b), 2)} | "
                                 f"{number(r['proof_bytes'] / int(b), 0)} | {number(float(r['verify_ms']))} | {number(r['peak_mib'] - r['start_mib'])} |")
    open(out, "w").write("\n".join(lines) + "\n")


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument("--cli", required=True); a.add_argument("--models", required=True)
    a.add_argument("--work", required=True); a.add_argument("--out", required=True)
    a.add_argument("--only", nargs="*"); a.add_argument("--runs", type=int, default=5)
    a.add_argument("--budget", type=float, default=600); a.add_argument("--max-error", type=float, default=0.02)
    a.add_argument("--ours", action="store_true"); a.add_argument("--render", action="store_true")
    a = a.parse_args()
    os.makedirs(a.work, exist_ok=True)
    # Unwinds, so that no process is left behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kept = os.path.join(a.work, "results.json")
    results = json.load(open(kept)) if os.path.exists(kept) else {}
    for name in [] if a.render else a.only or MODELS:
        folder, work = os.path.join(a.models, name), os.path.join(a.work, name)
        entry = results.setdefault(name, {})
        entry["ours"] = ours(a.cli, folder, work, a.runs, [])
        print(name, "public", json.dumps(entry["ours"]), flush=True)
        entry["hidden"] = ours(a.cli, folder, work, a.runs, ["--hidden-input"])
        print(name, "hidden", json.dumps(entry["hidden"]), flush=True)
        if name in BATCHED:
            entry["batches"] = {b: ours(a.cli, folder, work, a.runs, ["--hidden-input", "--batch", str(b)]) for b in BATCHES}
            print(name, "batches", json.dumps(entry["batches"]), flush=True)
        if not a.ours:
            entry["ezkl"] = ezkl(folder, os.path.join(a.work, "ezkl-" + name), a.runs, a.budget, a.max_error)
            print(name, "ezkl", json.dumps(entry["ezkl"]), flush=True)
        json.dump(results, open(kept, "w"), indent=1)
        results = json.load(open(kept))
    render(results, a.out)


if __name__ == "__main__":
    main()
