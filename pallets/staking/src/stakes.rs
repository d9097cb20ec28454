//! Bonds, proof stakes and slashes.

use super::*;
use frame_support::{
	ensure,
	pallet_prelude::DispatchResult,
	traits::{
		fungible::hold::Mutate,
		tokens::{Fortitude, Precision, Restriction},
		Defensive,
	},
};
use inference_primitives::{
	node::StakeView,
	traits::{Backing, Stakes},
	ComputeUnits, ProtocolParameters,
};

impl<T: Config> Pallet<T> {
	pub(crate) fn do_bond(operator: &AccountIdOf<T>, amount: Balance) -> DispatchResult {
		let mut ledger = Ledgers::<T>::get(operator).unwrap_or_default();
		let bond = ledger
			.bond
			.checked_add(amount)
			.ok_or(Error::<T>::Overflow)?;
		let min_bond = T::Network::parameters().min_bond;
		ensure!(amount > 0 && bond >= min_bond, Error::<T>::BondTooSmall);
		T::Currency::hold(&HoldReason::Bond.into(), operator, amount)?;
		ledger.bond = bond;
		Ledgers::<T>::insert(operator, ledger);
		Self::deposit_event(Event::Bonded {
			operator: operator.clone(),
			amount,
		});
		Ok(())
	}

	pub(crate) fn do_unbond(operator: &AccountIdOf<T>, amount: Balance) -> DispatchResult {
		let mut ledger = Ledgers::<T>::get(operator).ok_or(Error::<T>::NotBonded)?;
		let parameters = T::Network::parameters();
		// With nothing pledged and locked the least bond may leave too: the operator quits.
		let active = ledger.bond.saturating_sub(ledger.total_unbonding());
		let quits = ledger.pledge == ComputeUnits::ZERO && ledger.proof_stakes == 0;
		let free = if quits {
			active.saturating_sub(ledger.earmarked)
		} else {
			Self::free_of(&ledger, &parameters)
		};
		ensure!(amount > 0 && amount <= free, Error::<T>::StakeInUse);
		let rest = active.saturating_sub(amount);
		ensure!(
			rest == 0 || rest >= parameters.min_bond,
			Error::<T>::BondTooSmall
		);
		let withdrawable_at = T::Network::now().after(parameters.unbonding);
		ledger
			.unbonding
			.try_push(UnbondingChunk {
				amount,
				withdrawable_at,
			})
			.map_err(|_| Error::<T>::TooManyChunks)?;
		Ledgers::<T>::insert(operator, ledger);
		Self::deposit_event(Event::Unbonding {
			operator: operator.clone(),
			amount,
			withdrawable_at,
		});
		Ok(())
	}

	pub(crate) fn do_withdraw(operator: &AccountIdOf<T>) -> DispatchResult {
		let mut ledger = Ledgers::<T>::get(operator).ok_or(Error::<T>::NotBonded)?;
		let now = T::Network::now();
		let before = ledger.total_unbonding();
		let mut may_leave = ledger.bond.saturating_sub(ledger.earmarked);
		ledger.unbonding.retain(|chunk| {
			let leaves = chunk.withdrawable_at <= now && chunk.amount <= may_leave;
			if leaves {
				may_leave = may_leave.saturating_sub(chunk.amount);
			}
			!leaves
		});
		let amount = before.saturating_sub(ledger.total_unbonding());
		ensure!(amount > 0, Error::<T>::NothingToWithdraw);
		ledger.bond = ledger
			.bond
			.checked_sub(amount)
			.ok_or(Error::<T>::Overflow)?;
		T::Currency::release(&HoldReason::Bond.into(), operator, amount, Precision::Exact)?;
		Self::put(operator, ledger);
		Self::deposit_event(Event::Withdrawn {
			operator: operator.clone(),
			amount,
		});
		Ok(())
	}

	/// Stakes of an operator, for the runtime API.
	pub fn stake_view(operator: &AccountIdOf<T>) -> StakeView {
		let ledger = Ledgers::<T>::get(operator).unwrap_or_default();
		let unbonding = ledger.total_unbonding();
		StakeView {
			bonded: ledger.bond.saturating_sub(unbonding),
			proof_stakes: ledger.proof_stakes,
			minimum: Self::minimum_of(ledger.pledge, &T::Network::parameters())
				.unwrap_or(Balance::MAX),
			unbonding,
		}
	}

