//! What an operator watches of the worker, for Prometheus.
//!
//! Base units; names start with `inference_worker_`. Whatever costs the operator money has a counter
//! here and a warning in the log: `missed_total`, `failed_transactions_total`, `failed_calls_total`,
//! `stuck_total`; `out_of_funds` is 1 while an account cannot pay fees.

use crate::chain::Action;
use prometheus::{
	Gauge, Histogram, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts,
	Registry,
};
use std::time::Duration;

/// Upper bounds of the buckets of the prover's answers, seconds.
const REQUEST_BUCKETS: [f64; 9] = [0.005, 0.02, 0.1, 0.5, 1.0, 2.5, 5.0, 15.0, 30.0];

/// The worker's metrics. Clones count together.
#[derive(Clone, Debug)]
pub struct Metrics {
	submitted: IntCounterVec,
	failed_transactions: IntCounterVec,
	failed_calls: IntCounterVec,
	missed: IntCounterVec,
	settled: IntCounter,
	stuck: IntCounterVec,
	retried: IntCounter,
	requests: Histogram,
	outages: IntCounterVec,
	panics: IntCounter,
	owed: IntGauge,
	waiting: IntGauge,
	finalized: IntGauge,
	least_slack: Gauge,
	out_of_funds: IntGaugeVec,
}

impl Default for Metrics {
	fn default() -> Self {
		match Self::build() {
			Ok(metrics) => metrics,
			// The names and labels below are constants, and a test builds them.
			Err(error) => unreachable!("the worker's metrics are well-formed: {error}"),
		}
	}
}

impl Metrics {
	fn build() -> Result<Self, prometheus::Error> {
		let name = |name: &str| format!("inference_worker_{name}");
		let counters = |short: &str, help: &str, label: &str| {
			IntCounterVec::new(Opts::new(name(short), help), &[label])
		};
		Ok(Self {
			submitted: counters(
				"submitted_total",
				"Transactions handed to the pool, by what they do.",
				"action",
			)?,
			failed_transactions: IntCounterVec::new(
				Opts::new(
					name("failed_transactions_total"),
					"Transactions that were refused or overtaken, expired, vanished from the pool, \
					 were not taken by it, are stuck in it, or wait in it for one that is missing.",
				),
				&["reason", "action"],
			)?,
			failed_calls: counters(
				"failed_calls_total",
				"Transactions that a finalised block includes and the runtime refused: each cost a \
				 fee.",
				"action",
			)?,
			missed: counters(
				"missed_total",
				"Outputs and proofs that were not there in time: each cost the operator stake.",
				"action",
			)?,
			settled: IntCounter::new(name("settled_total"), "Workloads settled.")?,
			stuck: counters(
				"stuck_total",
				"Pieces of work that went on failing, or had nothing sent shortly before their \
				 deadline.",
				"action",
			)?,
			retried: IntCounter::new(
				name("jobs_retried_total"),
				"Times that the prover was asked to try again what it had given up.",
			)?,
			requests: Histogram::with_opts(
				HistogramOpts::new(
					name("request_seconds"),
					"Time that the prover took to answer for one workload, failures included.",
				)
				.buckets(REQUEST_BUCKETS.to_vec()),
			)?,
			outages: counters(
				"prover_outages_total",
				"Times that a prover did not answer at all.",
				"prover",
			)?,
			panics: IntCounter::new(name("panics_total"), "Panics caught in the worker.")?,
			owed: IntGauge::new(name("owed"), "Outputs and proofs owed.")?,
			waiting: IntGauge::new(
				name("waiting"),
				"Pieces of work for which the prover is being asked.",
			)?,
			finalized: IntGauge::new(
				name("finalized_block"),
				"Height of the finalised block last acted on.",
			)?,
			least_slack: Gauge::new(
				name("least_slack_ticks"),
				"Ticks to the nearest deadline of what is owed; -1 if nothing is.",
			)?,
			out_of_funds: IntGaugeVec::new(
				Opts::new(
					name("out_of_funds"),
					"1 while the worker account cannot pay the fees of its transactions.",
				),
				&["account"],
			)?,
		})
	}

