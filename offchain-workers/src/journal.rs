//! What is known of workloads besides their state: delays after failures, what was logged already,
//! proofs that were refused. Memory only.

use crate::{
	backoff::{Backoff, BackoffPolicy},
	LOG_TARGET,
};
use inference_primitives::{hashing::blake2_256, Hash, WorkloadId};
use std::{
	collections::BTreeMap,
	fmt::Display,
	time::{Duration, Instant},
};

/// How often a problem that stays is logged.
const REPEAT_AFTER: Duration = Duration::from_secs(300);

#[derive(Debug, Default)]
struct Notes {
	backoff: Backoff,
	reported: Option<(String, Instant)>,
	refused_proof: Option<Hash>,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Journal(BTreeMap<WorkloadId, Notes>);

impl Journal {
	/// Whether the workload may be tried again.
	pub(crate) fn may_try(&self, workload: &WorkloadId, now: Instant) -> bool {
		self.0
			.get(workload)
			.is_none_or(|notes| notes.backoff.is_over(now))
	}

	/// Notes a failure, and logs it as an error if it is not the last one again, or that one is some
	/// minutes old. Returns whether it is a new one.
	pub(crate) fn failed(
		&mut self,
		workload: WorkloadId,
		problem: impl Display,
		policy: &BackoffPolicy,
		now: Instant,
	) -> bool {
		let notes = self.0.entry(workload).or_default();
		let wait = notes.backoff.fail(policy, now);
		let problem = problem.to_string();
		match &mut notes.reported {
			Some((reported, at)) if *reported == problem => {
				if now.saturating_duration_since(*at) >= REPEAT_AFTER {
					log::warn!(
						target: LOG_TARGET,
						"workload {workload}: still: {problem} (next in {wait:?})",
					);
					*at = now;
				}
				false
			},
			reported => {
				log::error!(target: LOG_TARGET, "workload {workload}: {problem}");
				*reported = Some((problem, now));
				true
			},
		}
	}

	/// Notes a failure that passes by itself, such as a full queue: logged as a debug line.
	pub(crate) fn postponed(
		&mut self,
		workload: WorkloadId,
		reason: impl Display,
		policy: &BackoffPolicy,
		now: Instant,
	) {
		let wait = self
			.0
			.entry(workload)
			.or_default()
			.backoff
			.fail(policy, now);
		log::debug!(target: LOG_TARGET, "workload {workload}: {reason} (next in {wait:?})");
	}

	/// Notes that the workload goes well.
	pub(crate) fn succeeded(&mut self, workload: &WorkloadId) {
		if let Some(notes) = self.0.get_mut(workload) {
			notes.backoff.succeed();
			notes.reported = None;
		}
	}

	/// Notes that `proof` was refused, so that it is not verified again.
	pub(crate) fn refuse_proof(&mut self, workload: WorkloadId, proof: &[u8]) {
		self.0.entry(workload).or_default().refused_proof = Some(blake2_256(proof));
	}

	/// Whether exactly this proof was refused before.
	pub(crate) fn is_refused(&self, workload: &WorkloadId, proof: &[u8]) -> bool {
		self.0
			.get(workload)
			.and_then(|notes| notes.refused_proof)
			.is_some_and(|refused| refused == blake2_256(proof))
	}

	/// Forgets the workloads that `keep` does not want.
	pub(crate) fn retain(&mut self, keep: impl Fn(&WorkloadId) -> bool) {
		self.0.retain(|workload, _| keep(workload));
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use std::time::Duration;

	const WORKLOAD: WorkloadId = WorkloadId([1; 32]);
	const POLICY: BackoffPolicy = BackoffPolicy {
		first: Duration::from_secs(1),
		max: Duration::from_secs(1),
	};

	#[test]
	fn a_failed_workload_waits_and_a_good_one_does_not() {
		let (mut journal, now) = (Journal::default(), Instant::now());
		assert!(journal.may_try(&WORKLOAD, now));
		journal.failed(WORKLOAD, "x", &POLICY, now);
		assert!(!journal.may_try(&WORKLOAD, now));
		assert!(journal.may_try(&WORKLOAD, now + POLICY.max));
		journal.succeeded(&WORKLOAD);
		assert!(journal.may_try(&WORKLOAD, now));
	}

	#[test]
	fn only_the_refused_proof_is_refused() {
		let mut journal = Journal::default();
		journal.refuse_proof(WORKLOAD, b"bad");
		assert!(journal.is_refused(&WORKLOAD, b"bad"));
		assert!(!journal.is_refused(&WORKLOAD, b"good"));
		journal.retain(|_| false);
		assert!(!journal.is_refused(&WORKLOAD, b"bad"));
	}
}
