//! Locks that are holds: what a vote locks, and what has not vested, backs nothing else. But stake: it votes where it is, see
//! [`super::voting_stake`].
//!
//! A lock of balances lies over holds, and a hold takes locked tokens. Our market moves what is held to another
//! account, by a settlement or a slash, whatever lies over it. With balances' locks the same tokens would vote from one
//! account after the other, and unvested ones would be bought free: an operator bonds and insures them, owes a proof to
//! itself, and claims them elsewhere. Here a lock takes tokens that nothing else holds, and nothing else takes them.

use super::origins::pallet_origins::HoldReason;
use crate::{AccountId, Balance, Balances, BlockNumber, RuntimeHoldReason};
use core::marker::PhantomData;
use frame_support::{
	defensive,
	traits::{
		fungible::{self, hold::Mutate as _, InspectHold as _},
		tokens::{DepositConsequence, Fortitude, Preservation, Provenance, WithdrawConsequence},
		BalanceStatus, ConstU32, Currency, ExistenceRequirement, LockIdentifier, LockableCurrency,
		ReservableCurrency, SignedImbalance, WithdrawReasons,
	},
};
use sp_runtime::{DispatchError, DispatchResult};

type Credit = <Balances as Currency<AccountId>>::NegativeImbalance;
type Debt = <Balances as Currency<AccountId>>::PositiveImbalance;

/// A kind of locks.
pub trait Locks {
	/// What they hold tokens for.
	fn reason() -> RuntimeHoldReason;

	/// What the account has elsewhere that such a lock counts, so that it need not hold it, planck: nothing, unless
	/// what is there can go nowhere but to the account itself, or be slashed.
	fn backed(_who: &AccountId) -> Balance {
		0
	}
}

/// Votes, of what is free and of what is staked.
pub struct Voting;
impl Locks for Voting {
	fn reason() -> RuntimeHoldReason {
		HoldReason::Voting.into()
	}

	fn backed(who: &AccountId) -> Balance {
		Balances::balance_on_hold(&pallet_staking::HoldReason::Staking.into(), who)
	}
}

/// Tokens that have not vested.
pub struct Vesting;
impl Locks for Vesting {
	fn reason() -> RuntimeHoldReason {
		HoldReason::Vesting.into()
	}
}

/// Balances whose locks are holds. One lock an account: a pallet has one identifier.
pub struct HeldLocks<Kind>(PhantomData<Kind>);

impl<Kind: Locks> HeldLocks<Kind> {
	/// What the lock holds, planck.
	pub fn held(who: &AccountId) -> Balance {
		Balances::balance_on_hold(&Kind::reason(), who)
	}

	/// What the lock can hold: what it does, and what nothing holds but the existential deposit, planck.
	fn holdable(who: &AccountId) -> Balance {
		let free = <Balances as fungible::Inspect<AccountId>>::reducible_balance(
			who,
			Preservation::Protect,
			Fortitude::Polite,
		);
		// Saturating: both are parts of the issuance.
		Self::held(who).saturating_add(free)
	}

	/// What a lock can have: what it can hold, and what backs it elsewhere, planck.
	fn lockable(who: &AccountId) -> Balance {
		Self::holdable(who).saturating_add(Kind::backed(who))
	}

	/// Locks as much, or what there is, planck.
	pub fn set(who: &AccountId, amount: Balance) {
		let amount = amount.saturating_sub(Kind::backed(who));
		let amount = amount.min(Self::holdable(who));
		if Balances::set_on_hold(&Kind::reason(), who, amount).is_err() {
			defensive!("what can be held was not");
		}
	}
}

impl<Kind: Locks> LockableCurrency<AccountId> for HeldLocks<Kind> {
	type Moment = BlockNumber;
	type MaxLocks = ConstU32<1>;

	fn set_lock(_: LockIdentifier, who: &AccountId, amount: Balance, _: WithdrawReasons) {
		Self::set(who, amount);
	}

	fn extend_lock(_: LockIdentifier, who: &AccountId, amount: Balance, _: WithdrawReasons) {
		let locked = Self::held(who).saturating_add(Kind::backed(who));
		Self::set(who, amount.max(locked));
	}

	fn remove_lock(_: LockIdentifier, who: &AccountId) {
		Self::set(who, 0);
	}
}

impl<Kind: Locks> fungible::Inspect<AccountId> for HeldLocks<Kind> {
	type Balance = Balance;

	fn total_issuance() -> Balance {
		<Balances as fungible::Inspect<AccountId>>::total_issuance()
	}

	fn active_issuance() -> Balance {
		<Balances as fungible::Inspect<AccountId>>::active_issuance()
	}

	fn minimum_balance() -> Balance {
		<Balances as fungible::Inspect<AccountId>>::minimum_balance()
	}

