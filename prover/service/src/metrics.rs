//! Counters, and their exposition for Prometheus at `GET /metrics`. Base units; names end in the
//! unit or in `_total`.

use std::{
	fmt::Write,
	sync::atomic::{AtomicU64, Ordering},
	time::Duration,
};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
	/// Adds one.
	pub fn increment(&self) {
		self.0.fetch_add(1, Ordering::Relaxed);
	}

	/// The number.
	pub fn get(&self) -> u64 {
		self.0.load(Ordering::Relaxed)
	}
}

/// What the service counts since its start.
#[derive(Debug, Default)]
pub struct Metrics {
	/// Jobs accepted.
	pub accepted: Counter,
	/// Requests refused, for any reason.
	pub refused: Counter,
	/// Jobs proven.
	proven: Counter,
	/// Wall time of the proofs made, microseconds.
	proving_us: AtomicU64,
	/// Jobs that failed.
	pub failed: Counter,
	/// Jobs cancelled.
	pub cancelled: Counter,
	/// Stored proofs found damaged.
	pub damaged: Counter,
}

/// What the service has at the moment.
#[derive(Clone, Copy, Debug)]
pub struct Gauges {
	/// Models loaded.
	pub models: usize,
	/// Jobs that wait.
	pub queued: usize,
	/// Jobs being proven.
	pub running: usize,
}

impl Metrics {
	/// Counts a proof that took `elapsed`.
	pub fn proven(&self, elapsed: Duration) {
		self.proven.increment();
		let micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX);
		self.proving_us.fetch_add(micros, Ordering::Relaxed);
	}

	/// The text that Prometheus reads.
	pub fn render(&self, gauges: Gauges) -> String {
		let mut text = String::new();
		let counters = [
			("jobs_accepted_total", "Jobs accepted.", self.accepted.get()),
			(
				"jobs_refused_total",
				"Submissions refused.",
				self.refused.get(),
			),
			(
				"jobs_proven_total",
				"Jobs proven and verified.",
				self.proven.get(),
			),
			(
				"jobs_failed_total",
				"Jobs that cannot be proven.",
				self.failed.get(),
			),
			(
				"jobs_cancelled_total",
				"Jobs cancelled.",
				self.cancelled.get(),
			),
			(
				"proofs_damaged_total",
				"Stored proofs found damaged.",
				self.damaged.get(),
			),
		];
		for (name, help, value) in counters {
			metric(&mut text, name, help, "counter", value);
		}
		let micros = self.proving_us.load(Ordering::Relaxed);
		let seconds = Duration::from_micros(micros).as_secs_f64();
		metric(
			&mut text,
			"proving_seconds_total",
			"Wall time of proofs made.",
			"counter",
			seconds,
		);
		let gauges = [
			("models", "Models loaded.", gauges.models),
			("jobs_queued", "Jobs that wait.", gauges.queued),
			("jobs_running", "Jobs being proven.", gauges.running),
		];
		for (name, help, value) in gauges {
			metric(&mut text, name, help, "gauge", value);
		}
		text
	}
}

fn metric(text: &mut String, name: &str, help: &str, kind: &str, value: impl std::fmt::Display) {
	// Writing to a `String` cannot fail.
	let _ = write!(
		text,
		"# HELP inference_prover_{name} {help}\n# TYPE inference_prover_{name} {kind}\n\
		 inference_prover_{name} {value}\n"
	);
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn render_should_show_every_metric_once_with_its_value() {
		let metrics = Metrics::default();
		metrics.accepted.increment();
		metrics.proven(Duration::from_millis(1500));
		let text = metrics.render(Gauges {
			models: 2,
			queued: 3,
			running: 1,
		});
		for line in [
			"inference_prover_jobs_accepted_total 1",
			"inference_prover_jobs_proven_total 1",
			"inference_prover_proving_seconds_total 1.5",
			"inference_prover_models 2",
			"inference_prover_jobs_queued 3",
			"inference_prover_jobs_running 1",
		] {
			assert_eq!(
				text.lines().filter(|l| *l == line).count(),
				1,
				"{line} in\n{text}"
			);
		}
	}
}
