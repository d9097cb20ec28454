//! Delivery and proof: who may do which step of a workload now, and what a refusal costs.

use super::*;
use frame_support::{
	dispatch::{DispatchErrorWithPostInfo, DispatchResultWithPostInfo, Pays, PostDispatchInfo},
	ensure,
	pallet_prelude::DispatchResult,
	traits::DefensiveOption,
	weights::Weight,
};
use inference_primitives::{Statement, TensorError};
use sp_runtime::DispatchError;

/// A step of an assigned workload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum WorkStep {
	/// `deliver`
	Deliver,
	/// `prove`
	Prove {
		/// Whether the output comes with the proof.
		with_output: bool,
		/// The most weight that the verification may take.
		verify_limit: Weight,
	},
	/// `relay_proof`
	Relay,
	/// `decline`
	Decline,
}

/// What a proof must prove, and whose workload it settles.
pub(crate) struct Claim<AccountId> {
	workload: Workload<AccountId>,
	assigned: Assigned<AccountId>,
	statement: Statement,
	input: Tensor,
	output: Tensor,
	/// Whether the output came with the proof.
	with_output: bool,
}

/// A refusal: nothing was changed, and only `used` of the declared weight is kept.
fn refusal(
	error: impl Into<DispatchError>,
	used: Weight,
	pays_fee: Pays,
) -> DispatchErrorWithPostInfo {
	DispatchErrorWithPostInfo {
		post_info: PostDispatchInfo {
			actual_weight: Some(used),
			pays_fee,
		},
		error: error.into(),
	}
}

impl<T: Config> Pallet<T> {
	/// Whether `who` is the present worker key of the node that has a workload: what the node owes is
	/// this key's, whichever key it had at the draw.
	fn works_on(who: &AccountIdOf<T>, assigned: &Assigned<AccountIdOf<T>>) -> bool {
		T::NodePool::node_of(who) == Some(assigned.node)
	}

