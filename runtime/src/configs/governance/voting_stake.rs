//! Stake that votes: balances as `pallet-staking` sees them.
//!
//! What is staked counts for its owner's votes where it is ([`super::held_locks::Voting`]): it leaves the account by a slash
//! only, so that it cannot vote from another. When it is staked no longer while a vote locks it, it is held for the vote
//! instead; and what a vote holds can be staked. A bond or an escrow of the market's goes to other accounts by a
//! settlement: those do not vote.

use super::held_locks::{HeldLocks, Voting};
use crate::{AccountId, Balance, Balances, Runtime, RuntimeHoldReason};
use frame_support::{
	storage::with_storage_layer,
	traits::{
		fungible::{
			hold::{self, DoneSlash},
			Balanced, Dust, Inspect, InspectHold, Mutate, MutateHold, Unbalanced, UnbalancedHold,
		},
		tokens::{
			DepositConsequence, Fortitude, Precision, Preservation, Provenance, WithdrawConsequence,
		},
	},
};
use sp_runtime::{DispatchError, DispatchResult};

/// Balances, but that each hold and release renews what the account's votes hold. A slash does not: who loses stake is
/// not made to lock other tokens for votes that it had.
pub struct VotingStake;

/// Holds for the account's votes what they lock and stake does not back: one read of an item of at most a few locks, and
/// for who votes a release and a hold, more than pallet-staking's weights have.
fn renew(who: &AccountId) {
	let locks = pallet_conviction_voting::ClassLocksFor::<Runtime>::get(who);
	let locked = locks.iter().map(|(_, amount)| *amount).max();
	HeldLocks::<Voting>::set(who, locked.unwrap_or_default());
}

impl Inspect<AccountId> for VotingStake {
	type Balance = Balance;

	fn total_issuance() -> Balance {
		<Balances as Inspect<AccountId>>::total_issuance()
	}

	fn active_issuance() -> Balance {
		<Balances as Inspect<AccountId>>::active_issuance()
	}

	fn minimum_balance() -> Balance {
		<Balances as Inspect<AccountId>>::minimum_balance()
	}

	fn total_balance(who: &AccountId) -> Balance {
		<Balances as Inspect<AccountId>>::total_balance(who)
	}

	fn balance(who: &AccountId) -> Balance {
		<Balances as Inspect<AccountId>>::balance(who)
	}

	/// By force, also what votes hold: it can be staked.
	fn reducible_balance(who: &AccountId, preservation: Preservation, force: Fortitude) -> Balance {
		let reducible =
			<Balances as Inspect<AccountId>>::reducible_balance(who, preservation, force);
		match force {
			Fortitude::Polite => reducible,
			// Saturating: both are parts of the issuance.
			Fortitude::Force => reducible.saturating_add(HeldLocks::<Voting>::held(who)),
		}
	}

	fn can_deposit(who: &AccountId, amount: Balance, provenance: Provenance) -> DepositConsequence {
		<Balances as Inspect<AccountId>>::can_deposit(who, amount, provenance)
	}

	fn can_withdraw(who: &AccountId, amount: Balance) -> WithdrawConsequence<Balance> {
		<Balances as Inspect<AccountId>>::can_withdraw(who, amount)
	}
}

impl Unbalanced<AccountId> for VotingStake {
	fn handle_dust(dust: Dust<AccountId, Self>) {
		<Balances as Unbalanced<AccountId>>::handle_raw_dust(dust.0);
	}

	fn write_balance(who: &AccountId, amount: Balance) -> Result<Option<Balance>, DispatchError> {
		<Balances as Unbalanced<AccountId>>::write_balance(who, amount)
	}

	fn set_total_issuance(amount: Balance) {
		<Balances as Unbalanced<AccountId>>::set_total_issuance(amount);
	}

	fn deactivate(amount: Balance) {
		<Balances as Unbalanced<AccountId>>::deactivate(amount);
	}

	fn reactivate(amount: Balance) {
		<Balances as Unbalanced<AccountId>>::reactivate(amount);
	}
}

impl Mutate<AccountId> for VotingStake {
	fn done_mint_into(who: &AccountId, amount: Balance) {
		<Balances as Mutate<AccountId>>::done_mint_into(who, amount);
	}

	fn done_burn_from(who: &AccountId, amount: Balance) {
		<Balances as Mutate<AccountId>>::done_burn_from(who, amount);
	}

	fn done_transfer(source: &AccountId, dest: &AccountId, amount: Balance) {
		<Balances as Mutate<AccountId>>::done_transfer(source, dest, amount);
	}
}

impl Balanced<AccountId> for VotingStake {
	type OnDropCredit = <Balances as Balanced<AccountId>>::OnDropCredit;
	type OnDropDebt = <Balances as Balanced<AccountId>>::OnDropDebt;

	fn done_deposit(who: &AccountId, amount: Balance) {
		<Balances as Balanced<AccountId>>::done_deposit(who, amount);
	}

	fn done_withdraw(who: &AccountId, amount: Balance) {
		<Balances as Balanced<AccountId>>::done_withdraw(who, amount);
	}

	fn done_issue(amount: Balance) {
		<Balances as Balanced<AccountId>>::done_issue(amount);
	}

	fn done_rescind(amount: Balance) {
		<Balances as Balanced<AccountId>>::done_rescind(amount);
	}
}

impl InspectHold<AccountId> for VotingStake {
	type Reason = RuntimeHoldReason;

	fn total_balance_on_hold(who: &AccountId) -> Balance {
		Balances::total_balance_on_hold(who)
	}

	fn reducible_total_balance_on_hold(who: &AccountId, force: Fortitude) -> Balance {
		Balances::reducible_total_balance_on_hold(who, force)
	}

	fn balance_on_hold(reason: &RuntimeHoldReason, who: &AccountId) -> Balance {
		Balances::balance_on_hold(reason, who)
	}

	fn hold_available(reason: &RuntimeHoldReason, who: &AccountId) -> bool {
		Balances::hold_available(reason, who)
	}
}

impl UnbalancedHold<AccountId> for VotingStake {
	fn set_balance_on_hold(
		reason: &RuntimeHoldReason,
		who: &AccountId,
		amount: Balance,
	) -> DispatchResult {
		Balances::set_balance_on_hold(reason, who, amount)
	}
}

impl MutateHold<AccountId> for VotingStake {
	fn hold(reason: &RuntimeHoldReason, who: &AccountId, amount: Balance) -> DispatchResult {
		with_storage_layer(|| {
			if HeldLocks::<Voting>::held(who) > 0 {
				HeldLocks::<Voting>::set(who, 0);
			}
			Balances::hold(reason, who, amount)?;
			renew(who);
			Ok(())
		})
	}

	fn release(
		reason: &RuntimeHoldReason,
		who: &AccountId,
		amount: Balance,
		precision: Precision,
	) -> Result<Balance, DispatchError> {
		let released = Balances::release(reason, who, amount, precision)?;
		renew(who);
		Ok(released)
	}

	fn done_burn_held(reason: &RuntimeHoldReason, who: &AccountId, amount: Balance) {
		Balances::done_burn_held(reason, who, amount);
	}
}

impl hold::Balanced<AccountId> for VotingStake {}

impl DoneSlash<RuntimeHoldReason, AccountId, Balance> for VotingStake {
	fn done_slash(reason: &RuntimeHoldReason, who: &AccountId, amount: Balance) {
		<Balances as DoneSlash<RuntimeHoldReason, AccountId, Balance>>::done_slash(
			reason, who, amount,
		);
	}
}
