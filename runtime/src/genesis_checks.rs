//! What a genesis must have that no pallet of the SDK asks for: with less, nobody is elected, or whoever has a
//! few tokens keeps everybody else from being. A chain cannot leave such a state but by its own governance, and
//! some not even so.

use crate::{
	configs::staking::{MaxValidators, MAX_CANDIDATES},
	Babe, Balance, Runtime,
};
use frame_support::traits::Get;
use inference_primitives::parameters::UNIT;
use pallet_session::{QueuedKeys, Validators};
use pallet_staking::{
	Forcing, MaxValidatorsCount, MinNominatorBond, MinValidatorBond, MinimumValidatorCount,
	ValidatorCount,
};
use sp_consensus_babe::AllowedSlots;

/// Least stake of a validator that a genesis may ask for, planck: whoever pays it [`MAX_CANDIDATES`] times keeps
/// everybody else from standing for election.
pub const LEAST_VALIDATOR_BOND: Balance = 100 * UNIT;
/// Least stake of a nominator that a genesis may ask for, planck: several times what its entries in the state, some
/// 1,500 bytes, cost at production's price of a byte.
pub const LEAST_NOMINATOR_BOND: Balance = UNIT;

/// Checks the state that a genesis has made.
///
/// # Panics
///
/// If a chain that begins with it cannot go on, or can be stopped for little: says by which field, and what to set.
pub fn check() {
	elections_go_on();
	places_are_not_cheap();
	validators_can_make_blocks();
}

/// Elections find neither too many candidates nor too few.
fn elections_go_on() {
	let most = MaxValidatorsCount::<Runtime>::get();
	assert!(
		most.is_some_and(|most| most <= MAX_CANDIDATES),
		"genesis: staking.maxValidatorCount is {most:?}; with more than {MAX_CANDIDATES} candidates every election \
		 fails: set {MAX_CANDIDATES} or less"
	);
	let (places, most) = (ValidatorCount::<Runtime>::get(), MaxValidators::get());
	assert!(
		(1..=most).contains(&places),
		"genesis: staking.validatorCount is {places}; an election has 1 to {most} places: set one of these"
	);
	let candidates = pallet_staking::Validators::<Runtime>::count();
	assert!(
		candidates > 0,
		"genesis: staking.stakers has no validator; nobody could be elected: add who validates at first, with its bond"
	);
	let (least, filled) = (
		MinimumValidatorCount::<Runtime>::get(),
		places.min(candidates),
	);
	assert!(
		least <= filled,
		"genesis: staking.minimumValidatorCount is {least}; the first election finds {filled}, and would fail: set \
		 {filled} or less"
	);
	let forced = pallet_staking::ForceEra::<Runtime>::get();
	assert!(
		forced != Forcing::ForceNone,
		"genesis: staking.forceEra is {forced:?}; no era would ever end: set NotForcing"
	);
}

/// To take all places of candidates, or to fill the list of nominators, costs something.
fn places_are_not_cheap() {
	let bond = MinValidatorBond::<Runtime>::get();
	assert!(
		bond >= LEAST_VALIDATOR_BOND,
		"genesis: staking.minValidatorBond is {bond} planck; whoever takes all places of candidates for that keeps \
		 everybody else out: set {LEAST_VALIDATOR_BOND} or more"
	);
	let bond = MinNominatorBond::<Runtime>::get();
	assert!(
		bond >= LEAST_NOMINATOR_BOND,
		"genesis: staking.minNominatorBond is {bond} planck; nominators take storage for nearly nothing: set \
		 {LEAST_NOMINATOR_BOND} or more"
	);
}

/// Those who are elected have keys, and each block that they make has a VRF output.
fn validators_can_make_blocks() {
	let queued = QueuedKeys::<Runtime>::get();
	for validator in Validators::<Runtime>::get() {
		assert!(
			queued.iter().any(|(owner, _)| *owner == validator),
			"genesis: session.keys has none of {validator:?}, who is elected: add its keys, or take it from \
			 staking.stakers"
		);
	}
	let slots = Babe::epoch_config().map(|config| config.allowed_slots);
	assert!(
		slots == Some(AllowedSlots::PrimaryAndSecondaryVRFSlots),
		"genesis: babe.epochConfig.allowed_slots is {slots:?}; work is assigned by each block's VRF output: set \
		 PrimaryAndSecondaryVRFSlots"
	);
}
