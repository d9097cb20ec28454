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

/// What `item` asks for, given the state of its job.
pub(crate) fn step<'a>(item: &InboxItem, job: &'a JobState) -> Step<'a> {
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
		(Some(Action::Deliver), _) => Step::Deliver(output),
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
		}
	}

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
			assert_eq!(step(&item, &job), Step::Deliver(&[7]));
		}
	}

	#[test]
	fn an_immediate_output_waits_for_its_proof_and_goes_with_it() {
		let item = item(Assigned, Immediate, None);
		assert_eq!(
			step(&item, &JobState::Proving { output: vec![7] }),
			Step::Wait
		);
		assert_eq!(
			step(&item, &proven()),
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
			step(&item, &JobState::Queued { output: vec![7] }),
			Step::Wait
		);
		assert_eq!(
			step(&item, &proven()),
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
		assert_eq!(step(&item, &proven()), Step::Stuck(Problem::OutputDiffers));
	}

	#[test]
	fn failed_and_cancelled_jobs_are_stuck() {
		let item = item(Assigned, Deferred, None);
		assert_eq!(
			step(&item, &JobState::Failed { reason: "r".into() }),
			Step::Stuck(Problem::JobFailed("r".into()))
		);
		assert_eq!(
			step(&item, &JobState::Cancelled),
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
			step(&item(Assigned, Deferred, None), &job),
			Step::Stuck(Problem::OutputTooLong { got: too_many })
		);
		let too_long = MAX_PROOF_BYTES as usize + 1;
		let job = JobState::Proven {
			output: vec![7],
			proof: vec![0; too_long],
			prove_ms: 0,
		};
		assert_eq!(
			step(&item(Assigned, Immediate, None), &job),
			Step::Stuck(Problem::ProofTooLong { got: too_long })
		);
	}

	#[test]
	fn states_that_owe_nothing_ask_for_nothing() {
		for state in [Queued, Settled] {
			assert_eq!(action(&item(state, Deferred, None)), None);
			assert_eq!(step(&item(state, Deferred, None), &proven()), Step::Wait);
		}
	}
}
