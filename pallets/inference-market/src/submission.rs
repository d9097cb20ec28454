//! Submission and cancellation.

use super::*;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{fungible::hold::Mutate, Get},
};
use inference_primitives::{
	hashing::tensor_hash, market::WorkloadPreimage, traits::Orders, GenesisHash, ModelStatus,
	Settlement, StatementHeader, TensorError, VkHash,
};
use sp_runtime::traits::{Convert, UniqueSaturatedInto, Zero};

/// What a user orders.
pub(crate) struct Order {
	pub model: ModelRef,
	pub input: Tensor,
	pub destination: Destination,
	pub mode: Mode,
	pub max_price: Balance,
	pub deadline: Ticks,
	pub value_at_risk: Balance,
}

/// Bytes that a workload occupies besides its tensors' values, at most: the records of itself, its
/// tensors, queue link, inbox and deadline, with their keys. The runtime's tests count them.
pub const RECORD_BYTES: u64 = 1_344;

impl<T: Config> Pallet<T> {
	pub(crate) fn do_submit(submitter: AccountIdOf<T>, order: Order) -> DispatchResult {
		let parameters = T::Network::parameters();
		let model = T::Models::model(order.model).ok_or(Error::<T>::UnknownModel)?;
		ensure!(
			matches!(model.status, ModelStatus::Active | ModelStatus::Deprecated),
			Error::<T>::ModelNotForSale
		);
		model
			.input
			.check_values(&order.input)
			.map_err(|error| match error {
				TensorError::WrongLength { .. } => Error::<T>::WrongInputShape,
				TensorError::OutOfDomain { .. } => Error::<T>::InputOutOfDomain,
			})?;
		ensure!(
			(parameters.min_deadline..=parameters.max_deadline).contains(&order.deadline),
			Error::<T>::BadDeadline
		);
		let verification_fee = Self::verification_fee_of(&model);
		let price = Self::going_price(&model, verification_fee).ok_or(Error::<T>::Overflow)?;
		ensure!(order.max_price >= price, Error::<T>::BidTooLow);
		let now = T::Network::now();
		let values = u32::try_from(order.input.len()).unwrap_or(u32::MAX);
		let terms = Terms::new(
			&parameters,
			model.compute_units,
			model.royalty,
			order.max_price,
			order.value_at_risk,
			now.after(order.deadline),
			ChainFees {
				order: T::OrderFee::convert((values, Self::is_first_order())),
				verification: verification_fee,
			},
		)
		.ok_or(Error::<T>::Overflow)?;
		ensure!(
			order.mode == Mode::Deferred || order.value_at_risk == 0,
			Error::<T>::NothingAtRisk
		);
		ensure!(
			order.mode == Mode::Immediate || !Self::is_breaker_tripped(),
			Error::<T>::BreakerTripped
		);
		ensure!(
			!T::ProofVerifier::is_disabled(model.vk_hash),
			Error::<T>::KeyDisabled
		);
		// Proofs are refused from that tick on (docs/PROTOCOL.md, principle 5).
		let ends_before = T::ProofVerifier::end_of_life(model.vk_hash)
			.is_some_and(|end| end <= terms.last_proof_due(order.mode));
		ensure!(!ends_before, Error::<T>::EndOfLife);
		let escrow = terms.escrow().ok_or(Error::<T>::Overflow)?;
		terms
			.proof_stake_for(order.max_price)
			.ok_or(Error::<T>::Overflow)?;
		let values = (order.input.len() as u64).saturating_add(model.output.len() as u64);
		let deposit = Balance::from(values.saturating_mul(8).saturating_add(RECORD_BYTES))
			.checked_mul(parameters.deposit_per_byte)
			.ok_or(Error::<T>::Overflow)?;

		let nonce = SubmitterNonces::<T>::get(&submitter);
		let genesis = GenesisHash(Self::genesis_hash());
		let domain = T::ForkDomain::get();
		let id = WorkloadPreimage {
			genesis,
			domain,
			submitter: &submitter,
			nonce,
			model: order.model,
			vk_hash: model.vk_hash,
			input: tensor_hash(&order.input),
			destination: order.destination,
			max_price: order.max_price,
			deadline: order.deadline,
			value_at_risk: order.value_at_risk,
			mode: order.mode,
		}
		.id();
		ensure!(
			!Workloads::<T>::contains_key(id),
			Error::<T>::DuplicateWorkload
		);
		T::Models::start_workload(order.model)?;
		T::Currency::hold(&HoldReason::Escrow.into(), &submitter, escrow)?;
		T::Currency::hold(&HoldReason::StorageDeposit.into(), &submitter, deposit)?;
		let block = Self::block_number();
		let mut workload = Workload {
			submitter: submitter.clone(),
			statement: StatementHeader {
				genesis,
				domain,
				version: T::StatementVersion::get(),
				vk_hash: model.vk_hash,
				model: order.model,
				workload: id,
				destination: order.destination,
			},
			mode: order.mode,
			state: WorkloadState::Queued,
			terms,
			base_price: None,
			held: escrow,
			deposit,
			assigned: None,
			failed_operators: Default::default(),
			failed_node: None,
			attempts: 0,
			entered_at: block,
			deadline: now,
			submitted_at: block,
			delivered_at: None,
			ended_at: None,
			settlement: Settlement {
				escrowed: escrow,
				..Default::default()
			},
			outlook: Outlook::Untried,
		};
		Self::enqueue(id, &mut workload)?;
		Workloads::<T>::insert(id, workload);
		Inputs::<T>::insert(id, order.input);
		// Saturating: nobody submits 2^64 workloads.
		SubmitterNonces::<T>::insert(&submitter, nonce.saturating_add(1));
		Self::deposit_event(Event::WorkloadSubmitted {
			workload: id,
			submitter,
			model: order.model,
			escrowed: escrow,
		});
		Ok(())
	}

