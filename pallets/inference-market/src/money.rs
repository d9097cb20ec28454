//! Escrow, credits and settlement (docs/DESIGN.md, rule 1; docs/PROTOCOL.md, principles 6 and 7).

use super::*;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{
		fungible::{hold::Mutate as HoldMutate, Mutate},
		tokens::{Fortitude, Precision, Preservation, Restriction},
		Defensive, DefensiveOption, Get,
	},
};
use inference_primitives::{parameters::permille_of, PriceMultiplier};
use sp_runtime::traits::AccountIdConversion;

impl<T: Config> Pallet<T> {
	/// The account that holds credits.
	pub fn account_id() -> AccountIdOf<T> {
		T::PalletId::get().into_account_truncating()
	}

	/// Pays the queue slot. It is kept when the workload is settled or cancelled, or expires
	/// because of its own terms, and returned when the network failed it.
	pub(crate) fn pay_slot(workload: &mut WorkloadOf<T>) -> Balance {
		let slot_fee = workload.terms.slot_fee;
		let paid = Self::credit_from_escrow(workload, &T::Treasury::get(), slot_fee);
		workload.settlement.treasury = workload.settlement.treasury.saturating_add(paid);
		paid
	}

	/// Releases `amount` of the escrow to the user.
	pub(crate) fn refund(workload: &mut WorkloadOf<T>, amount: Balance) {
		let released = T::Currency::release(
			&HoldReason::Escrow.into(),
			&workload.submitter,
			amount,
			Precision::BestEffort,
		)
		.defensive_proof("the escrow is held; qed")
		.unwrap_or(0);
		// Saturating: no more than what is held is released.
		workload.held = workload.held.saturating_sub(released);
		workload.settlement.refunded = workload.settlement.refunded.saturating_add(released);
	}

	/// Moves `amount` of the escrow to the pallet's account and credits it. Returns what was moved.
	pub(crate) fn credit_from_escrow(
		workload: &mut WorkloadOf<T>,
		to: &AccountIdOf<T>,
		amount: Balance,
	) -> Balance {
		let moved = T::Currency::transfer_on_hold(
			&HoldReason::Escrow.into(),
			&workload.submitter,
			&Self::account_id(),
			amount.min(workload.held),
			Precision::BestEffort,
			Restriction::Free,
			Fortitude::Force,
		)
		.defensive_proof("the escrow is held; qed")
		.unwrap_or(0);
		workload.held = workload.held.saturating_sub(moved);
		Self::credit(to, moved);
		moved
	}

	/// Credits money that already is in the pallet's account.
	pub(crate) fn credit(to: &AccountIdOf<T>, amount: Balance) {
		if amount > 0 {
			// Saturating: bounded by the total issuance.
			Credits::<T>::mutate(to, |credit| *credit = credit.saturating_add(amount));
		}
	}

	/// Pays everybody for a proven workload, frees what it reserved and ends it.
	///
	/// The operator gets the floor price of the compute units times what its node asks, and the creator
	/// the royalty, both less the treasury's share, rounded down; the operator also gets the risk fee. The
	/// rest of the price is the treasury's, the verification fee with it, and the queue-slot fee. What the
	/// maximum price is above the price, and the decline fee, go back to the user.
	pub(crate) fn settle(
		id: WorkloadId,
		mut workload: WorkloadOf<T>,
		assigned: Assigned<AccountIdOf<T>>,
	) -> DispatchResult {
		let terms = workload.terms;
		let creator = T::Models::model(workload.statement.model)
			.defensive_ok_or(Error::<T>::UnknownModel)?
			.creator;
		let split =
			split_price(assigned.price, &terms, assigned.multiplier).ok_or(Error::<T>::Overflow)?;
		T::Stakes::unlock(&assigned.operator, assigned.proof_stake)?;
		T::NodePool::settle(assigned.node, terms.compute_units);
		Self::count_use(terms.compute_units);
		let worker_due = split
			.worker
			.checked_add(terms.risk_fee)
			.ok_or(Error::<T>::Overflow)?;
		let worker_credit = Self::credit_from_escrow(&mut workload, &assigned.operator, worker_due);
		let creator_credit = Self::credit_from_escrow(&mut workload, &creator, split.creator);
		let treasury_credit =
			Self::credit_from_escrow(&mut workload, &T::Treasury::get(), split.treasury);
		workload.settlement.worker = workload.settlement.worker.saturating_add(worker_credit);
		workload.settlement.creator = workload.settlement.creator.saturating_add(creator_credit);
		workload.settlement.treasury = workload.settlement.treasury.saturating_add(treasury_credit);
		// Who was failed once gets the queue slot for nothing.
		let slot_credit = if workload.failed_operators.is_empty() {
			Self::pay_slot(&mut workload)
		} else {
			0
		};
		// Saturating: parts of one escrow.
		let treasury_credit = treasury_credit.saturating_add(slot_credit);
		Deadlines::<T>::remove(workload.deadline, id);
		Inbox::<T>::remove(assigned.node, InboxKey::new(workload.deadline, id));
		Self::end(id, workload, WorkloadState::Settled);
		Self::deposit_event(Event::WorkloadSettled {
			workload: id,
			worker_credit,
			creator_credit,
			treasury_credit,
		});
		Ok(())
	}