	/// Whether `who` may do `step` of the workload now, as far as its record tells. Returns the node
	/// that has it.
	pub(crate) fn check_step<'a>(
		who: &AccountIdOf<T>,
		workload: &'a WorkloadOf<T>,
		step: WorkStep,
	) -> Result<&'a Assigned<AccountIdOf<T>>, Error<T>> {
		let assigned = workload.assigned.as_ref().ok_or(Error::<T>::WrongState)?;
		let by_worker = Self::works_on(who, assigned);
		match (step, workload.state, workload.mode) {
			(WorkStep::Deliver, WorkloadState::Assigned, mode) => {
				ensure!(by_worker, Error::<T>::NotAssignedWorker);
				ensure!(mode == Mode::Deferred, Error::<T>::ProofRequired);
			},
			(WorkStep::Prove { with_output, .. }, WorkloadState::Unproven, _) => {
				ensure!(by_worker, Error::<T>::NotAssignedWorker);
				ensure!(!with_output, Error::<T>::OutputNotExpected);
			},
			(WorkStep::Prove { with_output, .. }, WorkloadState::Assigned, Mode::Immediate) => {
				ensure!(by_worker, Error::<T>::NotAssignedWorker);
				ensure!(with_output, Error::<T>::OutputMissing);
			},
			(WorkStep::Relay, WorkloadState::Unproven, _) => {},
			(WorkStep::Decline, WorkloadState::Assigned, _) => {
				ensure!(
					by_worker || assigned.operator == *who,
					Error::<T>::NotAssignedWorker
				);
				ensure!(
					T::Network::now() <= Self::decline_by(workload, assigned),
					Error::<T>::TooLate
				);
			},
			_ => return Err(Error::<T>::WrongState),
		}
		ensure!(T::Network::now() <= workload.deadline, Error::<T>::TooLate);
		ensure!(!Self::is_void(workload), Error::<T>::KeyDisabled);
		if let WorkStep::Prove { verify_limit, .. } = step {
			let needed = T::ProofVerifier::verify_weight(workload.statement.vk_hash);
			ensure!(needed.all_lte(verify_limit), Error::<T>::VerifyLimitTooLow);
		}
		Ok(assigned)
	}

	/// Whether a step that [`Self::check_step`] refuses comes from the workload's own worker and is
	/// only too late: somebody did it first, the deadline has passed, before or after the hook saw it,
	/// or governance has disabled what the proof needs.
	pub(crate) fn is_overtaken(
		who: &AccountIdOf<T>,
		workload: &WorkloadOf<T>,
		step: WorkStep,
	) -> bool {
		let node = T::NodePool::node_of(who);
		let assigned = workload.assigned.as_ref();
		let by_worker = assigned.is_some_and(|assigned| {
			node == Some(assigned.node) || (step == WorkStep::Decline && assigned.operator == *who)
		});
		let done = match step {
			WorkStep::Deliver => workload.state != WorkloadState::Assigned,
			WorkStep::Prove { .. } => workload.state.is_terminal(),
			WorkStep::Relay => return false,
			WorkStep::Decline => {
				workload.state != WorkloadState::Assigned
					|| assigned.is_some_and(|assigned| {
						T::Network::now() > Self::decline_by(workload, assigned)
					})
			},
		};
		let was_its_own = !by_worker
			&& ((node.is_some() && workload.failed_node == node)
				|| (step == WorkStep::Decline && workload.failed_operators.contains(who)));
		was_its_own
			|| (by_worker
				&& (done || T::Network::now() > workload.deadline || Self::is_void(workload)))
	}

	/// The workload of a step that may be done, and its node. Who is assigned does not pay for a
	/// step in which it was overtaken.
	pub(crate) fn workload_for(
		who: &AccountIdOf<T>,
		id: WorkloadId,
		step: WorkStep,
		refused: Weight,
	) -> Result<(WorkloadOf<T>, Assigned<AccountIdOf<T>>), DispatchErrorWithPostInfo> {
		let workload = Workloads::<T>::get(id)
			.ok_or_else(|| refusal(Error::<T>::UnknownWorkload, refused, Pays::Yes))?;
		match Self::check_step(who, &workload, step).cloned() {
			Ok(assigned) => Ok((workload, assigned)),
			Err(error) => {
				let pays_fee = if Self::is_overtaken(who, &workload, step) {
					Pays::No
				} else {
					Pays::Yes
				};
				Err(refusal(error, refused, pays_fee))
			},
		}
	}

	/// What a call with so many values takes that is refused, of what it declared. It is measured with the
	/// largest input, which not every call reads.
	pub(crate) fn refused(values: u32, declared: Weight) -> Weight {
		T::WeightInfo::refused(values).min(declared)
	}

	/// A call whose errors, found before it changes anything, weigh this.
	pub(crate) fn or_refused(result: DispatchResult, weight: Weight) -> DispatchResultWithPostInfo {
		match result {
			Ok(()) => Ok(().into()),
			Err(error) => Err(refusal(error, weight, Pays::Yes)),
		}
	}

	pub(crate) fn do_deliver(
		worker: AccountIdOf<T>,
		id: WorkloadId,
		output: Tensor,
	) -> DispatchResultWithPostInfo {
		let values = output.len() as u32;
		let refused = Self::refused(values, T::WeightInfo::deliver(values));
		let (mut workload, assigned) = Self::workload_for(&worker, id, WorkStep::Deliver, refused)?;
		Self::check_output(&workload, &output)
			.map_err(|error| refusal(error, refused, Pays::Yes))?;

		T::NodePool::deliver(assigned.node, workload.terms.compute_units);
		workload.state = WorkloadState::Unproven;
		workload.delivered_at = Some(Self::block_number());
		Deadlines::<T>::remove(workload.deadline, id);
		Inbox::<T>::remove(assigned.node, InboxKey::new(workload.deadline, id));
		let proof_due = T::Network::now().after(workload.terms.proof_deadline);
		Self::set_deadline(id, &mut workload, proof_due);
		Inbox::<T>::insert(assigned.node, InboxKey::new(proof_due, id), ());
		Workloads::<T>::insert(id, workload);
		Outputs::<T>::insert(id, output);
		Self::deposit_event(Event::OutputDelivered {
			workload: id,
			node: assigned.node,
			proof_due,
		});
		Ok(Pays::No.into())
	}

	/// Weight that a `prove` or `relay_proof` declares, of its arguments alone. Weights are evaluated
	/// again at each level of nested batches, by pools and by authors, before anybody pays: one that
	/// reads storage costs everybody what nobody accounts for.
	pub(crate) fn prove_weight(values: Option<u32>, verify_limit: Weight) -> Weight {
		let verification = verify_limit.min(T::ProofVerifier::max_verify_weight());
		Self::settlement_weight(values).saturating_add(verification)
	}

	/// Weight of a proof but for its verification: with an output of so many values, or of one that was
	/// delivered before.
	fn settlement_weight(values: Option<u32>) -> Weight {
		values.map_or_else(T::WeightInfo::relay_proof, T::WeightInfo::prove)
	}

	/// Weight of verifying a proof of this workload: the least `verify_limit` of its `prove`.
	pub fn verify_weight(id: WorkloadId) -> Option<Weight> {
		let workload = Workloads::<T>::get(id)?;
		let vk_hash = workload.statement.vk_hash;
		Some(T::ProofVerifier::verify_weight(vk_hash))
	}

	/// Proves a workload: `step` says who may, and whether the output must be given.
	pub(crate) fn do_prove(
		prover: AccountIdOf<T>,
		id: WorkloadId,
		step: WorkStep,
		output: Option<Tensor>,
		proof: &[u8],
	) -> DispatchResultWithPostInfo {
		let values = output.as_ref().map(|output| output.len() as u32);
		let claim = Self::claim_to_prove(&prover, id, step, output)?;
		let vk_hash = claim.workload.statement.vk_hash;
		let verification = T::ProofVerifier::verify_weight(vk_hash);
		T::ProofVerifier::verify(
			vk_hash,
			&claim.statement,
			&claim.input,
			&claim.output,
			proof,
		)
		.map_err(|error| {
			let refused = T::WeightInfo::refused(claim.output.len() as u32);
			refusal(error, refused.saturating_add(verification), Pays::Yes)
		})?;
		Self::settle_proven(id, claim)?;
		Ok(PostDispatchInfo {
			actual_weight: Some(Self::settlement_weight(values).saturating_add(verification)),
			pays_fee: if step == WorkStep::Relay {
				Pays::Yes
			} else {
				Pays::No
			},
		})
	}

	/// What a proof must prove now. Errors if the step may not be done.
	pub(crate) fn claim_to_prove(
		prover: &AccountIdOf<T>,
		id: WorkloadId,
		step: WorkStep,
		output: Option<Tensor>,
	) -> Result<Claim<AccountIdOf<T>>, DispatchErrorWithPostInfo> {
		let values = output.as_ref().map_or(0, |output| output.len() as u32);
		let refused = T::WeightInfo::refused(values);
		let (workload, assigned) = Self::workload_for(prover, id, step, refused)?;
		let with_output = output.is_some();
		let output = match output {
			Some(output) => {
				Self::check_output(&workload, &output)
					.map_err(|error| refusal(error, refused, Pays::Yes))?;
				output
			},
			None => Outputs::<T>::get(id).defensive_ok_or(Error::<T>::WrongState)?,
		};
		let input = Inputs::<T>::get(id).defensive_ok_or(Error::<T>::WrongState)?;
		let statement = Statement::new(workload.statement.clone(), &input, &output);
		Ok(Claim {
			workload,
			assigned,
			statement,
			input,
			output,
			with_output,
		})
	}

	/// Settles a workload whose claim was proven.
	pub(crate) fn settle_proven(id: WorkloadId, claim: Claim<AccountIdOf<T>>) -> DispatchResult {
		let mut workload = claim.workload;
		if claim.with_output {
			T::NodePool::deliver(claim.assigned.node, workload.terms.compute_units);
			workload.delivered_at = Some(Self::block_number());
			Outputs::<T>::insert(id, claim.output);
		}
		Self::settle(id, workload, claim.assigned)
	}

	/// Checks that an output has the shape and domain of the model's output tensor.
	fn check_output(workload: &WorkloadOf<T>, output: &[i64]) -> DispatchResult {
		let model =
			T::Models::model(workload.statement.model).defensive_ok_or(Error::<T>::UnknownModel)?;
		model.output.check_values(output).map_err(|error| {
			match error {
				TensorError::WrongLength { .. } => Error::<T>::WrongOutputShape,
				TensorError::OutOfDomain { .. } => Error::<T>::OutputOutOfDomain,
			}
			.into()
		})
	}
}