	/// Whether the present transaction has ordered nothing yet. Notes that it has now; an order that fails
	/// takes the note back with everything else.
	fn is_first_order() -> bool {
		let Some(index) = frame_system::Pallet::<T>::extrinsic_index() else {
			return true;
		};
		let transaction = (Self::block_number(), index);
		LastOrdered::<T>::mutate(|last| last.replace(transaction)) != Some(transaction)
	}

	pub(crate) fn do_cancel(submitter: AccountIdOf<T>, id: WorkloadId) -> DispatchResult {
		let mut workload = Workloads::<T>::get(id).ok_or(Error::<T>::UnknownWorkload)?;
		ensure!(workload.submitter == submitter, Error::<T>::NotSubmitter);
		// A workload that was drawn once has paid its slot and is in a worker's hands again soon.
		ensure!(
			workload.state == WorkloadState::Queued && workload.attempts == 0,
			Error::<T>::WrongState
		);
		ensure!(T::Network::now() <= workload.deadline, Error::<T>::TooLate);
		Self::dequeue(&workload);
		Self::pay_slot(&mut workload);
		Self::end(id, workload, WorkloadState::Cancelled);
		Self::deposit_event(Event::WorkloadCancelled { workload: id });
		Ok(())
	}

	/// The hash of the chain's genesis block.
	pub fn genesis_hash() -> Hash {
		frame_system::Pallet::<T>::block_hash(
			frame_system::pallet_prelude::BlockNumberFor::<T>::zero(),
		)
		.to_fixed_bytes()
	}

	pub(crate) fn block_number() -> BlockNumber {
		frame_system::Pallet::<T>::block_number().unique_saturated_into()
	}
}

impl<T: Config> Orders for Pallet<T> {
	fn work_price(compute_units: ComputeUnits) -> Balance {
		Self::work(compute_units).unwrap_or(Balance::MAX)
	}

	fn verification_fee(vk_hash: VkHash, output_values: u32) -> Balance {
		Self::verification_fee(vk_hash, output_values)
	}

	/// See [`Terms::proof_stake_for`].
	fn least_proof_stake(input_values: u32) -> Balance {
		// Saturating: a stake beyond the bound is one that nobody has.
		T::Network::parameters()
			.queue_slot_fee
			.saturating_add(T::OrderFee::convert((input_values, true)))
			.saturating_mul(2)
	}
}
