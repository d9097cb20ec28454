//! The decision: what an inbox item and its job ask for next. Pure.

use crate::chain::Action;
use inference_primitives::{
	market::InboxItem, Mode, WorkloadState, MAX_PROOF_BYTES, MAX_TENSOR_VALUES,
};
use inference_prover_api::JobState;

/// The action that an item asks for, whatever the prover says. `None` if it owes nothing.
pub(crate) fn action(item: &InboxItem) -> Option<Action> {
	match (item.state, item.mode) {
		(WorkloadState::Assigned, Mode::Deferred) => Some(Action::Deliver),
		(WorkloadState::Assigned, Mode::Immediate) => Some(Action::Prove),
		(WorkloadState::Unproven, _) => Some(Action::Prove),
		_ => None,
	}
}

/// Ticks before the deadline of a delivery at which one that waits for its proof is sent at the latest: room
/// for inclusion, and for a second transaction if the first is lost.
const DELIVERY_MARGIN: u32 = 10;

/// When an output of a Deferred workload is delivered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum DeliverPolicy {
	/// As soon as it is there, for workloads without value at risk. The others wait for their proof up to
	/// the last moment; then they are delivered if no attempt at the proof failed, and missed otherwise:
	/// a miss costs a part of the price, a proof that does not come the value at risk.
	#[default]
	Auto,
	/// As soon as it is there.
	AtOnce,
	/// Once its proof is there. An output whose proof takes longer than the time to deliver it is missed.
	WhenProven,
}

impl DeliverPolicy {
	/// Whether the output of `item` waits for its proof.
	pub(crate) fn waits(self, item: &InboxItem) -> bool {
		match self {
			Self::AtOnce => false,
			Self::WhenProven => true,
			Self::Auto => item.value_at_risk > 0,
		}
	}
}

/// What is known of an output whose proof is not there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Unready {
	pub(crate) policy: DeliverPolicy,
	/// Ticks to the deadline of its delivery.
	pub(crate) slack: u32,
	/// Whether an attempt at its proof failed.
	pub(crate) has_failed: bool,
	/// Whether a prover gave its proof up.
	pub(crate) was_given_up: bool,
}

impl Unready {
	/// Whether the output of `item` may be delivered.
	fn may_deliver(&self, item: &InboxItem) -> bool {
		if self.was_given_up || self.policy == DeliverPolicy::WhenProven {
			false
		} else if self.policy.waits(item) {
			self.slack <= DELIVERY_MARGIN && !self.has_failed
		} else {
			true
		}
	}
}

/// What to do now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Step<'a> {
	/// The job is not far enough.
	Wait,
	/// Deliver this output.
	Deliver(&'a [i64]),
	/// Verify this proof of this output, then post it.
	Prove {
		/// The proven output.
		output: &'a [i64],
		/// Whether the output goes with the proof.
		with_output: bool,
		/// The proof, not verified yet.
		proof: &'a [u8],
	},
	/// Nothing can be done for this item.
	Stuck(Problem),
}

/// Why nothing can be done.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub(crate) enum Problem {
	#[error("the prover cannot prove it: {0}")]
	JobFailed(String),
	#[error("its job was cancelled at the prover")]
	JobCancelled,
	#[error(
		"the prover's output differs from the delivered one, for which no proof can exist: \
		 the delivery came from another model bundle or another prover"
	)]
	OutputDiffers,
	#[error("its output has {got} values, over the chain's bound of {MAX_TENSOR_VALUES}")]
	OutputTooLong { got: usize },
	#[error("its proof has {got} bytes, over the chain's bound of {MAX_PROOF_BYTES}")]
	ProofTooLong { got: usize },
}