	/// Credits a slash that lies in the pallet's account: `compensation` at most to the user, the
	/// rest to the treasury. Returns the user's part.
	pub(crate) fn credit_slash(
		user: &AccountIdOf<T>,
		slashed: Balance,
		compensation: Balance,
	) -> Balance {
		let to_user = compensation.min(slashed);
		Self::credit(user, to_user);
		// Saturating: `to_user` is at most `slashed`.
		Self::credit(&T::Treasury::get(), slashed.saturating_sub(to_user));
		to_user
	}

	/// Credits a slash and books it in the workload's account. Returns the user's part.
	pub(crate) fn share_slash(
		workload: &mut WorkloadOf<T>,
		slashed: Balance,
		compensation: Balance,
	) -> Balance {
		let to_user = Self::credit_slash(&workload.submitter, slashed, compensation);
		// Saturating: `to_user` is at most `slashed`.
		let to_treasury = slashed.saturating_sub(to_user);
		let account = &mut workload.settlement;
		account.slashed = account.slashed.saturating_add(slashed);
		account.compensation = account.compensation.saturating_add(to_user);
		account.slashed_to_treasury = account.slashed_to_treasury.saturating_add(to_treasury);
		to_user
	}

	pub(crate) fn do_claim(account: AccountIdOf<T>) -> DispatchResult {
		let amount = Credits::<T>::take(&account);
		ensure!(amount > 0, Error::<T>::NothingToClaim);
		T::Currency::transfer(
			&Self::account_id(),
			&account,
			amount,
			Preservation::Preserve,
		)?;
		Self::deposit_event(Event::CreditClaimed { account, amount });
		Ok(())
	}
}

/// Parts of a price, planck.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct PriceSplit {
	pub worker: Balance,
	pub creator: Balance,
	pub treasury: Balance,
}

/// Splits a price; the parts sum to it exactly. `None` on overflow.
///
/// The verification fee comes first: whatever a model's creator and operator agree on, what the
/// chain does for them is paid to somebody else. The operator's part is by what its own node asks of the
/// floor price; what the base price is above that is the treasury's, too.
pub(crate) fn split_price(
	price: Balance,
	terms: &Terms,
	multiplier: PriceMultiplier,
) -> Option<PriceSplit> {
	let kept = 1_000u16.checked_sub(terms.treasury_share)?;
	let floor = Balance::from(terms.compute_units.0).checked_mul(terms.price_floor)?;
	let floor = multiplier.earn(floor)?;
	let shared = price.saturating_sub(terms.verification_fee);
	let royalty = terms.royalty.min(shared);
	let work = floor.min(shared.checked_sub(royalty)?);
	let worker = permille_of(work, kept)?;
	let creator = permille_of(royalty, kept)?;
	let treasury = price.checked_sub(worker)?.checked_sub(creator)?;
	Some(PriceSplit {
		worker,
		creator,
		treasury,
	})
}
