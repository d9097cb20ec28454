//! `pallet-offences` and `pallet-session::historical`: equivocations of validators are proven by their keys of
//! that time, and slashed by staking.

use crate::{AccountId, Runtime, RuntimeEvent, Staking};
use alloc::vec::Vec;
use frame_support::weights::Weight;
use pallet_session::historical::IdentificationTuple;
use pallet_staking::{ActiveEra, UnappliedSlashes};
use sp_runtime::Perbill;
use sp_staking::{
	offence::{OffenceDetails, OnOffenceHandler},
	SessionIndex,
};

impl pallet_session::historical::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type FullIdentification = ();
	type FullIdentificationOf = pallet_staking::UnitIdentificationOf<Self>;
}

impl pallet_offences::Config for Runtime {
	type RuntimeEvent = RuntimeEvent;
	type IdentificationTuple = pallet_session::historical::IdentificationTuple<Self>;
	type OnOffenceHandler = SlashedHoweverLate;
}

/// Slashes that staking computes, those too that it would never take.
///
/// A slash waits for the era that is `SlashDeferDuration` and one after the offence's, and is taken when that begins.
/// A report is good for two eras more (as long as stake stays bonded): in these the slash would be for an era that has
/// begun already. It is for the next one instead. By then a part of the stake may have left, if its owner took it off
/// at once: whoever reports within `SlashDeferDuration` eras finds all of it.
pub struct SlashedHoweverLate;

impl OnOffenceHandler<AccountId, IdentificationTuple<Runtime>, Weight> for SlashedHoweverLate {
	fn on_offence(
		offenders: &[OffenceDetails<AccountId, IdentificationTuple<Runtime>>],
		slash_fractions: &[Perbill],
		session: SessionIndex,
	) -> Weight {
		let weight =
			<Staking as OnOffenceHandler<_, _, _>>::on_offence(offenders, slash_fractions, session);
		put_off_late_slashes();
		// Nobody reads it: pallet-offences drops it.
		weight
	}
}

/// Puts off slashes of eras that have begun to the next era.
fn put_off_late_slashes() {
	let Some(active) = ActiveEra::<Runtime>::get() else {
		return;
	};
	// A key for each era in which slashes are due: few.
	let eras: Vec<_> = UnappliedSlashes::<Runtime>::iter_keys().collect();
	for era in eras.into_iter().filter(|era| *era <= active.index) {
		let late = UnappliedSlashes::<Runtime>::take(era);
		let next = active.index.saturating_add(1);
		UnappliedSlashes::<Runtime>::mutate(next, |slashes| slashes.extend(late));
	}
}
