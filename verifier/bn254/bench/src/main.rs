//! Prints the table of `inference-bn254`: each operation of both libraries, in wasm and natively.
//!
//! Usage: `compare WASM`, the library built for wasm. Times are the least of 15 measurements, without
//! the set-up; what both libraries return is compared.

use inference_bn254_bench::{run, OPERATIONS};
use std::{env, error::Error, time::Instant};
use wasmtime::{Config, Engine, Instance, Module, OptLevel, Store};

/// Measurements of an operation.
const MEASUREMENTS: usize = 15;

/// Nanoseconds of one operation, and what it returns.
fn measure(
	repetitions: u32,
	mut call: impl FnMut(u32) -> Result<u64, Box<dyn Error>>,
) -> Result<(f64, u64), Box<dyn Error>> {
	let (mut least, mut setup) = (f64::INFINITY, f64::INFINITY);
	let mut result = 0;
	for _ in 0..MEASUREMENTS {
		let start = Instant::now();
		call(0)?;
		setup = setup.min(start.elapsed().as_secs_f64());
		let start = Instant::now();
		result = call(repetitions)?;
		least = least.min(start.elapsed().as_secs_f64());
	}
	Ok(((least - setup) / f64::from(repetitions) * 1e9, result))
}

fn time(nanoseconds: f64) -> String {
	match nanoseconds {
		n if n < 1e3 => format!("{n:.0} ns"),
		n if n < 1e6 => format!("{:.1} µs", n / 1e3),
		n => format!("{:.2} ms", n / 1e6),
	}
}

fn main() -> Result<(), Box<dyn Error>> {
	let path = env::args().nth(1).ok_or("usage: compare WASM")?;
	// As sc-executor configures it: cranelift for speed, no SIMD.
	let mut config = Config::new();
	config.cranelift_opt_level(OptLevel::Speed);
	config.wasm_simd(false).wasm_relaxed_simd(false);
	let engine = Engine::new(&config)?;
	let mut store = Store::new(&engine, ());
	let module = Module::from_file(&engine, path)?;
	let instance = Instance::new(&mut store, &module, &[])?;
	let in_wasm = instance.get_typed_func::<(u32, u32, u32), u64>(&mut store, "run")?;

	println!("| operation | wasm: ark | wasm: here | native: ark | native: here |");
	println!("| --- | ---: | ---: | ---: | ---: |");
	for (index, operation) in (0u32..).zip(&OPERATIONS) {
		let mut times = Vec::new();
		let mut results = Vec::new();
		for ours in [0, 1] {
			let (time, result) = measure(operation.repetitions, |n| {
				Ok(in_wasm.call(&mut store, (index, ours, n))?)
			})?;
			times.push(time);
			results.push(result);
		}
		for ours in [0, 1] {
			let (time, result) = measure(operation.repetitions, |n| Ok(run(index, ours, n)))?;
			times.push(time);
			results.push(result);
		}
		if results.iter().any(|result| *result != results[0]) {
			return Err(format!("{}: results differ: {results:?}", operation.name).into());
		}
		let times: Vec<_> = times.into_iter().map(time).collect();
		println!("| {} | {} |", operation.name, times.join(" | "));
	}
	Ok(())
}