	/// Has `registry` show them.
	pub fn register(&self, registry: &Registry) -> Result<(), prometheus::Error> {
		registry.register(Box::new(self.submitted.clone()))?;
		registry.register(Box::new(self.failed_transactions.clone()))?;
		registry.register(Box::new(self.failed_calls.clone()))?;
		registry.register(Box::new(self.missed.clone()))?;
		registry.register(Box::new(self.settled.clone()))?;
		registry.register(Box::new(self.stuck.clone()))?;
		registry.register(Box::new(self.retried.clone()))?;
		registry.register(Box::new(self.requests.clone()))?;
		registry.register(Box::new(self.outages.clone()))?;
		registry.register(Box::new(self.panics.clone()))?;
		registry.register(Box::new(self.owed.clone()))?;
		registry.register(Box::new(self.waiting.clone()))?;
		registry.register(Box::new(self.finalized.clone()))?;
		registry.register(Box::new(self.least_slack.clone()))?;
		registry.register(Box::new(self.out_of_funds.clone()))
	}

	pub(crate) fn submitted(&self, action: Action) {
		self.submitted.with_label_values(&[label(action)]).inc();
	}

	pub(crate) fn transaction_failed(&self, reason: &str, action: Action) {
		self.failed_transactions
			.with_label_values(&[reason, label(action)])
			.inc();
	}

	#[cfg(test)]
	pub(crate) fn failed_transactions(&self, reason: &str, action: Action) -> u64 {
		self.failed_transactions
			.with_label_values(&[reason, label(action)])
			.get()
	}

	pub(crate) fn call_failed(&self, action: Action) {
		self.failed_calls.with_label_values(&[label(action)]).inc();
	}

	pub(crate) fn missed(&self, action: Action) {
		self.missed.with_label_values(&[label(action)]).inc();
	}

	pub(crate) fn settled(&self) {
		self.settled.inc();
	}

	pub(crate) fn stuck(&self, action: Action) {
		self.stuck.with_label_values(&[label(action)]).inc();
	}

	pub(crate) fn retried(&self) {
		self.retried.inc();
	}

	pub(crate) fn answered(&self, elapsed: Duration) {
		self.requests.observe(elapsed.as_secs_f64());
	}

	pub(crate) fn outage(&self, prover: &str) {
		self.outages.with_label_values(&[prover]).inc();
	}

	pub(crate) fn panicked(&self) {
		self.panics.inc();
	}

	pub(crate) fn saw(&self, finalized: u32, owed: usize, least_slack: Option<u32>) {
		self.finalized.set(finalized.into());
		self.owed.set(i64::try_from(owed).unwrap_or(i64::MAX));
		self.least_slack.set(least_slack.map_or(-1.0, f64::from));
	}

	pub(crate) fn waits_for(&self, requests: usize) {
		self.waiting
			.set(i64::try_from(requests).unwrap_or(i64::MAX));
	}

	pub(crate) fn funds(&self, account: &str, is_out: bool) {
		self.out_of_funds
			.with_label_values(&[account])
			.set(is_out.into());
	}
}

fn label(action: Action) -> &'static str {
	match action {
		Action::Deliver => "delivery",
		Action::Prove => "proof",
		Action::Decline => "decline",
	}
}

#[cfg(test)]
mod tests {
	use super::*;

	#[test]
	fn every_metric_is_shown_once_it_counted() {
		let (metrics, registry) = (Metrics::default(), Registry::new());
		metrics.register(&registry).unwrap();
		metrics.submitted(Action::Deliver);
		metrics.transaction_failed("stuck", Action::Prove);
		metrics.call_failed(Action::Prove);
		metrics.missed(Action::Deliver);
		metrics.stuck(Action::Deliver);
		metrics.outage("http://127.0.0.1:1");
		metrics.funds("0x00", true);
		assert_eq!(registry.gather().len(), 15);
	}
}
