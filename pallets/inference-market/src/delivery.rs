//! Delivery and proof.

use super::*;
use frame_support::{
	ensure, pallet_prelude::DispatchResult, traits::DefensiveOption, weights::Weight,
};
use inference_primitives::{Statement, TensorError};
use sp_runtime::DispatchError;

/// What `prove` reports to the call.
pub(crate) struct Proven {
	/// Weight of the verification that was done.
	pub verify_weight: Weight,
	/// Whether the fee goes back.
	pub by_assigned_worker: bool,
}

impl<T: Config> Pallet<T> {
	pub(crate) fn do_deliver(
		worker: AccountIdOf<T>,
		id: WorkloadId,
		output: Tensor,
	) -> DispatchResult {
		let mut workload = Workloads::<T>::get(id).ok_or(Error::<T>::UnknownWorkload)?;
		ensure!(
			workload.state == WorkloadState::Assigned,
			Error::<T>::WrongState
		);
		let assigned = workload.assigned.clone().ok_or(Error::<T>::WrongState)?;
		ensure!(assigned.worker == worker, Error::<T>::NotAssignedWorker);
		ensure!(workload.mode == Mode::Deferred, Error::<T>::ProofRequired);
		let now = T::Network::now();
		ensure!(now <= workload.deadline, Error::<T>::TooLate);
		ensure!(!Self::is_void(&workload), Error::<T>::KeyDisabled);
		Self::check_output(&workload, &output)?;

		T::NodePool::deliver(assigned.node, workload.terms.compute_units);
		workload.state = WorkloadState::Unproven;
		workload.delivered_at = Some(Self::block_number());
		Deadlines::<T>::remove(workload.deadline, id);
		Inbox::<T>::remove(&assigned.worker, InboxKey::new(workload.deadline, id));
		let proof_due = now.after(workload.terms.proof_deadline);
		Self::set_deadline(id, &mut workload, proof_due);
		Inbox::<T>::insert(&assigned.worker, InboxKey::new(proof_due, id), ());
		Workloads::<T>::insert(id, workload);
		Outputs::<T>::insert(id, output);
		Self::deposit_event(Event::OutputDelivered {
			workload: id,
			node: assigned.node,
			proof_due,
		});
		Ok(())
	}

	pub(crate) fn do_prove(
		prover: AccountIdOf<T>,
		id: WorkloadId,
		output: Option<Tensor>,
		proof: &[u8],
	) -> Result<Proven, DispatchError> {
		let mut workload = Workloads::<T>::get(id).ok_or(Error::<T>::UnknownWorkload)?;
		let assigned = workload.assigned.clone().ok_or(Error::<T>::WrongState)?;
		let by_assigned_worker = assigned.worker == prover;
		let with_output = match (workload.state, workload.mode) {
			(WorkloadState::Unproven, _) => {
				ensure!(output.is_none(), Error::<T>::OutputNotExpected);
				false
			},
			(WorkloadState::Assigned, Mode::Immediate) => {
				ensure!(by_assigned_worker, Error::<T>::NotAssignedWorker);
				true
			},
			_ => return Err(Error::<T>::WrongState.into()),
		};
		ensure!(T::Network::now() <= workload.deadline, Error::<T>::TooLate);
		ensure!(!Self::is_void(&workload), Error::<T>::KeyDisabled);
		let output = if with_output {
			let output = output.ok_or(Error::<T>::OutputMissing)?;
			Self::check_output(&workload, &output)?;
			output
		} else {
			Outputs::<T>::get(id).defensive_ok_or(Error::<T>::WrongState)?
		};
		let input = Inputs::<T>::get(id).defensive_ok_or(Error::<T>::WrongState)?;
		let vk_hash = workload.statement.vk_hash;
		let statement = Statement::new(workload.statement.clone(), &input, &output);
		T::ProofVerifier::verify(vk_hash, &statement, &input, &output, proof)?;

		if with_output {
			T::NodePool::deliver(assigned.node, workload.terms.compute_units);
			workload.delivered_at = Some(Self::block_number());
			Outputs::<T>::insert(id, output);
		}
		Self::settle(id, workload, assigned)?;
		Ok(Proven {
			verify_weight: T::ProofVerifier::verify_weight(vk_hash),
			by_assigned_worker,
		})
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