/// What `item` asks for, given the state of its job, and what is known of it while it has no proof.
pub(crate) fn step<'a>(item: &InboxItem, job: &'a JobState, unready: &Unready) -> Step<'a> {
	let output = match job {
		JobState::Failed { reason } => return Step::Stuck(Problem::JobFailed(reason.clone())),
		JobState::Cancelled => return Step::Stuck(Problem::JobCancelled),
		JobState::Queued { output }
		| JobState::Proving { output }
		| JobState::Proven { output, .. } => output,
	};
	if output.len() > MAX_TENSOR_VALUES as usize {
		return Step::Stuck(Problem::OutputTooLong { got: output.len() });
	}
	if item
		.output
		.as_ref()
		.is_some_and(|delivered| delivered != output)
	{
		return Step::Stuck(Problem::OutputDiffers);
	}
	match (action(item), job) {
		(Some(Action::Deliver), JobState::Proven { .. }) => Step::Deliver(output),
		(Some(Action::Deliver), _) if unready.may_deliver(item) => Step::Deliver(output),
		(Some(Action::Prove), JobState::Proven { proof, .. }) => {
			if proof.len() > MAX_PROOF_BYTES as usize {
				return Step::Stuck(Problem::ProofTooLong { got: proof.len() });
			}
			let with_output = item.state == WorkloadState::Assigned;
			Step::Prove {
				output,
				with_output,
				proof,
			}
		},
		_ => Step::Wait,
	}
}

#[cfg(test)]
mod tests {
	use super::*;
	use inference_primitives::{
		ComputeUnits, Destination, GenesisHash, ModelId, ModelRef, StatementHeader, Tick, VkHash,
		WorkloadId, STATEMENT_VERSION,
	};

	fn item(state: WorkloadState, mode: Mode, output: Option<Vec<i64>>) -> InboxItem {
		InboxItem {
			statement: StatementHeader {
				genesis: GenesisHash([1; 32]),
				domain: 0,
				version: STATEMENT_VERSION,
				vk_hash: VkHash([2; 32]),
				model: ModelRef {
					model: ModelId(3),
					version: 1,
				},
				workload: WorkloadId([4; 32]),
				destination: Destination::Local,
			},
			mode,
			state,
			input: vec![1],
			output,
			deadline: Tick(10),
			decline_by: None,
			prove_by: Tick(10),
			compute_units: ComputeUnits(1),
			at_stake: 0,
			value_at_risk: 0,
		}
	}

	/// Of a job that goes on, with time left.
	const GOES_ON: Unready = Unready {
		policy: DeliverPolicy::Auto,
		slack: DELIVERY_MARGIN + 1,
		has_failed: false,
		was_given_up: false,
	};

	fn proven() -> JobState {
		JobState::Proven {
			output: vec![7],
			proof: vec![1, 2],
			prove_ms: 0,
		}
	}

	use Mode::{Deferred, Immediate};
	use WorkloadState::{Assigned, Queued, Settled, Unproven};

	#[test]
	fn a_deferred_output_is_delivered_before_it_is_proven() {
		let item = item(Assigned, Deferred, None);
		for job in [
			JobState::Queued { output: vec![7] },
			JobState::Proving { output: vec![7] },
			proven(),
		] {
			assert_eq!(step(&item, &job, &GOES_ON), Step::Deliver(&[7]));
		}
	}

	#[test]
	fn an_output_with_value_at_risk_waits_for_its_proof_up_to_the_last_moment() {
		let item = InboxItem {
			value_at_risk: 1,
			..item(Assigned, Deferred, None)
		};
		let job = JobState::Proving { output: vec![7] };
		let last = Unready {
			slack: DELIVERY_MARGIN,
			..GOES_ON
		};
		assert_eq!(step(&item, &job, &GOES_ON), Step::Wait);
		assert_eq!(step(&item, &proven(), &GOES_ON), Step::Deliver(&[7]));
		assert_eq!(step(&item, &job, &last), Step::Deliver(&[7]));
		// Better missed than owed a proof that may not exist.
		let failed = Unready {
			has_failed: true,
			..last
		};
		assert_eq!(step(&item, &job, &failed), Step::Wait);
	}