	/// What must stay bonded for a pledge. `None` on overflow.
	pub(crate) fn minimum_of(
		pledge: ComputeUnits,
		parameters: &ProtocolParameters,
	) -> Option<Balance> {
		Balance::from(pledge.0)
			.checked_mul(parameters.bond_per_cu)
			.map(|minimum| minimum.max(parameters.min_bond))
	}

	/// Bond above the minimum, not unbonding and not earmarked.
	fn free_of(ledger: &Ledger<T::MaxUnbondingChunks>, parameters: &ProtocolParameters) -> Balance {
		// An overflowing minimum leaves nothing free. Saturating: a slash can push the bond below.
		Self::minimum_of(ledger.pledge, parameters).map_or(0, |minimum| {
			ledger
				.bond
				.saturating_sub(ledger.total_unbonding())
				.saturating_sub(ledger.earmarked)
				.saturating_sub(minimum)
		})
	}

	fn put(operator: &AccountIdOf<T>, ledger: Ledger<T::MaxUnbondingChunks>) {
		if ledger.is_empty() {
			Ledgers::<T>::remove(operator);
		} else {
			Ledgers::<T>::insert(operator, ledger);
		}
	}

	/// Takes up to `amount` of an operator's stake and moves it to `to`. The caller bounds it by the part of
	/// the ledger that it takes from.
	fn seize(operator: &AccountIdOf<T>, amount: Balance, to: &AccountIdOf<T>) -> Balance {
		T::Currency::transfer_on_hold(
			&HoldReason::Bond.into(),
			operator,
			to,
			amount,
			Precision::BestEffort,
			Restriction::Free,
			Fortitude::Force,
		)
		// No more than what is held, to an account that exists.
		.defensive_proof("what is held can be moved; qed")
		.unwrap_or(0)
	}

	/// Checks the pallet's invariants:
	/// - each ledger's bond and proof stakes together equal the account's hold for the bond, and an account
	///   without a ledger has no such hold;
	/// - unbonding chunks sum to no more than the bond, and no more of it is earmarked than there is.
	#[cfg(any(feature = "std", feature = "try-runtime"))]
	pub fn do_try_state() -> Result<(), sp_runtime::TryRuntimeError> {
		use frame_support::traits::fungible::hold::Inspect;
		for who in frame_system::Account::<T>::iter_keys() {
			ensure!(
				Ledgers::<T>::contains_key(&who)
					|| T::Currency::balance_on_hold(&HoldReason::Bond.into(), &who) == 0,
				"a bond is held that no ledger knows"
			);
		}
		for (operator, ledger) in Ledgers::<T>::iter() {
			ensure!(
				T::Currency::balance_on_hold(&HoldReason::Bond.into(), &operator)
					== ledger.bond.saturating_add(ledger.proof_stakes),
				"a ledger's bond and proof stakes differ from the hold"
			);
			ensure!(
				ledger.total_unbonding() <= ledger.bond,
				"more unbonds than is bonded"
			);
			ensure!(
				ledger.earmarked <= ledger.bond,
				"more is earmarked than is bonded"
			);
		}
		Ok(())
	}
}

impl<T: Config> Stakes<AccountIdOf<T>> for Pallet<T> {
	fn free_stake(operator: &AccountIdOf<T>) -> Balance {
		Ledgers::<T>::get(operator).map_or(0, |ledger| {
			Self::free_of(&ledger, &T::Network::parameters())
		})
	}

	fn backing(operator: &AccountIdOf<T>, parameters: &ProtocolParameters) -> Backing {
		let Some(ledger) = Ledgers::<T>::get(operator) else {
			return Backing::default();
		};
		// As in `free_of`, with what settled work gives back. Saturating: all of it was one bond.
		let reach = Self::minimum_of(ledger.pledge, parameters).map_or(0, |minimum| {
			ledger
				.bond
				.saturating_add(ledger.proof_stakes)
				.saturating_sub(ledger.total_unbonding())
				.saturating_sub(ledger.earmarked)
				.saturating_sub(minimum)
		});
		Backing {
			free: Self::free_of(&ledger, parameters),
			reach,
			pledge: ledger.pledge,
		}
	}

	fn change_pledge(
		operator: &AccountIdOf<T>,
		(before, after): (ComputeUnits, ComputeUnits),
		parameters: &ProtocolParameters,
	) -> DispatchResult {
		let mut ledger = Ledgers::<T>::get(operator).ok_or(Error::<T>::NotBonded)?;
		let pledge = ledger
			.pledge
			.checked_sub(before)
			.and_then(|others| others.checked_add(after))
			.ok_or(Error::<T>::Overflow)?;
		if pledge > ledger.pledge {
			let minimum = Self::minimum_of(pledge, parameters).ok_or(Error::<T>::Overflow)?;
			let active = ledger
				.bond
				.saturating_sub(ledger.total_unbonding())
				.saturating_sub(ledger.earmarked);
			ensure!(active >= minimum, Error::<T>::PledgeNotCovered);
		}
		ledger.pledge = pledge;
		Self::put(operator, ledger);
		Ok(())
	}

