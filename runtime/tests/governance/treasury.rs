//! What comes into the treasury, and how it is spent.

use super::network::*;
use crate::{
	configs::{
		governance::origins::{pallet_origins::Origin, BIG_SPEND, SMALL_SPEND},
		inference_market,
	},
	AccountId, Balance, Balances, InferenceMarket, Runtime, RuntimeCall, Treasury,
};
use frame_support::traits::{Currency, Get, OnUnbalanced};
use sp_keyring::Sr25519Keyring::*;
use sp_runtime::{traits::TypedGet, DispatchError};

type TreasuryCall = pallet_treasury::Call<Runtime>;
type TreasuryError = pallet_treasury::Error<Runtime>;

/// Who is paid; it has nothing yet.
fn beneficiary() -> AccountId {
	One.to_account_id()
}

fn spend(amount: Balance) -> RuntimeCall {
	TreasuryCall::spend {
		asset_kind: Box::new(()),
		amount,
		beneficiary: Box::new(beneficiary()),
		valid_from: None,
	}
	.into()
}

/// Puts tokens into the treasury: a slash of so much.
fn fill(amount: Balance) {
	Treasury::on_unbalanced(<Balances as Currency<AccountId>>::issue(amount));
}

#[test]
fn what_the_chain_takes_is_what_governance_spends() {
	on_a_network(|mut network| {
		let account = Treasury::account_id();
		assert_eq!(
			<inference_market::Treasury as Get<AccountId>>::get(),
			account
		);
		assert_eq!(
			<pallet_treasury::TreasuryAccountId<Runtime> as TypedGet>::get(),
			account
		);
		// The genesis made it: no fee is too small for it.
		assert_eq!(Balances::free_balance(&account), crate::EXISTENTIAL_DEPOSIT);
		// Fees and slashes of workloads wait at the market for whoever claims them for it.
		let fee = UNIT / 1_000_000;
		let _ = Balances::deposit_creating(&InferenceMarket::account_id(), fee);
		pallet_inference_market::Credits::<Runtime>::insert(&account, fee);
		let claim = pallet_inference_market::Call::<Runtime>::claim { account };
		assert_eq!(network.send(Eve, claim), Ok(()));
		assert_eq!(Treasury::pot(), fee);
	});
}

#[test]
fn a_small_referendum_spends_little_and_anyone_pays_it_out() {
	on_a_network(|mut network| {
		fill(3 * SMALL_SPEND);
		assert_eq!(
			network.decide(Origin::SmallSpender, spend(SMALL_SPEND)),
			Ok(())
		);
		assert_eq!(Balances::free_balance(beneficiary()), 0);
		let payout = || TreasuryCall::payout { index: 0 };
		assert_eq!(network.send(Dave, payout()), Ok(()));
		assert_eq!(Balances::free_balance(beneficiary()), SMALL_SPEND);
		assert_eq!(Treasury::pot(), 2 * SMALL_SPEND);
		// Once.
		assert_eq!(
			network.send(Dave, payout()),
			Err(TreasuryError::AlreadyAttempted.into())
		);
		let check = TreasuryCall::check_status { index: 0 };
		assert_eq!(network.send(Dave, check), Ok(()));
		assert_eq!(
			network.send(Dave, payout()),
			Err(TreasuryError::InvalidIndex.into())
		);
	});
}

#[test]
fn each_track_spends_up_to_its_limit() {
	on_a_network(|mut network| {
		fill(2 * BIG_SPEND);
		let too_much = Err(TreasuryError::InsufficientPermission.into());
		let attempt = |origin: Origin, amount| attempt(origin.into(), spend(amount));
		assert_eq!(attempt(Origin::SmallSpender, SMALL_SPEND), Ok(()));
		assert_eq!(attempt(Origin::SmallSpender, SMALL_SPEND + 1), too_much);
		assert_eq!(attempt(Origin::BigSpender, BIG_SPEND), Ok(()));
		assert_eq!(attempt(Origin::BigSpender, BIG_SPEND + 1), too_much);
		// Nor in parts.
		let batch = crate::UtilityCall::<Runtime>::batch_all {
			calls: vec![spend(SMALL_SPEND), spend(1)],
		};
		assert_eq!(network.decide(Origin::SmallSpender, batch), too_much);
		assert_eq!(pallet_treasury::SpendCount::<Runtime>::get(), 0);
		assert_eq!(network.decide(root(), spend(BIG_SPEND + 1)), Ok(()));
	});
}

#[test]
fn what_is_not_there_is_paid_when_it_is() {
	on_a_network(|mut network| {
		assert_eq!(
			network.decide(Origin::SmallSpender, spend(100 * UNIT)),
			Ok(())
		);
		let payout = || TreasuryCall::payout { index: 0 };
		assert_eq!(
			network.send(Dave, payout()),
			Err(TreasuryError::PayoutError.into())
		);
		fill(100 * UNIT);
		assert_eq!(network.send(Dave, payout()), Ok(()));
		assert_eq!(Balances::free_balance(beneficiary()), 100 * UNIT);
	});
}

#[test]
fn root_voids_a_spend_that_is_not_paid() {
	on_a_network(|mut network| {
		fill(100 * UNIT);
		assert_eq!(network.decide(Origin::SmallSpender, spend(UNIT)), Ok(()));
		let void = || TreasuryCall::void_spend { index: 0 };
		assert_eq!(network.send(Eve, void()), Err(DispatchError::BadOrigin));
		assert_eq!(network.decide(root(), void()), Ok(()));
		assert_eq!(
			network.send(Dave, TreasuryCall::payout { index: 0 }),
			Err(TreasuryError::InvalidIndex.into())
		);
	});
}

#[test]
fn the_treasury_has_no_vote_and_counts_for_none() {
	on_a_network(|mut network| {
		let turnout = || -> Balance {
			<<Runtime as pallet_conviction_voting::Config>::MaxTurnout as Get<Balance>>::get()
		};
		let before = turnout();
		fill(1_000_000 * UNIT);
		network.pass(2);
		// More tokens, of which none can vote.
		assert_eq!(turnout(), before);
		assert_eq!(Balances::total_issuance() - turnout(), Treasury::pot());
	});
}
