//! Prints sizes and times of plans and proofs of circuits from 2^8 to 2^14 rows.
//!
//! `cargo test --release -p inference-verifier --test suite measure -- --ignored --nocapture`

use crate::common;
use inference_verifier::{verify, Plan};
use std::time::{Duration, Instant};

/// The median of `runs` runs.
fn time(runs: usize, mut run: impl FnMut()) -> Duration {
	let mut times: Vec<Duration> = (0..runs)
		.map(|_| {
			let start = Instant::now();
			run();
			start.elapsed()
		})
		.collect();
	times.sort();
	times.get(runs / 2).copied().unwrap_or_default()
}

#[test]
#[ignore = "a measurement, by hand"]
fn sizes_and_times_of_circuits_are_printed() {
	println!("circuit        k  inputs  plan B  proof B  points  evals  ops  products  decode ms  verify ms");
	let fixtures = common::all()
		.into_iter()
		.chain([10, 12, 14].map(common::mixed));
	for fixture in fixtures {
		let bytes = fixture.plan.to_bytes();
		let work = fixture.plan.work();
		let decode = time(21, || {
			assert!(Plan::decode_canonical(&bytes).is_ok());
		});
		let verification = time(21, || {
			let verified = verify(
				&fixture.plan,
				&fixture.setup,
				&fixture.public_inputs,
				&fixture.proof,
			);
			assert_eq!(verified, Ok(()));
		});
		println!(
			"{:13} {:2}  {:6}  {:6}  {:7}  {:6}  {:5}  {:3}  {:8}  {:9.3}  {:9.3}",
			fixture.name,
			fixture.plan.k(),
			work.public_inputs,
			bytes.len(),
			fixture.proof.len(),
			work.msm_points,
			work.evaluations,
			work.operations,
			work.products,
			decode.as_secs_f64() * 1e3,
			verification.as_secs_f64() * 1e3,
		);
	}
}
