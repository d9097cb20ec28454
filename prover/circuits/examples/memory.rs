//! What building a bundle, loading its proving key and proving cost, in time and peak memory.
//!
//! ```text
//! memory build MODEL.onnx SAMPLES.json DIR     writes a bundle; SAMPLES is a JSON array of inputs
//! memory prove DIR SAMPLES.json [SCRATCH]      proves the first; polynomials in a file in SCRATCH
//! memory once DIR SAMPLES.json [SCRATCH]       the same without multiples of the setup's points
//! memory hold DIR...                           holds the proving keys of all, which share the setup's points
//! memory apart DIR...                          the same, each with points of its own
//! ```
//!
//! Each is its own process, so that its peak is its own. Linux only.

use inference_circuits::{BuildOptions, Bundle, Prover, ProverOptions};
use inference_primitives::{
	Destination, GenesisHash, ModelId, ModelRef, StatementHeader, WorkloadId, STATEMENT_VERSION,
};
use std::{error::Error, fs, path::Path, sync::Arc, time::Instant};

/// Proofs that are made.
const RUNS: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
	let arguments: Vec<String> = std::env::args().skip(1).collect();
	let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
	match arguments[..] {
		["build", model, samples, dir] => build(model, samples, dir),
		[way @ ("prove" | "once"), dir, samples, ref scratch @ ..] => prove(
			dir,
			samples,
			ProverOptions {
				scratch: scratch.first().map(Into::into),
				without_tables: way == "once",
				..ProverOptions::default()
			},
		),
		[way @ ("hold" | "apart"), ref dirs @ ..] => hold(dirs, way == "hold"),
		_ => Err(
			"memory build MODEL SAMPLES DIR, memory prove|once DIR SAMPLES [SCRATCH], \
			memory hold|apart DIR..."
				.into(),
		),
	}
}

fn build(model: &str, samples: &str, dir: &str) -> Result<(), Box<dyn Error>> {
	let options = BuildOptions {
		name: "memory".into(),
		calibration: serde_json::from_slice(&fs::read(samples)?)?,
		..BuildOptions::default()
	};
	let model = fs::read(model)?;
	let start = Instant::now();
	let mut stages = Vec::new();
	let bundle = Bundle::build(&model, &options, &mut |step| {
		if step.step.is_none_or(|step| step.done == 0) {
			stages.push((step.to_string(), start.elapsed(), peak_mib()));
		}
	})?;
	for (stage, at, peak) in stages {
		println!("{stage}: at {at:.2?}, peak {peak:.1} MiB so far");
	}
	bundle.save(Path::new(dir))?;
	println!(
		"built in {:.2?}, peak {:.1} MiB, proving key {} bytes",
		start.elapsed(),
		peak_mib(),
		bundle.manifest().proving_key_bytes
	);
	Ok(())
}

fn prove(dir: &str, samples: &str, mut options: ProverOptions) -> Result<(), Box<dyn Error>> {
	let samples: Vec<Vec<f64>> = serde_json::from_slice(&fs::read(samples)?)?;
	let start = Instant::now();
	options.progress = Some(Arc::new(move |step| {
		if step.done == 0 {
			println!(
				"{step}: at {:.2?}, peak {:.1} MiB so far",
				start.elapsed(),
				peak_mib()
			);
		}
	}));
	let bundle = Arc::new(Bundle::load(Path::new(dir))?);
	println!(
		"bundle loaded in {:.2?}, peak {:.1} MiB",
		start.elapsed(),
		peak_mib()
	);
	let start = Instant::now();
	let prover = Prover::with_options(bundle.clone(), options)?;
	println!(
		"key loaded in {:.2?}, peak {:.1} MiB",
		start.elapsed(),
		peak_mib()
	);
	let input = bundle.quantise_input(samples.first().ok_or("no samples")?)?;
	let header = StatementHeader {
		genesis: GenesisHash([0; 32]),
		domain: 0,
		version: STATEMENT_VERSION,
		vk_hash: bundle.vk_hash(),
		model: ModelRef {
			model: ModelId(0),
			version: 0,
		},
		workload: WorkloadId([0; 32]),
		destination: Destination::Local,
	};
	for _ in 0..RUNS {
		let start = Instant::now();
		prover.prove(&header, &input)?;
		println!(
			"proven in {:.2?}, peak {:.1} MiB",
			start.elapsed(),
			peak_mib()
		);
	}
	Ok(())
}

fn hold(dirs: &[&str], is_shared: bool) -> Result<(), Box<dyn Error>> {
	let shared = ProverOptions::default();
	let mut provers = Vec::new();
	for dir in dirs {
		let bundle = Arc::new(Bundle::load(Path::new(dir))?);
		let options = if is_shared {
			shared.clone()
		} else {
			ProverOptions::default()
		};
		let (k, start) = (bundle.layout().k, Instant::now());
		let prover = Prover::with_options(bundle, options)?;
		println!(
			"{dir}: 2^{k} rows, key {:.1} MiB, points {:.1} MiB, read in {:.2?}; {:.1} MiB in all, peak {:.1} MiB",
			mib(prover.key_bytes()),
			mib(prover.commitments().bytes()),
			start.elapsed(),
			status_mib("VmRSS:"),
			peak_mib()
		);
		provers.push(prover);
	}
	drop(provers);
	println!("let go of: {:.1} MiB", status_mib("VmRSS:"));
	Ok(())
}

fn mib(bytes: usize) -> f64 {
	bytes as f64 / f64::from(1 << 20)
}

/// Peak resident memory of this process so far, MiB.
fn peak_mib() -> f64 {
	status_mib("VmHWM:")
}

/// What Linux says of this process's memory under this name, MiB.
fn status_mib(name: &str) -> f64 {
	let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
	let line = status.lines().find_map(|line| line.strip_prefix(name));
	let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
	kib.unwrap_or(f64::NAN) / 1024.0
}
