//! What the service counts and measures, and its exposition for Prometheus at `GET /metrics`. Base
//! units; names start with `inference_prover_` and end in the unit or in `_total`. The label `model` is
//! a verifying key's hash; `model_info` has its name. Labels are those of loaded models, whose number
//! is bounded.

use crate::jobs::now_ms;
use inference_primitives::VkHash;
use parking_lot::Mutex;
use prometheus::{
	Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
	Registry, TextEncoder,
};
use std::{sync::Arc, time::Duration};

/// Upper bounds of the buckets of proofs, seconds.
const PROVING_BUCKETS: [f64; 12] = [
	0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 1800.0, 7200.0,
];
/// Upper bounds of the buckets of executions, seconds.
const EXECUTING_BUCKETS: [f64; 9] = [0.0005, 0.002, 0.01, 0.05, 0.2, 1.0, 5.0, 20.0, 60.0];

/// What the service counts since its start.
pub struct Metrics {
	registry: Registry,
	accepted: IntCounterVec,
	refused: IntCounterVec,
	proven: IntCounterVec,
	failed: IntCounterVec,
	retried: IntCounterVec,
	overdue: IntCounterVec,
	cancelled: IntCounterVec,
	damaged: IntCounter,
	proving: HistogramVec,
	waiting: HistogramVec,
	executing: HistogramVec,
	loading: Histogram,
	info: IntGaugeVec,
	engine_deaths: IntCounter,
	waiting_for_model: IntGauge,
	/// Held while the text is made: two who ask at once count nothing twice.
	rendering: Mutex<()>,
	gauges: [(IntGauge, fn(&Gauges) -> u64); 10],
}

/// A job that a worker has, until its proof begins or the attempt is over.
pub struct Waits {
	metrics: Arc<Metrics>,
	model: VkHash,
	accepted_ms: u64,
}

impl Waits {
	/// Its proof begins: notes how long it waited.
	pub fn end(self) {
		let waited_ms = now_ms().saturating_sub(self.accepted_ms);
		self.metrics
			.waiting
			.with_label_values(&[&self.model.to_string()])
			.observe(Duration::from_millis(waited_ms).as_secs_f64());
	}
}

impl Drop for Waits {
	fn drop(&mut self) {
		self.metrics.waiting_for_model.dec();
	}
}

/// What the service has at the moment.
#[derive(Clone, Copy, Debug)]
pub struct Gauges {
	/// Models loaded.
	pub models: usize,
	/// Memory that they take, in the service and in engine processes, bytes, about.
	pub model_bytes: u64,
	/// Engine processes that run.
	pub engine_processes: usize,
	/// Engine processes that ended although nobody asked them to, since the start.
	pub engine_deaths: u64,
	/// Free space where jobs and proofs lie, bytes.
	pub disk_free_bytes: u64,
	/// Jobs that wait.
	pub queued: usize,
	/// Jobs being proven.
	pub running: usize,
	/// Of these, those that take longer than the time-out.
	pub overdue: usize,
	/// Age of the oldest waiting job.
	pub oldest_queued: Duration,
	/// Bundles that were to be loaded at the start and are not.
	pub bundles_failed: usize,
	/// Whether the service is ready.
	pub ready: bool,
}

impl Default for Metrics {
	fn default() -> Self {
		match Self::build() {
			Ok(metrics) => metrics,
			// The names and labels below are constants, and a test builds them.
			Err(error) => unreachable!("the service's metrics are well-formed: {error}"),
		}
	}
}

fn name(short: &str) -> String {
	format!("inference_prover_{short}")
}