	fn lock(
		operator: &AccountIdOf<T>,
		amount: Balance,
		parameters: &ProtocolParameters,
	) -> DispatchResult {
		let mut ledger = Ledgers::<T>::get(operator).ok_or(Error::<T>::NotBonded)?;
		ensure!(
			amount <= Self::free_of(&ledger, parameters),
			Error::<T>::StakeInUse
		);
		ledger.bond = ledger
			.bond
			.checked_sub(amount)
			.ok_or(Error::<T>::Overflow)?;
		ledger.proof_stakes = ledger
			.proof_stakes
			.checked_add(amount)
			.ok_or(Error::<T>::Overflow)?;
		Self::put(operator, ledger);
		Ok(())
	}

	fn unlock(operator: &AccountIdOf<T>, amount: Balance) -> DispatchResult {
		let mut ledger = Ledgers::<T>::get(operator).ok_or(Error::<T>::NotBonded)?;
		ledger.proof_stakes = ledger
			.proof_stakes
			.checked_sub(amount)
			.ok_or(Error::<T>::StakeInUse)?;
		ledger.bond = ledger
			.bond
			.checked_add(amount)
			.ok_or(Error::<T>::Overflow)?;
		Self::put(operator, ledger);
		Ok(())
	}

	fn earmark(operator: &AccountIdOf<T>, amount: Balance) -> Balance {
		Ledgers::<T>::mutate(operator, |stored| {
			stored.as_mut().map_or(0, |ledger| {
				let amount = amount.min(ledger.bond.saturating_sub(ledger.earmarked));
				// Saturating: no more than the bond is earmarked.
				ledger.earmarked = ledger.earmarked.saturating_add(amount);
				amount
			})
		})
	}

	fn drop_earmark(operator: &AccountIdOf<T>, amount: Balance) {
		Ledgers::<T>::mutate(operator, |stored| {
			if let Some(ledger) = stored {
				// Saturating: the caller frees what it earmarked.
				ledger.earmarked = ledger.earmarked.saturating_sub(amount);
			}
		});
	}

	fn earmarked(operator: &AccountIdOf<T>) -> Balance {
		Ledgers::<T>::get(operator).map_or(0, |ledger| ledger.earmarked)
	}

	fn all_earmarked() -> Balance {
		// Saturating: parts of bonds, which are parts of the issuance.
		Ledgers::<T>::iter_values().fold(0, |sum: Balance, ledger| {
			sum.saturating_add(ledger.earmarked)
		})
	}

	fn slash_bond(operator: &AccountIdOf<T>, amount: Balance, to: &AccountIdOf<T>) -> Balance {
		let Some(mut ledger) = Ledgers::<T>::get(operator) else {
			return 0;
		};
		let within = amount.min(ledger.bond.saturating_sub(ledger.earmarked));
		let amount = Self::seize(operator, within, to);
		// Saturating: `seize` took at most the bond.
		ledger.bond = ledger.bond.saturating_sub(amount);
		// Active stake pays first; what it cannot cover comes from the oldest chunks.
		let mut excess = ledger.total_unbonding().saturating_sub(ledger.bond);
		for chunk in ledger.unbonding.iter_mut() {
			let cut = chunk.amount.min(excess);
			chunk.amount = chunk.amount.saturating_sub(cut);
			excess = excess.saturating_sub(cut);
		}
		ledger.unbonding.retain(|chunk| chunk.amount > 0);
		Self::put(operator, ledger);
		Self::deposit_event(Event::BondSlashed {
			operator: operator.clone(),
			amount,
		});
		amount
	}

	fn slash_locked(operator: &AccountIdOf<T>, amount: Balance, to: &AccountIdOf<T>) -> Balance {
		let Some(mut ledger) = Ledgers::<T>::get(operator) else {
			return 0;
		};
		let amount = Self::seize(operator, amount.min(ledger.proof_stakes), to);
		// Saturating: `seize` took at most the proof stakes.
		ledger.proof_stakes = ledger.proof_stakes.saturating_sub(amount);
		Self::put(operator, ledger);
		Self::deposit_event(Event::ProofStakeSlashed {
			operator: operator.clone(),
			amount,
		});
		amount
	}
}