	/// What can vote, or vest: see [`HeldLocks::lockable`].
	fn total_balance(who: &AccountId) -> Balance {
		Self::lockable(who)
	}

	fn balance(who: &AccountId) -> Balance {
		Self::lockable(who)
	}

	fn reducible_balance(who: &AccountId, preservation: Preservation, force: Fortitude) -> Balance {
		<Balances as fungible::Inspect<AccountId>>::reducible_balance(who, preservation, force)
	}

	fn can_deposit(who: &AccountId, amount: Balance, source: Provenance) -> DepositConsequence {
		<Balances as fungible::Inspect<AccountId>>::can_deposit(who, amount, source)
	}

	fn can_withdraw(who: &AccountId, amount: Balance) -> WithdrawConsequence<Balance> {
		<Balances as fungible::Inspect<AccountId>>::can_withdraw(who, amount)
	}
}

/// As balances have it, but for what an account has: that is what can be locked.
impl<Kind: Locks> Currency<AccountId> for HeldLocks<Kind> {
	type Balance = Balance;
	type PositiveImbalance = Debt;
	type NegativeImbalance = Credit;

	fn total_balance(who: &AccountId) -> Balance {
		Self::lockable(who)
	}

	fn free_balance(who: &AccountId) -> Balance {
		Self::lockable(who)
	}

	fn can_slash(who: &AccountId, value: Balance) -> bool {
		<Balances as Currency<AccountId>>::can_slash(who, value)
	}

	fn total_issuance() -> Balance {
		<Balances as Currency<AccountId>>::total_issuance()
	}

	fn active_issuance() -> Balance {
		<Balances as Currency<AccountId>>::active_issuance()
	}

	fn minimum_balance() -> Balance {
		<Balances as Currency<AccountId>>::minimum_balance()
	}

	fn burn(amount: Balance) -> Debt {
		<Balances as Currency<AccountId>>::burn(amount)
	}

	fn issue(amount: Balance) -> Credit {
		<Balances as Currency<AccountId>>::issue(amount)
	}

	fn ensure_can_withdraw(
		who: &AccountId,
		amount: Balance,
		reasons: WithdrawReasons,
		new_balance: Balance,
	) -> DispatchResult {
		<Balances as Currency<AccountId>>::ensure_can_withdraw(who, amount, reasons, new_balance)
	}

	fn transfer(
		source: &AccountId,
		dest: &AccountId,
		value: Balance,
		existence: ExistenceRequirement,
	) -> DispatchResult {
		<Balances as Currency<AccountId>>::transfer(source, dest, value, existence)
	}

	fn slash(who: &AccountId, value: Balance) -> (Credit, Balance) {
		<Balances as Currency<AccountId>>::slash(who, value)
	}

	fn deposit_into_existing(who: &AccountId, value: Balance) -> Result<Debt, DispatchError> {
		<Balances as Currency<AccountId>>::deposit_into_existing(who, value)
	}

	fn deposit_creating(who: &AccountId, value: Balance) -> Debt {
		<Balances as Currency<AccountId>>::deposit_creating(who, value)
	}

	fn withdraw(
		who: &AccountId,
		value: Balance,
		reasons: WithdrawReasons,
		liveness: ExistenceRequirement,
	) -> Result<Credit, DispatchError> {
		<Balances as Currency<AccountId>>::withdraw(who, value, reasons, liveness)
	}

	fn make_free_balance_be(who: &AccountId, balance: Balance) -> SignedImbalance<Balance, Debt> {
		<Balances as Currency<AccountId>>::make_free_balance_be(who, balance)
	}
}

/// Asked for by pallet-conviction-voting, which reserves nothing.
impl<Kind: Locks> ReservableCurrency<AccountId> for HeldLocks<Kind> {
	fn can_reserve(who: &AccountId, value: Balance) -> bool {
		<Balances as ReservableCurrency<AccountId>>::can_reserve(who, value)
	}

	fn slash_reserved(who: &AccountId, value: Balance) -> (Credit, Balance) {
		<Balances as ReservableCurrency<AccountId>>::slash_reserved(who, value)
	}

	fn reserved_balance(who: &AccountId) -> Balance {
		<Balances as ReservableCurrency<AccountId>>::reserved_balance(who)
	}

	fn reserve(who: &AccountId, value: Balance) -> DispatchResult {
		<Balances as ReservableCurrency<AccountId>>::reserve(who, value)
	}

	fn unreserve(who: &AccountId, value: Balance) -> Balance {
		<Balances as ReservableCurrency<AccountId>>::unreserve(who, value)
	}

	fn repatriate_reserved(
		slashed: &AccountId,
		beneficiary: &AccountId,
		value: Balance,
		status: BalanceStatus,
	) -> Result<Balance, DispatchError> {
		<Balances as ReservableCurrency<AccountId>>::repatriate_reserved(
			slashed,
			beneficiary,
			value,
			status,
		)
	}
}