	#[test]
	fn when_an_output_goes_is_the_operators_choice_but_not_after_its_proof_was_given_up() {
		let insured = InboxItem {
			value_at_risk: 1,
			..item(Assigned, Deferred, None)
		};
		let job = JobState::Queued { output: vec![7] };
		let at_once = Unready {
			policy: DeliverPolicy::AtOnce,
			has_failed: true,
			..GOES_ON
		};
		assert_eq!(step(&insured, &job, &at_once), Step::Deliver(&[7]));
		let given_up = Unready {
			was_given_up: true,
			..at_once
		};
		assert_eq!(step(&insured, &job, &given_up), Step::Wait);
		assert_eq!(step(&insured, &proven(), &given_up), Step::Deliver(&[7]));
		let when_proven = Unready {
			policy: DeliverPolicy::WhenProven,
			slack: 0,
			..GOES_ON
		};
		for item in [insured, item(Assigned, Deferred, None)] {
			assert_eq!(step(&item, &job, &when_proven), Step::Wait);
			assert_eq!(step(&item, &proven(), &when_proven), Step::Deliver(&[7]));
		}
	}

	#[test]
	fn an_immediate_output_waits_for_its_proof_and_goes_with_it() {
		let item = item(Assigned, Immediate, None);
		assert_eq!(
			step(&item, &JobState::Proving { output: vec![7] }, &GOES_ON),
			Step::Wait
		);
		assert_eq!(
			step(&item, &proven(), &GOES_ON),
			Step::Prove {
				output: &[7],
				with_output: true,
				proof: &[1, 2]
			}
		);
	}

	#[test]
	fn an_unproven_output_is_proven_without_repeating_it() {
		let item = item(Unproven, Deferred, Some(vec![7]));
		assert_eq!(
			step(&item, &JobState::Queued { output: vec![7] }, &GOES_ON),
			Step::Wait
		);
		assert_eq!(
			step(&item, &proven(), &GOES_ON),
			Step::Prove {
				output: &[7],
				with_output: false,
				proof: &[1, 2]
			}
		);
	}

	#[test]
	fn an_output_that_differs_from_the_delivered_one_is_never_proven() {
		let item = item(Unproven, Deferred, Some(vec![8]));
		assert_eq!(
			step(&item, &proven(), &GOES_ON),
			Step::Stuck(Problem::OutputDiffers)
		);
	}

	#[test]
	fn failed_and_cancelled_jobs_are_stuck() {
		let item = item(Assigned, Deferred, None);
		assert_eq!(
			step(&item, &JobState::Failed { reason: "r".into() }, &GOES_ON),
			Step::Stuck(Problem::JobFailed("r".into()))
		);
		assert_eq!(
			step(&item, &JobState::Cancelled, &GOES_ON),
			Step::Stuck(Problem::JobCancelled)
		);
	}

	#[test]
	fn what_the_chain_cannot_hold_is_stuck() {
		let too_many = MAX_TENSOR_VALUES as usize + 1;
		let job = JobState::Queued {
			output: vec![0; too_many],
		};
		assert_eq!(
			step(&item(Assigned, Deferred, None), &job, &GOES_ON),
			Step::Stuck(Problem::OutputTooLong { got: too_many })
		);
		let too_long = MAX_PROOF_BYTES as usize + 1;
		let job = JobState::Proven {
			output: vec![7],
			proof: vec![0; too_long],
			prove_ms: 0,
		};
		assert_eq!(
			step(&item(Assigned, Immediate, None), &job, &GOES_ON),
			Step::Stuck(Problem::ProofTooLong { got: too_long })
		);
	}

	#[test]
	fn states_that_owe_nothing_ask_for_nothing() {
		for state in [Queued, Settled] {
			assert_eq!(action(&item(state, Deferred, None)), None);
			assert_eq!(
				step(&item(state, Deferred, None), &proven(), &GOES_ON),
				Step::Wait
			);
		}
	}
}