impl Metrics {
	fn build() -> Result<Self, prometheus::Error> {
		let registry = Registry::new();
		let counters = |short: &str, help: &str, label: &str| {
			let counters = IntCounterVec::new(Opts::new(name(short), help), &[label])?;
			registry.register(Box::new(counters.clone()))?;
			Ok::<_, prometheus::Error>(counters)
		};
		let histograms = |short: &str, help: &str, buckets: &[f64]| {
			let options = HistogramOpts::new(name(short), help).buckets(buckets.to_vec());
			let histograms = HistogramVec::new(options, &["model"])?;
			registry.register(Box::new(histograms.clone()))?;
			Ok::<_, prometheus::Error>(histograms)
		};
		let gauge = |short: &str, help: &str| {
			let gauge = IntGauge::new(name(short), help)?;
			registry.register(Box::new(gauge.clone()))?;
			Ok::<_, prometheus::Error>(gauge)
		};
		let damaged =
			IntCounter::new(name("proofs_damaged_total"), "Stored proofs found damaged.")?;
		registry.register(Box::new(damaged.clone()))?;
		let loading = Histogram::with_opts(
			HistogramOpts::new(name("loading_seconds"), "Wall time of loading a model.")
				.buckets(PROVING_BUCKETS.to_vec()),
		)?;
		registry.register(Box::new(loading.clone()))?;
		let info = IntGaugeVec::new(
			Opts::new(name("model_info"), "1 for each loaded model."),
			&["model", "name"],
		)?;
		registry.register(Box::new(info.clone()))?;
		let engine_deaths = IntCounter::new(
			name("engine_deaths_total"),
			"Engine processes that ended although nobody asked them to.",
		)?;
		registry.register(Box::new(engine_deaths.clone()))?;
		let gauges: [(IntGauge, fn(&Gauges) -> u64); 10] = [
			(gauge("models", "Models loaded.")?, |g| wide(g.models)),
			(
				gauge("model_bytes", "Memory of the loaded models, about.")?,
				|g| g.model_bytes,
			),
			(gauge("jobs_queued", "Jobs that wait.")?, |g| wide(g.queued)),
			(gauge("jobs_running", "Jobs being proven.")?, |g| {
				wide(g.running)
			}),
			(
				gauge(
					"jobs_overdue",
					"Jobs whose proof takes longer than the time-out.",
				)?,
				|g| wide(g.overdue),
			),
			(
				gauge("oldest_queued_seconds", "Age of the oldest waiting job.")?,
				|g| g.oldest_queued.as_secs(),
			),
			(
				gauge(
					"bundles_failed",
					"Bundles of the start that are not loaded: none of their jobs is served.",
				)?,
				|g| wide(g.bundles_failed),
			),
			(
				gauge("ready", "1 if all models are loaded and the stores work.")?,
				|g| g.ready.into(),
			),
			(
				gauge("engine_processes", "Engine processes that run.")?,
				|g| wide(g.engine_processes),
			),
			(
				gauge(
					"disk_free_bytes",
					"Free space where jobs and proofs lie; zero if it is not known.",
				)?,
				|g| g.disk_free_bytes,
			),
		];
		Ok(Self {
			accepted: counters("jobs_accepted_total", "Jobs accepted.", "model")?,
			refused: counters(
				"jobs_refused_total",
				"Submissions refused, by the error's code.",
				"code",
			)?,
			proven: counters("jobs_proven_total", "Jobs proven and verified.", "model")?,
			failed: counters("jobs_failed_total", "Jobs given up.", "model")?,
			retried: counters(
				"jobs_retried_total",
				"Attempts that failed and are repeated.",
				"model",
			)?,
			overdue: counters(
				"proofs_overdue_total",
				"Proofs that took longer than the time-out.",
				"model",
			)?,
			cancelled: counters("jobs_cancelled_total", "Jobs cancelled.", "model")?,
			proving: histograms(
				"proving_seconds",
				"Wall time of a proof, with its verification.",
				&PROVING_BUCKETS,
			)?,
			waiting: histograms(
				"waiting_seconds",
				"Time from a job's acceptance to the start of its proof, once its model is there.",
				&PROVING_BUCKETS,
			)?,
			executing: histograms(
				"executing_seconds",
				"Wall time of an execution.",
				&EXECUTING_BUCKETS,
			)?,
			damaged,
			engine_deaths,
			waiting_for_model: gauge(
				"jobs_waiting_for_model",
				"Jobs that a worker has and whose proof is not begun: they wait for their model to be read.",
			)?,
			rendering: Mutex::default(),
			loading,
			info,
			gauges,
			registry,
		})
	}

	/// Counts an accepted job.
	pub fn accepted(&self, model: &VkHash) {
		self.accepted.with_label_values(&[&model.to_string()]).inc();
	}

	/// Counts a refused submission by its error's code.
	pub fn refused(&self, code: i32) {
		self.refused.with_label_values(&[&code.to_string()]).inc();
	}

	/// Counts a proof that took `elapsed`.
	pub fn proven(&self, model: &VkHash, elapsed: Duration) {
		let model = model.to_string();
		self.proven.with_label_values(&[&model]).inc();
		self.proving
			.with_label_values(&[&model])
			.observe(elapsed.as_secs_f64());
	}

	/// Counts a job that was given up.
	pub fn failed(&self, model: &VkHash) {
		self.failed.with_label_values(&[&model.to_string()]).inc();
	}

	/// Counts an attempt that is repeated.
	pub fn retried(&self, model: &VkHash) {
		self.retried.with_label_values(&[&model.to_string()]).inc();
	}

	/// Counts a proof that takes longer than the time-out.
	pub fn overdue(&self, model: &VkHash) {
		self.overdue.with_label_values(&[&model.to_string()]).inc();
	}

	/// Counts a cancelled job.
	pub fn cancelled(&self, model: &VkHash) {
		self.cancelled
			.with_label_values(&[&model.to_string()])
			.inc();
	}

	/// Counts a stored proof that was found damaged.
	pub fn damaged(&self) {
		self.damaged.inc();
	}

	/// Counts a job, accepted then, that waits for a process and for its model to be read.
	pub fn waits(self: &Arc<Self>, model: VkHash, accepted_ms: u64) -> Waits {
		self.waiting_for_model.inc();
		Waits {
			metrics: self.clone(),
			model,
			accepted_ms,
		}
	}

	/// Notes how long an execution took.
	pub fn executed(&self, model: &VkHash, elapsed: Duration) {
		self.executing
			.with_label_values(&[&model.to_string()])
			.observe(elapsed.as_secs_f64());
	}

	/// Notes a model that was loaded, and how long that took.
	pub fn loaded(&self, model: &VkHash, name: &str, elapsed: Duration) {
		self.loading.observe(elapsed.as_secs_f64());
		self.info
			.with_label_values(&[&model.to_string(), name])
			.set(1);
	}

	/// Notes a model that was unloaded.
	pub fn unloaded(&self, model: &VkHash, name: &str) {
		// It may not be there: then nothing is to be done.
		let _ = self.info.remove_label_values(&[&model.to_string(), name]);
	}

	/// The text that Prometheus reads.
	pub fn render(&self, gauges: Gauges) -> String {
		let _alone = self.rendering.lock();
		for (gauge, value) in &self.gauges {
			gauge.set(i64::try_from(value(&gauges)).unwrap_or(i64::MAX));
		}
		let counted = self.engine_deaths.get();
		self.engine_deaths
			.inc_by(gauges.engine_deaths.saturating_sub(counted));
		let mut text = String::new();
		if let Err(error) = TextEncoder::new().encode_utf8(&self.registry.gather(), &mut text) {
			tracing::error!(%error, "metrics cannot be written");
		}
		text
	}
}

fn wide(number: usize) -> u64 {
	u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
	use super::*;

	fn gauges(engine_deaths: u64) -> Gauges {
		Gauges {
			models: 2,
			model_bytes: 7,
			engine_processes: 1,
			engine_deaths,
			disk_free_bytes: 11,
			queued: 3,
			running: 1,
			overdue: 0,
			oldest_queued: Duration::from_secs(9),
			bundles_failed: 0,
			ready: true,
		}
	}

	#[test]
	fn render_should_count_no_death_twice_however_many_ask_at_once() {
		let metrics = Metrics::default();
		for deaths in 1..=100 {
			std::thread::scope(|scope| {
				for _ in 0..4 {
					scope.spawn(|| metrics.render(gauges(deaths)));
				}
			});
			assert_eq!(metrics.engine_deaths.get(), deaths);
		}
	}

	#[test]
	fn a_job_should_wait_until_its_proof_begins_or_its_attempt_is_over() {
		let (metrics, model) = (Arc::new(Metrics::default()), VkHash([1; 32]));
		let shows = |line: &str| metrics.render(gauges(0)).lines().any(|l| l == line);
		let count = format!("inference_prover_waiting_seconds_count{{model=\"{model}\"}} 1");
		let (first, second) = (
			metrics.waits(model, now_ms()),
			metrics.waits(model, now_ms()),
		);
		assert!(shows("inference_prover_jobs_waiting_for_model 2"));
		assert!(!shows(&count));
		first.end();
		assert!(shows("inference_prover_jobs_waiting_for_model 1") && shows(&count));
		drop(second);
		assert!(shows("inference_prover_jobs_waiting_for_model 0") && shows(&count));
	}

	#[test]
	fn render_should_show_every_metric_once_with_its_value() {
		let (metrics, model) = (Metrics::default(), VkHash([1; 32]));
		metrics.accepted(&model);
		metrics.proven(&model, Duration::from_millis(1500));
		metrics.loaded(&model, "digits", Duration::from_secs(1));
		let text = metrics.render(gauges(4));
		for line in [
			&format!("inference_prover_jobs_accepted_total{{model=\"{model}\"}} 1"),
			&format!("inference_prover_jobs_proven_total{{model=\"{model}\"}} 1"),
			&format!("inference_prover_proving_seconds_sum{{model=\"{model}\"}} 1.5"),
			&format!("inference_prover_proving_seconds_bucket{{model=\"{model}\",le=\"2.5\"}} 1"),
			&format!("inference_prover_model_info{{model=\"{model}\",name=\"digits\"}} 1"),
			"inference_prover_models 2",
			"inference_prover_model_bytes 7",
			"inference_prover_engine_processes 1",
			"inference_prover_engine_deaths_total 4",
			"inference_prover_disk_free_bytes 11",
			"inference_prover_jobs_queued 3",
			"inference_prover_jobs_running 1",
			"inference_prover_oldest_queued_seconds 9",
			"inference_prover_ready 1",
		] {
			assert_eq!(
				text.lines().filter(|l| *l == line).count(),
				1,
				"{line} in\n{text}"
			);
		}
		metrics.unloaded(&model, "digits");
	}
}
